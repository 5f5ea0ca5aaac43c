//! Makes checkpoints: holds what enters, collects what has changed, lets it enter again, and writes
//! beside the running engine.
//!
//! Invariants: a checkpoint holds everything that was taken before it and nothing else; it counts when
//! every worker's file has it, and only then are journaled frames dropped that it has left behind.

use std::future::pending;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::{RwLock, RwLockReadGuard};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep};

use crate::core::event::EngineEvent;
use crate::core::guard::panic_reason;
use crate::core::numbers::{Epoch, SinkIndex};
use crate::core::partitions::saved::{Extent, Unsaved};
use crate::endpoints::Endpoint;
use crate::resilience::{
    Checkpoint, Directory, Position, SavedState, WorkerFile, journal_positions,
};
use crate::runtime::durable::Durable;
use crate::runtime::error::EngineError;
use crate::runtime::parts::{Base, CheckpointOrder, News, Senders};
use crate::runtime::shared::Shared;
use crate::runtime::workers::Workers;
use crate::runtime::workers::query::{Changed, Request, SaveRequest};

/// What makes checkpoints.
pub(crate) struct Checkpointer {
    pub shared: Arc<Shared>,
    pub durable: Durable,
    pub workers: Arc<RwLock<Workers>>,
    pub senders: Senders,
    pub interval: Duration,
    /// The checkpoint that was made last.
    pub epoch: Epoch,
    /// The generation that is written.
    pub generation: u64,
    pub files: Vec<WorkerFile>,
    /// After its files: it lets others in when it is dropped.
    pub directory: Directory,
    /// Positions of sources and sinks that this run does not have, to be kept for a run that does.
    pub others: Vec<Position>,
    /// The sinks' endpoints, for each pipeline, as their positions are saved.
    pub sinks: Vec<Vec<Endpoint>>,
}

impl Checkpointer {
    /// Makes checkpoints until it is told to finish. `base` is what the workers began with, at
    /// `positions`.
    pub async fn run(
        mut self,
        base: Vec<Base>,
        positions: Vec<Position>,
        orders: UnboundedReceiver<CheckpointOrder>,
    ) {
        if let Err(error) = self.keep(base, positions, orders).await {
            self.shared.fail(error);
        }
    }

