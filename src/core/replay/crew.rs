//! The workers of a replay: their segments and their tables.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::error::ReplayError;
use super::named::{Named, states_of};
use super::recording::{Base, Crew, SavedState};
use super::schedule::StageIndex;
use crate::application::Key;
use crate::core::frames::Frames;
use crate::core::numbers::{PipelineIndex, WorkerIndex};
use crate::core::partitions::placement::Placement;
use crate::core::partitions::saved::{Collected, Extent, MAX_STATE, SavedPartition};
use crate::core::steps::batch::RoutedBatch;
use crate::core::steps::{Segment, SharedPartitions, WorkerSetup};
use crate::core::topology::{StepKind, Topology};

/// How many partitions are collected at a time.
const STRIDE: usize = 1024;

/// A worker of a replay.
pub(super) struct Worker {
    pub tables: Vec<(Arc<str>, SharedPartitions)>,
    pub stages: Vec<Stage>,
}

/// A segment of a worker.
pub(super) struct Stage {
    pub segment: Box<dyn Segment>,
    /// The batch that is in progress.
    pub batch: Option<Arc<Frames>>,
    /// By the worker that sent it, what waits for this segment.
    pub inbox: Vec<VecDeque<RoutedBatch>>,
}

impl Stage {
    /// Takes the batch of which the frames were read first, and says which worker has sent it.
    pub fn oldest(&mut self) -> Option<(WorkerIndex, RoutedBatch)> {
        let waiting = self.inbox.iter().enumerate();
        let waiting = waiting.filter_map(|(from, batches)| {
            let frames = &batches.front()?.frames;
            Some((frames.read_at(), frames.numbers(), from))
        });
        let (_, _, from) = waiting.min()?;
        Some((WorkerIndex(from), self.inbox.get_mut(from)?.pop_front()?))
    }
}

/// A stage of a worker.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub worker: usize,
    pub stage: StageIndex,
}

/// Where a segment is in its pipeline.
#[derive(Debug, Clone, Copy)]
pub(super) struct StagePlace {
    /// The pipeline whose frames enter there, if it is the first.
    pub enters: Option<PipelineIndex>,
    pub is_last: bool,
    /// Whether messages of a key come there in the order of their source.
    pub keeps_order: bool,
}

/// The segments of an application.
pub(super) fn stages_of(topology: &Topology) -> Vec<StagePlace> {
    let pipelines = topology.pipelines().iter().enumerate();
    let stages = pipelines.flat_map(|(pipeline, plan)| {
        let segments = plan.segments.len();
        let keeps_order = !plan.steps.iter().any(|step| matches!(step.kind, StepKind::Parallel));
        (1..=segments).map(move |number| StagePlace {
            enters: (number == 1).then_some(PipelineIndex(pipeline)),
            is_last: number == segments,
            keeps_order,
        })
    });
    stages.collect()
}

/// The workers of a chapter, with these partitions.
pub(super) fn workers_of(
    topology: &Topology,
    crew: Crew,
    base: &Base,
) -> Result<Vec<Worker>, ReplayError> {
    let placement = Placement::new(crew.workers);
    let workers: Vec<_> =
        (0..crew.workers.get()).map(|worker| Worker::of_crew(topology, crew, worker)).collect();
    for (state, partitions) in &base.partitions {
        for partition in partitions {
            let owner = workers.get(placement.worker(&partition.key).0);
            let Some(owner) = owner else { unreachable!("a key is placed on a worker") };
            owner.restore(state, partition)?;
        }
    }
    for (_, table) in workers.iter().flat_map(|worker| &worker.tables) {
        table.borrow_mut().remember_changes();
    }
    Ok(workers)
}

impl Worker {
    fn of_crew(topology: &Topology, crew: Crew, worker: usize) -> Self {
        let placement = Placement::new(crew.workers);
        let setup = WorkerSetup::new(WorkerIndex(worker), placement, crew.precreate);
        let neighbours = crew.neighbours(worker);
        let is_first = neighbours.contains(&0);
        let setup = match (crew.is_cluster(), is_first) {
            (false, _) => setup,
            (true, true) => setup.with_local(neighbours),
            (true, false) => setup.with_local(neighbours).with_outputs_of_last(),
        };
        Self::new(topology, setup, crew.workers.get())
    }

    /// A worker to which so many send batches.
    pub fn new(topology: &Topology, mut setup: WorkerSetup, senders: usize) -> Self {
        let stage = |segment| {
            let inbox = (0..senders).map(|_| VecDeque::new()).collect();
            Stage { segment, batch: None, inbox }
        };
        let stages = topology.segments(&mut setup).into_iter().flatten().map(stage).collect();
        Self { tables: setup.into_tables().collect(), stages }
    }

    /// Whether no batch is in progress and none waits.
    pub fn is_idle(&self) -> bool {
        let idle =
            |stage: &Stage| stage.batch.is_none() && stage.inbox.iter().all(VecDeque::is_empty);
        self.stages.iter().all(idle)
    }

    fn restore(&self, state: &Arc<str>, partition: &SavedPartition) -> Result<(), ReplayError> {
        let refused = |reason| {
            let key = partition.key.clone();
            ReplayError::OtherState { state: state.to_string(), key, reason }
        };
        let table = self.tables.iter().find(|(name, _)| name == state);
        let Some((_, table)) = table else {
            return Err(refused("it has no state of this name".to_owned()));
        };
        table.borrow_mut().restore(partition).map(drop).map_err(refused)
    }

    /// The partitions that have changed, of all workers.
    pub fn changed(workers: &[Self]) -> Vec<SavedState> {
        let mut changed = Named::new();
        for (name, table) in workers.iter().flat_map(|worker| &worker.tables) {
            let mut table = table.borrow_mut();
            table.begin_collecting(Extent::Everything);
            while table.collect(STRIDE) {}
            let Collected { saved, unsaved: _ } = table.take_collected();
            changed.extend(saved.into_iter().map(|one| ((Arc::clone(name), one.key.clone()), one)));
        }
        states_of(changed)
    }

    /// All partitions, of all workers.
    pub fn partitions(workers: &[Self]) -> Result<Vec<SavedState>, ReplayError> {
        let mut all = Named::new();
        for (name, table) in workers.iter().flat_map(|worker| &worker.tables) {
            let table = table.borrow();
            for key in (0..table.len()).filter_map(|at| table.key(at)) {
                match table.copy(key, MAX_STATE) {
                    Some(Ok(saved)) => _ = all.insert((Arc::clone(name), key.clone()), saved),
                    Some(Err(reason)) => {
                        let (state, key) = (name.to_string(), key.clone());
                        return Err(ReplayError::NotSaved { state, key, reason });
                    }
                    None => {}
                }
            }
        }
        Ok(states_of(all))
    }

    /// Puts a state in place of a partition's, or creates the partition, on the worker that owns it. Returns it.
    ///
    /// # Errors
    ///
    /// There is no such state, the JSON is of another type, or it cannot be saved.
    pub fn set_state(
        workers: &[Self],
        state: &Arc<str>,
        key: &Key,
        json: &str,
    ) -> Result<SavedPartition, String> {
        let count = NonZeroUsize::new(workers.len()).ok_or("there are no workers")?;
        let owner = workers.get(Placement::new(count).worker(key).0);
        let mut tables = owner.iter().flat_map(|owner| &owner.tables);
        let (_, table) =
            tables.find(|(name, _)| name == state).ok_or("there is no state of this name")?;
        let mut table = table.borrow_mut();
        table.restore_json(key, json)?;
        table.copy(key, MAX_STATE).unwrap_or_else(|| Err("the partition is not there".to_owned()))
    }
}
