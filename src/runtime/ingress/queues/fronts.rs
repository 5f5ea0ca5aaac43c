//! The messages at the fronts of a pipeline's queues.

use std::sync::Arc;

use super::Queues;
use crate::core::frames::Frames;
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::SequenceNumber;

impl Queues {
    /// How many queues there are.
    pub fn count(&self) -> usize {
        self.per_worker.read().of_workers.len()
    }

    /// A copy of the message at the front of a queue, if it may need a pass.
    pub fn copy_of_front(&self, queue: usize) -> Option<Frames> {
        self.per_worker.read().of_workers.get(queue)?.copy_of_front()
    }

    /// Takes a message away that is at the front of one of the queues: see there.
    pub fn take_away(&self, number: SequenceNumber, mut tell: impl FnMut(&Frames)) -> bool {
        let per_worker = self.per_worker.read();
        let mut queues = per_worker.of_workers.iter();
        queues.any(|queue| queue.take_away(number, &mut tell))
    }

    /// Puts another frame in the place of such a message: see there.
    pub fn exchange_front(
        &self,
        number: SequenceNumber,
        with: (&Arc<str>, &Pieces),
        mut tell: impl FnMut(&Frames),
    ) -> bool {
        let per_worker = self.per_worker.read();
        let mut queues = per_worker.of_workers.iter();
        queues.any(|queue| queue.exchange_front(number, with, &mut tell))
    }
}
