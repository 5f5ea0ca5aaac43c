//! The workers of an engine: started together, with what a checkpoint gives back, and dismissed
//! together.

mod ahead;
mod arrivals;
mod common;
pub(super) mod dataflow;
mod examination;
pub(super) mod exchange;
mod gather;
pub(super) mod local;
pub(super) mod query;
mod recorder;
mod reply;
mod sampler;
mod stage;
mod turn;
pub(super) mod worker;

use std::mem;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use tokio::sync::oneshot;

use super::error::EngineError;
use super::parts::{Base, Restored, Senders};
use super::processes::hosting::RoundEnd;
use super::processes::others::Others;
use super::shared::Shared;
use crate::core::numbers::{ProcessIndex, WorkerIndex};
use crate::core::partitions::placement::Placement;
use crate::core::partitions::saved::SavedPartition;
use crate::resilience::Checkpoint;
use local::{Begins, Giver, LocalWorkers};
use query::Request;
use worker::{Ready, TellReady};

/// How many partitions are handed to a worker at once.
const RESTORED_TOGETHER: usize = 1024;

/// The workers of an engine: those of this process, and process 0 has those of the other processes too.
pub(super) struct Workers {
    local: LocalWorkers,
    /// `None` if there is one process.
    others: Option<Others>,
    len: usize,
    moved: usize,
}

impl Workers {
    /// Starts the workers, so many in each process, gives them what a checkpoint holds, and waits until all of them are
    /// ready. Returns also what each began with.
    pub fn start(
        shared: &Arc<Shared>,
        senders: &Senders,
        workers_each: NonZeroUsize,
        checkpoint: &Checkpoint,
    ) -> Result<(Self, Vec<Base>), EngineError> {
        let (told, readiness) = mpsc::channel();
        // If the receiver is gone, the start has failed.
        let ready: TellReady = Arc::new(move |ready| drop(told.send(ready)));
        let others = match &shared.settings.cluster {
            None => None,
            Some(cluster) => {
                let ready = Arc::clone(&ready);
                Some(Others::meet(shared, cluster, workers_each, checkpoint.epoch, ready)?)
            }
        };
        let (others, connections) = others.unzip();
        let workers = shared.settings.all_workers(workers_each);
        let begins = Begins {
            placement: Placement::new(workers),
            local: 0..workers_each.get(),
            epoch: checkpoint.epoch,
            saves: shared.durable.is_some(),
            records: shared.records(),
            neighbours: others.as_ref().map(|others| Arc::clone(others.neighbours())),
            ready,
        };
        let (local, givers) = LocalWorkers::start(shared, senders, &begins, connections)?;
        let to = Restores { local: givers, others: others.as_ref() };
        let moved = restore(checkpoint, Placement::new(workers), to);
        let mut started = Self { local, others, len: workers.get(), moved: 0 };
        match started.wait_until_ready(&readiness, moved) {
            Ok(bases) => Ok((started, bases)),
            Err(error) => {
                started.dismiss(RoundEnd::Left);
                Err(error)
            }
        }
    }

    fn wait_until_ready(
        &mut self,
        readiness: &Receiver<Result<Ready, EngineError>>,
        moved: Result<usize, EngineError>,
    ) -> Result<Vec<Base>, EngineError> {
        let (mut ready, mut failure) = (Vec::new(), None);
        for worker in readiness.iter().take(self.len) {
            match worker {
                Ok(worker) => ready.push(worker),
                // The first says most: others fail because of it.
                Err(error) => drop(failure.get_or_insert(error)),
            }
        }
        ready.sort_by_key(|ready| ready.worker);
        // Also if one has failed: the others must be woken to end.
        let (threads, bases): (Vec<_>, Vec<_>) =
            ready.into_iter().map(|ready| (ready.thread, ready.base)).unzip();
        self.local.threads = threads.into_iter().flatten().collect();
        // A worker that failed could not be given anything, so its own error says more than `moved`.
        if let Some(error) = failure {
            return Err(error);
        }
        self.moved = moved?;
        if bases.len() < self.len {
            return Err(EngineError::Threads("a worker ended as it began".to_owned()));
        }
        Ok(bases)
    }

    /// How many workers.
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many workers each process has.
    pub fn of_each_process(&self) -> NonZeroUsize {
        let each = NonZeroUsize::new(self.local.requests.len());
        debug_assert!(each.is_some(), "a process has a worker");
        each.unwrap_or(NonZeroUsize::MIN)
    }

    /// The process of a worker; `None` if there is one process.
    pub fn process_of(&self, worker: WorkerIndex) -> Option<ProcessIndex> {
        Some(self.others.as_ref()?.neighbours().process_of(worker))
    }

    /// How many of the partitions that they began with another worker had saved.
    pub fn moved(&self) -> usize {
        self.moved
    }

