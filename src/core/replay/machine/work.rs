//! Runs a segment, and passes on what it makes.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use super::{Follow, Machine};
use crate::core::clock::LogicalClock;
use crate::core::frames::Frames;
use crate::core::numbers::{SequenceNumber, WorkerIndex};
use crate::core::replay::crew::{Place, Stage};
use crate::core::replay::error::ReplayError;
use crate::core::replay::schedule::{Begun, Entry, Ran, StageIndex};
use crate::core::replay::watch::Watch;
use crate::core::steps::batch::{Payload, RoutedBatch};
use crate::core::steps::context::{Context, Report};
use crate::core::steps::{PIECE, Progress};

impl Machine {
    pub(super) fn stage(&mut self, at: Place) -> Result<&mut Stage, ReplayError> {
        let worker = self.workers.get_mut(at.worker);
        let stage = worker.and_then(|worker| worker.stages.get_mut(at.stage.0));
        stage.ok_or(ReplayError::NoStage { stage: at.stage.0 })
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
            let inbox = self.stage(at)?.inbox.get_mut(from.0);
            let Some(batch) = inbox.and_then(VecDeque::pop_front) else { return Ok(None) };
            if batch.frames.numbers().0 == first {
                return Ok(Some(batch));
            }
            if follow == Follow::Exactly {
                return Err(ReplayError::OtherBatch { stage: at.stage.0 });
            }
            self.process(at, from, batch, watch)?;
        }
    }

    /// Processes a batch that a worker has sent.
    pub(super) fn process(
        &mut self,
        at: Place,
        from: WorkerIndex,
        RoutedBatch { frames, payload, .. }: RoutedBatch,
        watch: &mut impl Watch,
    ) -> Result<(), ReplayError> {
        let begun = Begun::Routed { from, first: frames.numbers().0 };
        self.begin(at, frames, payload)?;
        self.work(at, begun, None, watch)
    }

    pub(super) fn begin(
        &mut self,
        at: Place,
        frames: Arc<Frames>,
        payload: Payload,
    ) -> Result<(), ReplayError> {
        self.clock.set_at_least(frames.read_at());
        let Self { workers, clock, report, .. } = self;
        let stage = workers.get_mut(at.worker).and_then(|worker| worker.stages.get_mut(at.stage.0));
        let Some(stage) = stage else { return Err(ReplayError::NoStage { stage: at.stage.0 }) };
        let mut context = context(at, clock, report);
        stage.segment.begin(&frames, payload, &mut context);
        stage.batch = Some(frames);
        Ok(())
    }

    /// Works off so many pieces of the batch in progress, or all of it. `begun` is how.
    pub(super) fn work(
        &mut self,
        at: Place,
        begun: Begun,
        pieces: Option<u32>,
        watch: &mut impl Watch,
    ) -> Result<(), ReplayError> {
        let Self { workers, clock, report, produced, .. } = self;
        let stage = workers.get_mut(at.worker).and_then(|worker| worker.stages.get_mut(at.stage.0));
        let Some(stage) = stage else { return Err(ReplayError::NoStage { stage: at.stage.0 }) };
        let Some(frames) = stage.batch.take() else { return Ok(()) };
        let mut context = context(at, clock, report);
        let mut worked = 0;
        let ran = loop {
            if pieces == Some(worked) {
                stage.batch = Some(frames);
                break Ran::Pieces(worked);
            }
            worked += 1;
            if stage.segment.next(&frames, &mut context, produced) == Progress::Done {
                stage.segment.finish(&frames, &mut context, produced);
                break Ran::Done;
            }
        };
        watch.did(WorkerIndex(at.worker), &Entry::Run { stage: at.stage, begun, ran });
        self.deliver(at, watch)
    }

    /// Passes on what a run has made.
    fn deliver(&mut self, at: Place, watch: &mut impl Watch) -> Result<(), ReplayError> {
        if mem::take(&mut self.report.unreadable) {
            return Err(ReplayError::Unreadable { stage: at.stage.0 });
        }
        self.report.traces.clear();
        self.report.dead_letters.drain(..).for_each(|letter| watch.dead_letter(letter));
        let worker = WorkerIndex(at.worker);
        self.produced.outputs.drain(..).for_each(|output| watch.output(worker, output));
        let is_last = self.stages.get(at.stage.0).is_none_or(|place| place.is_last);
        let behind = StageIndex(at.stage.0 + 1);
        let routed = mem::take(&mut self.produced.routed);
        debug_assert!(!is_last || routed.is_empty(), "nothing is behind the last segment");
        for batch in routed {
            let to = Place { worker: batch.worker.0, stage: behind };
            let inbox = self.stage(to)?.inbox.get_mut(at.worker);
            debug_assert!(inbox.is_some(), "there is an inbox for each worker");
            if let Some(inbox) = inbox {
                inbox.push_back(batch);
            }
        }
        Ok(())
    }

    /// Processes all that is left, in the order of the stages.
    pub(super) fn drain(&mut self, watch: &mut impl Watch) -> Result<(), ReplayError> {
        for stage in (0..self.stages.len()).map(StageIndex) {
            for worker in 0..self.workers.len() {
                let at = Place { worker, stage };
                self.work(at, Begun::Continued, None, watch)?;
                while let Some((from, batch)) = self.stage(at)?.oldest() {
                    self.process(at, from, batch, watch)?;
                }
            }
        }
        Ok(())
    }
}

fn context<'a>(at: Place, clock: &'a LogicalClock, report: &'a mut Report) -> Context<'a> {
    Context { worker: WorkerIndex(at.worker), clock, piece: PIECE, report }
}
