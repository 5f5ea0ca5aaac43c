//! Batches that are sent in a replay though none was when it was recorded.

use std::collections::VecDeque;

use super::{Follow, Machine, Watch};
use crate::core::numbers::{SequenceNumber, WorkerIndex};
use crate::core::replay::crew::Place;
use crate::core::replay::error::ReplayError;
use crate::core::replay::schedule::Begun;
use crate::core::steps::batch::RoutedBatch;

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
            self.workers.work(at, Begun::Continued, None, watch)?;
            let batch = self.workers.stage(at)?.inbox.get_mut(from).and_then(VecDeque::pop_front);
            let Some(batch) = batch else { return Ok(()) };
            self.workers.process(at, WorkerIndex(from), batch, watch)?;
        }
        Ok(())
    }

    /// Takes the next batch that a worker has sent of the frames with this first number. If there are others before it, they
    /// were not sent when it was recorded: they are processed first.
    pub(super) fn routed(
        &mut self,
        at: Place,
        from: WorkerIndex,
        first: SequenceNumber,
        follow: Follow,
        watch: &mut impl Watch,
    ) -> Result<Option<RoutedBatch>, ReplayError> {
        loop {
            let inbox = self.workers.stage(at)?.inbox.get_mut(from.0);
            let Some(batch) = inbox.and_then(VecDeque::pop_front) else { return Ok(None) };
            if batch.frames.numbers().0 == first {
                return Ok(Some(batch));
            }
            if follow == Follow::Exactly {
                return Err(ReplayError::OtherBatch { stage: at.stage.0 });
            }
            self.workers.process(at, from, batch, watch)?;
        }
    }

    /// The sender of such batches whose oldest one is the oldest.
    fn sender_of_others(&self, at: Place, before: SequenceNumber) -> Option<usize> {
        let stage = self.workers.all.get(at.worker)?.stages.get(at.stage.0)?;
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