    async fn keep(
        &mut self,
        base: Vec<Base>,
        positions: Vec<Position>,
        mut orders: UnboundedReceiver<CheckpointOrder>,
    ) -> Result<(), EngineError> {
        self.begin(base, positions)?;
        loop {
            let shared = Arc::clone(&self.shared);
            let due = async {
                shared.gate.changed().await;
                sleep(self.interval).await;
            };
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    // The engine is gone.
                    None => return Ok(()),
                    Some(CheckpointOrder::Finish(reply)) => {
                        self.checkpoint(Extent::Asked).await?;
                        let _ = reply.send(());
                        return Ok(());
                    }
                    Some(CheckpointOrder::SetWorkers(workers, reply)) => {
                        self.set_workers(workers).await?;
                        let _ = reply.send(());
                    }
                },
                () = due => self.checkpoint(Extent::Asked).await?,
            }
        }
    }

    /// Writes what the workers began with, and makes their files count.
    fn begin(&mut self, base: Vec<Base>, positions: Vec<Position>) -> Result<(), EngineError> {
        self.write(base, positions)?;
        let (directory, generation) = (&mut self.directory, self.generation);
        block_in_place(|| directory.count(generation))?;
        Ok(())
    }

    /// Makes a checkpoint. Frames enter again as soon as what has changed is collected, but not if it is
    /// of everything: then other workers go on.
    async fn checkpoint(&mut self, extent: Extent) -> Result<(), EngineError> {
        let began = Instant::now();
        self.shared.gate.hold();
        let epoch = self.epoch.next();
        let mut saved = Vec::new();
        let replies = self.workers().ask_each(|| {
            let (reply, changed) = oneshot::channel();
            (Request::Save(SaveRequest { epoch, extent, reply }), changed)
        });
        for changed in replies {
            let Changed { saved: changed, unsaved } = told(changed).await;
            for (state, Unsaved { key, reason }) in unsaved {
                self.tell(EngineEvent::NotSaved { state, key, reason });
            }
            saved.push(changed);
        }
        self.tell(EngineEvent::CheckpointBegun(epoch));
        let mut positions = self.others.clone();
        positions.extend(self.shared.queues.iter().flat_map(|queues| queues.positions()));
        let reports = self.ask_sinks();
        if extent == Extent::Asked {
            self.release();
        }
        let held = began.elapsed();
        positions.extend(self.sink_positions(reports).await);
        self.epoch = epoch;
        let partitions = saved.iter().flatten().map(|(_, changed)| changed.len()).sum();
        let trimmed = journal_positions(&positions);
        // What is told of frames is not told again once a checkpoint has left them behind.
        block_in_place(|| self.shared.observer.settle());
        self.write(saved, positions)?;
        // Before anything is dropped because of it.
        block_in_place(|| self.directory.in_place())?;
        self.durable.trim(trimmed);
        let took = began.elapsed();
        self.tell(EngineEvent::Checkpointed { epoch, partitions, held, took });
        Ok(())
    }

    fn tell(&self, event: EngineEvent) {
        self.shared.observer.event(event);
    }

    fn release(&self) {
        self.shared.gate.release();
        self.workers().wake();
    }

    fn workers(&self) -> RwLockReadGuard<'_, Workers> {
        self.workers.read()
    }

    /// Asks every sink to report when all that is before the checkpoint is written.
    fn ask_sinks(&self) -> Vec<(usize, SinkIndex, oneshot::Receiver<Option<u64>>)> {
        let mut reports = Vec::new();
        for (pipeline, sinks) in self.senders.iter().enumerate() {
            for (sink, sender) in sinks.iter().enumerate() {
                // A file is looked at.
                let reported = block_in_place(|| sender.report());
                reports.push((pipeline, SinkIndex(sink), reported));
            }
        }
        reports
    }

    async fn sink_positions(
        &mut self,
        reports: Vec<(usize, SinkIndex, oneshot::Receiver<Option<u64>>)>,
    ) -> Vec<Position> {
        let mut positions = Vec::new();
        for (pipeline, sink, reported) in reports {
            let offset = told(reported).await;
            let name = self.shared.topology.pipelines().get(pipeline).map(|plan| &plan.name);
            let endpoint = self.sinks.get(pipeline).and_then(|sinks| sinks.get(sink.0));
            let (Some(name), Some(endpoint)) = (name, endpoint) else {
                unreachable!(
                    "a sink that reports has an endpoint, under which its position is saved"
                )
            };
            if let Some(offset) = offset {
                positions.push(Position::Sink {
                    pipeline: Arc::clone(name),
                    sink: sink.0 as u64,
                    endpoint: endpoint.to_string(),
                    offset,
                });
            }
        }
        positions
    }

    /// Writes an epoch into every worker's file; the positions go into the first.
    fn write(
        &mut self,
        saved: Vec<Vec<SavedState>>,
        positions: Vec<Position>,
    ) -> Result<(), EngineError> {
        if self.files.len() != saved.len() {
            return Err(EngineError::Contradiction("a worker has no file of its own"));
        }
        let epoch = self.epoch;
        let files = self.files.iter_mut().zip(&saved).enumerate();
        let write = |(at, (file, saved)): (usize, (&mut WorkerFile, &Vec<SavedState>))| {
            file.write(epoch, saved, if at == 0 { &positions } else { &[] })
        };
        // Not with tasks: nothing may write any more when the checkpointer has been dropped.
        block_in_place(|| {
            thread::scope(|scope| {
                let write = &write;
                let writers: Vec<_> = files.map(|file| scope.spawn(move || write(file))).collect();
                writers.into_iter().try_for_each(|writer| match writer.join() {
                    Ok(written) => written.map_err(EngineError::Resilience),
                    Err(panic) => Err(EngineError::Threads(panic_reason(panic))),
                })
            })
        })
    }

    /// Goes on with other workers: a checkpoint, another of everything, and new workers that begin with it.
    async fn set_workers(&mut self, workers: NonZeroUsize) -> Result<(), EngineError> {
        // The next one holds what enters until its sinks have reported. A sink that takes nothing, as a TCP
        // sink without a receiver, is waited for here, while all other pipelines go on.
        self.checkpoint(Extent::Asked).await?;
        let began = Instant::now();
        self.checkpoint(Extent::Everything).await?;
        let from = self.workers().len();
        block_in_place(|| self.workers().dismiss());
        for queues in &self.shared.queues {
            queues.exchange(workers.get());
        }
        // Before the new workers can say anything: if all inputs have ended, they say so at once.
        let _ = self.shared.news.send(News::Replaced(workers.get()));
        // Nobody can read them for as long as they are open.
        self.files.clear();
        let Self { shared, senders, directory, .. } = self;
        let started = block_in_place(|| -> Result<_, EngineError> {
            let checkpoint = Checkpoint::find(directory)?;
            let (new, base) = Workers::start(shared, senders, workers, &checkpoint)?;
            let generation = directory.begin_generation(workers.get() as u64)?;
            Ok((new, base, checkpoint.positions, generation))
        });
        let (new, base, positions, generation) = started?;
        let partitions = base.iter().flatten().map(|(_, partitions)| partitions.len()).sum();
        let moved = new.moved();
        *self.workers.write() = new;
        self.files = generation.files;
        self.generation = generation.generation;
        self.begin(base, positions)?;
        self.release();
        let (to, held) = (workers.get(), began.elapsed());
        self.tell(EngineEvent::WorkersChanged { from, to, partitions, moved, held });
        Ok(())
    }
}

/// The answer of a worker or a sink. One that is gone has reported why, and the engine ends with that: then
/// this never resolves.
async fn told<T>(reply: oneshot::Receiver<T>) -> T {
    match reply.await {
        Ok(told) => told,
        Err(_) => pending().await,
    }
}