    fn ask_worker(&self, worker: usize, request: Request) {
        match (self.local.requests.get(worker), &self.others) {
            // A worker that is gone gives no reply: its sender is dropped with the request.
            (Some(local), _) => drop(local.send(request)),
            (None, Some(others)) => others.ask(WorkerIndex(worker), request),
            (None, None) => unreachable!("there are as many workers as the engine has"),
        }
    }

    /// Asks every worker for something.
    pub fn ask(&self, request: impl Fn() -> Request) {
        (0..self.len).for_each(|worker| self.ask_worker(worker, request()));
        self.wake();
    }

    /// Asks each worker for something different.
    pub fn ask_each<T>(&self, request: impl Fn() -> (Request, T)) -> Vec<T> {
        let ask = |worker| {
            let (request, reply) = request();
            self.ask_worker(worker, request);
            reply
        };
        let replies = (0..self.len).map(ask).collect();
        self.wake();
        replies
    }

    pub fn wake(&self) {
        self.local.wake();
    }

    /// Told when all has come home that other processes know of messages by now; `None` if there are none.
    pub fn come_home(&self) -> Option<oneshot::Receiver<()>> {
        self.others.as_ref().map(Others::come_home)
    }

    /// Ends the workers, whatever they have in memory, and waits until those of this process are gone. `end` is what other
    /// processes are told.
    pub fn dismiss(&self, end: RoundEnd) {
        self.ask(|| Request::Leave);
        self.end_others(end);
        self.local.join();
        self.leave_others();
    }

    /// Waits until the workers are gone, which must have been told to end. Returns false if one has not ended within this
    /// limit, because a disk or a step does not return: its thread is left. `end` is what other processes are told.
    pub fn join_within(&self, limit: Duration, end: RoundEnd) -> bool {
        self.end_others(end);
        let have_ended = self.local.join_within(limit);
        if !have_ended && let Some(others) = &self.others {
            others.cut();
        }
        self.leave_others();
        have_ended
    }

    fn end_others(&self, end: RoundEnd) {
        if let Some(others) = &self.others {
            others.end(end);
        }
    }

    fn leave_others(&self) {
        if let Some(others) = &self.others {
            others.leave();
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.dismiss(RoundEnd::Left);
    }
}

/// Hands every partition of a checkpoint to the worker that owns it. Returns how many of them
/// another worker had saved.
fn restore(
    checkpoint: &Checkpoint,
    placement: Placement,
    to: Restores<'_>,
) -> Result<usize, EngineError> {
    let before = NonZeroUsize::new(checkpoint.workers()).map(Placement::new);
    let (mut moved, mut without_owner) = (0, None);
    let workers = placement.workers().get();
    let mut batches: Vec<Vec<Restored>> = (0..workers).map(|_| Vec::new()).collect();
    let mut failure = None;
    // Kept from one partition to the next: nearly all have the same.
    let (mut of_state, mut of_file): (Arc<str>, Arc<Path>) = ("".into(), Path::new("").into());
    checkpoint.partitions(|path: &Path, state: &str, partition: SavedPartition| {
        let hash = placement.hash(&partition.key);
        let owner = placement.worker_of_hash(hash).0;
        moved += usize::from(before.is_some_and(|before| before.worker_of_hash(hash).0 != owner));
        let Some(batch) = batches.get_mut(owner) else {
            without_owner = Some(owner);
            return Ok(());
        };
        if *of_state != *state {
            of_state = state.into();
        }
        if *of_file != *path {
            of_file = path.into();
        }
        let (state, path) = (Arc::clone(&of_state), Arc::clone(&of_file));
        batch.push(Restored { state, partition, path });
        if batch.len() == RESTORED_TOGETHER {
            let given = to.give(WorkerIndex(owner), mem::take(batch));
            failure = failure.take().or(given.err());
        }
        Ok(())
    })?;
    if without_owner.is_some() {
        return Err(EngineError::Contradiction("a saved partition has no worker"));
    }
    for (worker, batch) in batches.into_iter().enumerate() {
        let given = to.give(WorkerIndex(worker), batch);
        failure = failure.take().or(given.err());
    }
    failure.map_or(Ok(moved), Err)
}

/// Where partitions go that workers begin with.
struct Restores<'a> {
    local: Vec<Giver>,
    others: Option<&'a Others>,
}

impl Restores<'_> {
    fn give(&self, worker: WorkerIndex, batch: Vec<Restored>) -> Result<(), EngineError> {
        match (self.local.get(worker.0), self.others) {
            // A worker that is gone has reported why.
            (Some(local), _) => drop(local.send(batch)),
            (None, Some(others)) => others.restore(worker, batch)?,
            (None, None) => {}
        }
        Ok(())
    }
}

impl Drop for Restores<'_> {
    /// There are no more, whatever the reason: all wait for that.
    fn drop(&mut self) {
        if let Some(others) = self.others {
            others.restored();
        }
    }
}
