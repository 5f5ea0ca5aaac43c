//! Workers on one thread: their segments run what they are given, and what one of them sends waits until it is taken.
//!
//! Whoever has them says in which order that happens: a schedule that was recorded, or, if everything that comes of
//! frames is processed before the next, the order of the steps.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use crate::application::Key;
use crate::core::clock::LogicalClock;
use crate::core::frames::Frames;
use crate::core::numbers::{PipelineIndex, WorkerIndex};
use crate::core::partitions::query::{PartitionRow, Partitions};
use crate::core::replay::crew::{Place, Stage, StagePlace, Worker, stages_of};
use crate::core::replay::error::ReplayError;
use crate::core::replay::schedule::{Begun, Entry, Ran, StageIndex};
use crate::core::replay::watch::Watch;
use crate::core::steps::batch::{Payload, Produced, RoutedBatch};
use crate::core::steps::context::{Context, Report};
use crate::core::steps::{PIECE, Progress, SharedPartitions, WorkerSetup};
use crate::core::topology::Topology;

/// Workers on one thread.
pub(in crate::core) struct Workers {
    pub(super) all: Vec<Worker>,
    pub(super) stages: Vec<StagePlace>,
    clock: LogicalClock,
    /// How many messages a step gives at a time, more or less.
    piece: usize,
    report: Report,
    produced: Produced,
}

impl Workers {
    /// These workers of an application.
    pub(super) fn new(topology: &Topology, all: Vec<Worker>) -> Self {
        Self {
            all,
            stages: stages_of(topology),
            clock: LogicalClock::default(),
            piece: PIECE,
            report: Report::default(),
            produced: Produced::default(),
        }
    }

    /// The only worker of an application.
    pub fn alone(topology: &Topology, setup: WorkerSetup) -> Self {
        Self::new(topology, vec![Worker::new(topology, setup, 1)])
    }

    /// The same, which work in pieces of about this many messages.
    #[must_use]
    pub fn in_pieces_of(self, piece: usize) -> Self {
        Self { piece, ..self }
    }

    /// Their clock. It is at least at the moment at which the frames that they have begun last were read.
    pub fn clock(&self) -> &LogicalClock {
        &self.clock
    }

    /// What has been counted.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The tables of all workers, each with the name of its state.
    pub fn tables(&self) -> impl Iterator<Item = &(Arc<str>, SharedPartitions)> {
        self.all.iter().flat_map(|worker| &worker.tables)
    }

    /// The table of a state, on the first worker.
    pub fn table(&self, state: &str) -> Option<&SharedPartitions> {
        self.tables().find(|(name, _)| &**name == state).map(|(_, table)| table)
    }

    /// The row of a partition, whichever worker has it.
    pub fn row(&self, state: &str, key: &Key) -> Option<PartitionRow> {
        let mut tables = self.tables().filter(|(name, _)| &**name == state);
        tables.find_map(|(name, table)| {
            let table = table.borrow();
            row_of(name, &*table, table.place_of(key)?)
        })
    }

    /// The rows of all partitions of these states, of all workers, sorted by state and key.
    pub fn rows(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<PartitionRow> {
        let mut rows = Vec::new();
        for (name, table) in self.tables().filter(|(name, _)| is_wanted(name)) {
            let table = table.borrow();
            rows.extend((0..table.len()).filter_map(|at| row_of(name, &*table, at)));
        }
        rows.sort_by(|one, two| (&one.state, &one.key).cmp(&(&two.state, &two.key)));
        rows
    }

    pub(super) fn stage(&mut self, at: Place) -> Result<&mut Stage, ReplayError> {
        self.at(at).map(|(stage, ..)| stage)
    }

    /// Frames enter a pipeline on the first worker while nothing is in flight, and all that comes of them is processed.
    pub fn process_frames(
        &mut self,
        pipeline: PipelineIndex,
        frames: Frames,
        watch: &mut impl Watch,
    ) -> Result<(), ReplayError> {
        let stage = self.stages.iter().position(|place| place.enters == Some(pipeline));
        let stage = stage.ok_or(ReplayError::NoPipeline { pipeline: pipeline.0 })?;
        let at = Place { worker: 0, stage: StageIndex(stage) };
        self.enter(at, frames, true)?;
        self.work(at, Begun::Frames { at_once: true }, None, watch)?;
        self.drain(watch)
    }

    /// Begins with frames. `at_once` says whether messages that stay on the worker go on at once.
    pub(super) fn enter(
        &mut self,
        at: Place,
        frames: Frames,
        at_once: bool,
    ) -> Result<(), ReplayError> {
        self.stage(at)?.segment.own_at_once(at_once);
        self.begin(at, Arc::new(frames), Payload::Frames)
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
        let (stage, mut context, _) = self.at(at)?;
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
        let (stage, mut context, produced) = self.at(at)?;
        let Some(frames) = stage.batch.take() else { return Ok(()) };
        let mut worked = 0;
        let ran = loop {
            if pieces == Some(worked) {
                stage.batch = Some(frames);
                break Ran::Pieces(worked);
            }
            worked += 1;
            let progress = stage.segment.next(&frames, &mut context, produced);
            let is_enough = progress == Progress::More && watch.is_enough(context.report);
            if is_enough {
                stage.inbox.iter_mut().for_each(VecDeque::clear);
            }
            if is_enough || progress == Progress::Done {
                stage.segment.finish(&frames, &mut context, produced);
                break Ran::Done;
            }
        };
        watch.did(WorkerIndex(at.worker), &Entry::Run { stage: at.stage, begun, ran });
        self.deliver(at, watch)
    }

    /// A segment, and what it is given.
    fn at(
        &mut self,
        Place { worker, stage }: Place,
    ) -> Result<(&mut Stage, Context<'_>, &mut Produced), ReplayError> {
        let Self { all, clock, piece, report, produced, .. } = self;
        let running = all.get_mut(worker).and_then(|worker| worker.stages.get_mut(stage.0));
        let running = running.ok_or(ReplayError::NoStage { stage: stage.0 })?;
        let context = Context { worker: WorkerIndex(worker), clock, piece: *piece, report };
        Ok((running, context, produced))
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
            for worker in 0..self.all.len() {
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

/// The partition at a place of the table of a state.
fn row_of(state: &Arc<str>, table: &dyn Partitions, at: usize) -> Option<PartitionRow> {
    table.row(at).map(|row| PartitionRow { state: state.to_string(), ..row })
}
