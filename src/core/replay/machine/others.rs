//! Batches that are sent in a replay though none was when it was recorded.

use std::collections::VecDeque;

use super::{Machine, Watch};
use crate::core::numbers::{SequenceNumber, WorkerIndex};
use crate::core::replay::crew::Place;
use crate::core::replay::error::ReplayError;
use crate::core::replay::schedule::Begun;

impl Machine {
    /// Processes what waits at a stage, was not sent when it was recorded, and is older than these frames. What its sender
    /// sent before it goes first.
    pub(super) fn take_others(
        &mut self,
        at: Place,
        before: SequenceNumber,
        watch: &mut impl Watch,
    ) -> Result<(), ReplayError> {
        if !self.keeps_order(at.stage) {
            return Ok(());
        }
        while let Some(from) = self.sender_of_others(at, before) {
            self.work(at, Begun::Continued, None, watch)?;
            let batch = self.stage(at)?.inbox.get_mut(from).and_then(VecDeque::pop_front);
            let Some(batch) = batch else { return Ok(()) };
            self.process(at, WorkerIndex(from), batch, watch)?;
        }
        Ok(())
    }

    /// The sender of such batches whose oldest one is the oldest.
    fn sender_of_others(&self, at: Place, before: SequenceNumber) -> Option<usize> {
        let stage = self.workers.get(at.worker)?.stages.get(at.stage.0)?;
        let senders = stage.inbox.iter().enumerate().filter(|(from, inbox)| {
            inbox.iter().any(|batch| {
                let first = batch.frames.numbers().0;
                let name = (at.worker, at.stage, WorkerIndex(*from), first);
                first < before && !self.expected.has(&name)
            })
        });
        let oldest =
            senders.filter_map(|(from, inbox)| Some((inbox.front()?.frames.numbers().0, from)));
        oldest.min().map(|(_, from)| from)
    }
}
