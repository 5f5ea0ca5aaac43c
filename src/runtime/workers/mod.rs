//! The workers of an engine: started together, with what a checkpoint gives back, and dismissed
//! together.

mod ahead;
pub(super) mod dataflow;
pub(super) mod exchange;
pub(super) mod query;
mod sampler;
mod stage;
pub(super) mod worker;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;
use std::time::Duration;

use timely::communication::WorkerGuards;
use timely::{CommunicationConfig, Config, WorkerConfig};
use tokio::sync::mpsc::UnboundedSender;

use super::error::EngineError;
use super::ingress::queues::Queues;
use super::parts::{Base, News, Restored, Senders, Shared};
use crate::core::numbers::WorkerIndex;
use crate::core::partitions::placement::Placement;
use crate::core::partitions::saved::SavedPartition;
use crate::resilience::{Checkpoint, ResilienceError};
use dataflow::Common;
use query::Request;
use worker::{Ready, WorkerStart};

/// How many partitions are handed to a worker together.
const RESTORED: usize = 1024;

/// How workers are to be started.
pub(super) struct CrewPlan {
    pub shared: Shared,
    pub queues: Vec<Arc<Queues>>,
    pub senders: Senders,
    pub precreate: bool,
    pub sample_every: Option<Duration>,
    pub news: UnboundedSender<News>,
    /// Whether checkpoints are made.
    pub saves: bool,
}

/// The workers of an engine.
pub(super) struct Crew {
    guards: Mutex<Option<WorkerGuards<()>>>,
    threads: Vec<Thread>,
    requests: Vec<mpsc::Sender<Request>>,
    moved: usize,
}

impl CrewPlan {
    /// Starts so many workers, gives them back what a checkpoint holds, and waits until all of them
    /// are ready.
    pub fn start(
        &self,
        workers: NonZeroUsize,
        checkpoint: &Checkpoint,
    ) -> Result<(Crew, Vec<Base>), EngineError> {
        let (ready, readiness) = mpsc::channel();
        let (mut requests, mut givers, mut starts) = (Vec::new(), Vec::new(), Vec::new());
        for worker in 0..workers.get() {
            let (request, requested) = mpsc::channel();
            let (give, given) = mpsc::sync_channel(4);
            requests.push(request);
            givers.push(give);
            let start = self.worker(worker, workers, checkpoint, requested, given, &ready);
            starts.push(Mutex::new(Some(start)));
        }
        drop(ready);
        let config = Config {
            communication: CommunicationConfig::Process(workers.get()),
            worker: WorkerConfig::default(),
        };
        let guards = timely::execute(config, move |timely| {
            let start = starts.get(timely.index());
            let take = |start: &Mutex<Option<WorkerStart>>| {
                start.lock().unwrap_or_else(PoisonError::into_inner).take()
            };
            if let Some(start) = start.and_then(take) {
                worker::run(timely, start);
            }
        })
        .map_err(EngineError::Threads)?;
        let given = restore(checkpoint, Placement::new(workers), givers);
        let guards = Mutex::new(Some(guards));
        let moved = *given.as_ref().unwrap_or(&0);
        let mut crew = Crew { guards, threads: Vec::new(), requests, moved };
        let mut ready: Vec<Ready> = Vec::new();
        let mut failure = given.err().map(EngineError::Resilience);
        for worker in readiness.iter().take(workers.get()) {
            match worker {
                Ok(worker) => ready.push(worker),
                // A worker that fails makes it impossible to give it anything, which says less.
                Err(error) => failure = Some(error),
            }
        }
        ready.sort_by_key(|ready| ready.worker);
        let (threads, bases) = ready.into_iter().map(|ready| (ready.thread, ready.base)).unzip();
        crew.threads = threads;
        if failure.is_none() && crew.threads.len() < workers.get() {
            failure = Some(EngineError::Threads("a worker ended as it began".to_owned()));
        }
        match failure {
            None => Ok((crew, bases)),
            Some(error) => {
                crew.dismiss();
                Err(error)
            }
        }
    }

    fn worker(
        &self,
        worker: usize,
        workers: NonZeroUsize,
        checkpoint: &Checkpoint,
        requests: Receiver<Request>,
        restored: Receiver<Vec<Restored>>,
        ready: &mpsc::Sender<Result<Ready, EngineError>>,
    ) -> WorkerStart {
        let shared = &self.shared;
        WorkerStart {
            topology: Arc::clone(&shared.topology),
            placement: Placement::new(workers),
            precreate: self.precreate,
            common: Common {
                worker: WorkerIndex(worker),
                clock: Arc::new(shared.clock),
                observer: Arc::clone(&shared.observer),
                gate: Arc::clone(&shared.gate),
                sample_every: self.sample_every,
            },
            epoch: checkpoint.epoch,
            saves: self.saves,
            queues: self.queues.iter().filter_map(|queues| queues.queue(worker)).collect(),
            sinks: self.senders.clone(),
            requests,
            restored,
            ready: ready.clone(),
            news: self.news.clone(),
            abort: Arc::clone(&shared.abort),
        }
    }
}

/// Hands every partition of a checkpoint to the worker that owns it. Returns how many of them
/// another worker had saved.
fn restore(
    checkpoint: &Checkpoint,
    placement: Placement,
    restores: Vec<SyncSender<Vec<Restored>>>,
) -> Result<usize, ResilienceError> {
    let before = NonZeroUsize::new(checkpoint.workers()).map(Placement::new);
    let mut moved = 0;
    let mut batches: Vec<Vec<Restored>> = restores.iter().map(|_| Vec::new()).collect();
    // The same for very many partitions.
    let (mut of_state, mut of_file): (Arc<str>, Arc<Path>) = ("".into(), Path::new("").into());
    checkpoint.partitions(|path: &Path, state: &str, partition: SavedPartition| {
        let hash = placement.hash(&partition.key);
        let owner = placement.worker_of_hash(hash).0;
        moved += usize::from(before.is_some_and(|before| before.worker_of_hash(hash).0 != owner));
        let (Some(batch), Some(worker)) = (batches.get_mut(owner), restores.get(owner)) else {
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
        if batch.len() == RESTORED {
            // A worker that is gone says itself why.
            let _ = worker.send(std::mem::take(batch));
        }
        Ok(())
    })?;
    for (worker, batch) in restores.into_iter().zip(batches) {
        let _ = worker.send(batch);
    }
    Ok(moved)
}

impl Crew {
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

    /// Asks each worker for something of its own.
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

    /// Waits until the workers, who have been told to end, are gone.
    pub fn join(&self) {
        let guards = self.guards.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(guards) = guards {
            // A worker that panicked has told so already.
            drop(guards.join());
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.dismiss();
    }
}
