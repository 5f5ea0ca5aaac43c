//! The workers of an engine: started together, with what a checkpoint gives back, and dismissed
//! together.

mod ahead;
mod arrivals;
pub(super) mod dataflow;
pub(super) mod exchange;
pub(super) mod query;
mod sampler;
mod stage;
pub(super) mod worker;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::{self, Thread};
use std::time::Duration;

use parking_lot::Mutex;
use timely::communication::WorkerGuards;
use timely::{CommunicationConfig, Config, WorkerConfig};

use super::error::EngineError;
use super::parts::{Base, Restored, Senders};
use super::shared::Shared;
use crate::core::numbers::WorkerIndex;
use crate::core::partitions::placement::Placement;
use crate::core::partitions::saved::SavedPartition;
use crate::resilience::Checkpoint;
use query::Request;
use worker::{Ready, WorkerSpec};

/// How many partitions are handed to a worker at once.
const RESTORED_TOGETHER: usize = 1024;

/// The workers of an engine.
pub(super) struct Workers {
    guards: Mutex<Option<WorkerGuards<()>>>,
    threads: Vec<Thread>,
    requests: Vec<mpsc::Sender<Request>>,
    moved: usize,
}

impl Workers {
    /// Starts this many workers, gives them what a checkpoint holds, and waits until all of them are
    /// ready. Returns also what each began with.
    pub fn start(
        shared: &Arc<Shared>,
        senders: &Senders,
        workers: NonZeroUsize,
        checkpoint: &Checkpoint,
    ) -> Result<(Self, Vec<Base>), EngineError> {
        let (ready, readiness) = mpsc::channel();
        let (mut requests, mut givers, mut specs) = (Vec::new(), Vec::new(), Vec::new());
        for worker in 0..workers.get() {
            let (request, requested) = mpsc::channel();
            let (give, restored) = mpsc::sync_channel(4);
            requests.push(request);
            givers.push(give);
            specs.push(Mutex::new(Some(WorkerSpec {
                index: WorkerIndex(worker),
                placement: Placement::new(workers),
                shared: Arc::clone(shared),
                epoch: checkpoint.epoch,
                senders: senders.clone(),
                requests: requested,
                restored,
                ready: ready.clone(),
            })));
        }
        drop(ready);
        let guards = Mutex::new(Some(spawn(specs)?));
        let moved = restore(checkpoint, Placement::new(workers), givers);
        let mut started = Self { guards, threads: Vec::new(), requests, moved: 0 };
        match started.wait_until_ready(&readiness, moved) {
            Ok(bases) => Ok((started, bases)),
            Err(error) => {
                started.dismiss();
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
        for worker in readiness.iter().take(self.len()) {
            match worker {
                Ok(worker) => ready.push(worker),
                Err(error) => failure = Some(error),
            }
        }
        ready.sort_by_key(|ready| ready.worker);
        // Also if one has failed: the others must be woken to end.
        let (threads, bases) = ready.into_iter().map(|ready| (ready.thread, ready.base)).unzip();
        self.threads = threads;
        // A worker that failed could not be given anything, so its own error says more than `moved`.
        if let Some(error) = failure {
            return Err(error);
        }
        self.moved = moved?;
        if self.threads.len() < self.len() {
            return Err(EngineError::Threads("a worker ended as it began".to_owned()));
        }
        Ok(bases)
    }

    /// How many workers.
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// How many of the partitions that they began with another worker had saved.
    pub fn moved(&self) -> usize {
        self.moved
    }

    /// Asks every worker for something.
    pub fn ask(&self, request: impl Fn() -> Request) {
        for worker in &self.requests {
            // A worker that is gone gives no reply: its sender is dropped with the request.
            let _ = worker.send(request());
        }
        self.wake();
    }

    /// Asks each worker for something different.
    pub fn ask_each<T>(&self, request: impl Fn() -> (Request, T)) -> Vec<T> {
        let ask = |worker: &mpsc::Sender<Request>| {
            let (request, reply) = request();
            let _ = worker.send(request);
            reply
        };
        let replies = self.requests.iter().map(ask).collect();
        self.wake();
        replies
    }

    pub fn wake(&self) {
        self.threads.iter().for_each(Thread::unpark);
    }

    /// Ends the workers, whatever they have in memory, and waits until they are gone.
    pub fn dismiss(&self) {
        self.ask(|| Request::Leave);
        self.join();
    }

    /// The same with a limit. Returns false if a worker has not ended by then, because a disk or a step does not
    /// return: its thread is left.
    pub fn join_within(&self, limit: Duration) -> bool {
        let Some(guards) = self.guards.lock().take() else { return true };
        let (ended, end) = mpsc::channel();
        let join = move || {
            drop(guards.join());
            let _ = ended.send(());
        };
        match thread::Builder::new().name("wallaroo-join".to_owned()).spawn(join) {
            Ok(_) => end.recv_timeout(limit) != Err(RecvTimeoutError::Timeout),
            // Without a thread to wait in, the drop of the guards has waited here.
            Err(_) => true,
        }
    }

    /// Waits until the workers are gone. They must have been told to end.
    pub fn join(&self) {
        let guards = self.guards.lock().take();
        if let Some(guards) = guards {
            // A worker that panicked has reported it.
            drop(guards.join());
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.dismiss();
    }
}

/// Starts the threads.
fn spawn(specs: Vec<Mutex<Option<WorkerSpec>>>) -> Result<WorkerGuards<()>, EngineError> {
    let config = Config {
        communication: CommunicationConfig::Process(specs.len()),
        worker: WorkerConfig::default(),
    };
    let run = move |timely: &mut timely::worker::Worker| {
        let take = |spec: &Mutex<Option<WorkerSpec>>| spec.lock().take();
        match specs.get(timely.index()).and_then(take) {
            Some(spec) => worker::run(timely, spec),
            None => unreachable!("timely runs each worker once"),
        }
    };
    timely::execute(config, run).map_err(EngineError::Threads)
}

/// Hands every partition of a checkpoint to the worker that owns it. Returns how many of them
/// another worker had saved.
fn restore(
    checkpoint: &Checkpoint,
    placement: Placement,
    restores: Vec<SyncSender<Vec<Restored>>>,
) -> Result<usize, EngineError> {
    let before = NonZeroUsize::new(checkpoint.workers()).map(Placement::new);
    let (mut moved, mut without_owner) = (0, None);
    let mut batches: Vec<Vec<Restored>> = restores.iter().map(|_| Vec::new()).collect();
    // Kept from one partition to the next: nearly all have the same.
    let (mut of_state, mut of_file): (Arc<str>, Arc<Path>) = ("".into(), Path::new("").into());
    checkpoint.partitions(|path: &Path, state: &str, partition: SavedPartition| {
        let hash = placement.hash(&partition.key);
        let owner = placement.worker_of_hash(hash).0;
        moved += usize::from(before.is_some_and(|before| before.worker_of_hash(hash).0 != owner));
        let (Some(batch), Some(worker)) = (batches.get_mut(owner), restores.get(owner)) else {
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
            // A worker that is gone has reported why.
            let _ = worker.send(std::mem::take(batch));
        }
        Ok(())
    })?;
    if without_owner.is_some() {
        return Err(EngineError::Contradiction("a saved partition has no worker"));
    }
    for (worker, batch) in restores.into_iter().zip(batches) {
        let _ = worker.send(batch);
    }
    Ok(moved)
}
