//! Makes checkpoints: closes the gate until all that came before is processed, and collects and writes what has changed
//! while the engine runs. A partition that is to change again before it is collected is collected first.
//!
//! Invariants: a checkpoint has the effects of all frames that were taken before it, and of no others. It
//! counts when every worker's file has it. Only then are the journal's rows dropped that it covers.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use parking_lot::{RwLock, RwLockReadGuard};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{oneshot, watch};
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep};

use super::history::{History, Logs};
use super::hold::all_ready;
use crate::application::Key;
use crate::core::event::{ClusterNews, EngineEvent};
use crate::core::guard::panic_reason;
use crate::core::numbers::{Epoch, WorkerIndex};
use crate::core::partitions::saved::{Extent, Unsaved};
use crate::core::replay::recording::WorkerLog;
use crate::endpoints::Endpoint;
use crate::resilience::{Directory, Position, SavedState, WorkerFile, journal_positions};
use crate::runtime::durable::Durable;
use crate::runtime::error::EngineError;
use crate::runtime::parts::{Base, CheckpointOrder, Senders};
use crate::runtime::shared::Shared;
use crate::runtime::workers::Workers;
use crate::runtime::workers::query::{Changed, Request, SaveRequest};

/// Makes checkpoints.
pub(crate) struct Checkpointer {
    pub shared: Arc<Shared>,
    pub durable: Durable,
    pub workers: Arc<RwLock<Workers>>,
    pub senders: Senders,
    pub interval: Duration,
    /// How long it took to collect and to write the last checkpoint.
    pub worked: Duration,
    /// The last checkpoint.
    pub epoch: Epoch,
    /// The last one before which something had been done that a recording has.
    pub busy: Epoch,
    /// The generation whose files are written.
    pub generation: u64,
    pub files: Vec<WorkerFile>,
    /// `None` if the run is not recorded.
    pub history: Option<History>,
    /// True when the recovery is complete.
    pub may_begin: watch::Receiver<bool>,
    /// The partitions of these workers whose states could not be saved when they changed last.
    pub unsaved: BTreeSet<(Arc<str>, Key)>,
    /// After the files, because its drop unlocks the directory.
    pub directory: Directory,
    /// Positions of sources and sinks that this run does not have. They are kept for a run that has them.
    pub others: Vec<Position>,
    /// The names of each pipeline's sinks in saved positions.
    pub sinks: Vec<Vec<Endpoint>>,
    /// Last: its drop says that nothing of this uses the directory any more.
    #[expect(dead_code, reason = "its drop is what counts")]
    pub keeps: mpsc::Sender<()>,
}

impl Checkpointer {
    /// Makes checkpoints until the order to finish. `base` are the recovered partitions, as of `positions`.
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
            let interval = until_next(self.interval, self.worked);
            let least = until_next(Duration::ZERO, self.worked);
            let due = async {
                shared.gate.changed().await;
                // Also then, checkpoints take a quarter of the time at most.
                let much = async {
                    shared.much_recorded.notified().await;
                    sleep(least).await;
                };
                tokio::select! {
                    () = sleep(interval) => {}
                    () = much => {}
                }
            };
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    // The engine is gone: `shared` has a sender.
                    None => return Ok(()),
                    Some(CheckpointOrder::Finish(reply)) => {
                        self.checkpoint(Then::GoOn).await?;
                        let _ = reply.send(());
                        return Ok(());
                    }
                    Some(CheckpointOrder::Save(reply)) => {
                        if self.shared.gate.has_changed() {
                            self.checkpoint(Then::GoOn).await?;
                        }
                        let _ = reply.send(());
                    }
                    Some(CheckpointOrder::SetWorkers(workers, reply)) => {
                        self.set_workers(workers).await?;
                        let _ = reply.send(());
                    }
                    Some(CheckpointOrder::TakeBack(order)) => self.take_back(order).await?,
                },
                () = due => {
                    self.checkpoint(Then::GoOn).await?;
                }
            }
        }
    }

    /// Writes the recovered partitions to the new files, and makes these count.
    pub(super) fn begin(
        &mut self,
        base: Vec<Base>,
        positions: Vec<Position>,
    ) -> Result<(), EngineError> {
        if let Some(history) = &mut self.history {
            history.begin(&self.shared, self.epoch, &base);
        }
        self.write(base, &positions)?;
        let (directory, generation) = (&mut self.directory, self.generation);
        block_in_place(|| directory.count(generation))?;
        Ok(())
    }

    /// What has changed, of each worker. The workers collect it while they work.
    async fn collected(
        &mut self,
        changes: Vec<oneshot::Receiver<Changed>>,
    ) -> (Vec<Vec<SavedState>>, Vec<Option<WorkerLog>>) {
        let (mut all, mut logs) = (Vec::new(), Vec::new());
        for changed in changes {
            let Changed { saved, unsaved, log } = told(changed).await;
            let all_saved =
                saved.iter().flat_map(|(state, all)| all.iter().map(move |it| (state, it)));
            for (state, partition) in all_saved {
                if self.unsaved.is_empty() {
                    break;
                }
                self.unsaved.remove(&(Arc::clone(state), partition.key.clone()));
            }
            for (state, Unsaved { key, reason, is_told }) in unsaved {
                self.unsaved.insert((Arc::clone(&state), key.clone()));
                if is_told {
                    self.tell(EngineEvent::NotSaved { state, key, reason });
                }
            }
            all.push(saved);
            logs.push(log);
        }
        (all, logs)
    }

    /// Makes a checkpoint. The gate opens when all that came before is processed, unless other workers go on.
    /// Returns the positions that it has.
    pub(super) async fn checkpoint(&mut self, then: Then) -> Result<Vec<Position>, EngineError> {
        // A recording has every change.
        let extent = match (then, &self.history) {
            (Then::GoOn, None) => Extent::Asked,
            (Then::GoOn, Some(_)) | (Then::OtherWorkers, _) => Extent::Everything,
        };
        let began = Instant::now();
        self.shared.gate.hold();
        let epoch = self.epoch.next();
        let replies = self.workers().ask_each(|| {
            let (processed, all_processed) = oneshot::channel();
            let (changed, all_changed) = oneshot::channel();
            let (processed, changed) = (processed.into(), changed.into());
            let request = SaveRequest { epoch, extent, processed, changed };
            (Request::Save(request), (all_processed, all_changed))
        });
        let (processed, changes) = replies.into_iter().unzip();
        let (shared, workers) = (Arc::clone(&self.shared), Arc::clone(&self.workers));
        let process = |worker| workers.read().process_of(WorkerIndex(worker));
        let late = |worker| {
            if let Some(process) = process(worker) {
                let waits = ClusterNews::CheckpointWaits(epoch, process);
                shared.observer.event(EngineEvent::Cluster(waits));
            }
        };
        let last = all_ready(processed, late).await.and_then(process);
        self.tell(EngineEvent::CheckpointBegun(epoch));
        let come_home = self.workers().come_home();
        let mut positions = self.others.clone();
        positions.extend(self.shared.queues.iter().flat_map(|queues| queues.positions()));
        let reports = self.ask_sinks();
        if then == Then::GoOn {
            self.release();
        }
        let held = began.elapsed();
        let (saved, logs) = self.collected(changes).await;
        self.epoch = epoch;
        // Before the sinks have reported: one that is stalled does not keep it from those who look at it.
        block_in_place(|| self.record(&saved, logs));
        let collecting = began.elapsed().saturating_sub(held);
        positions.extend(self.sink_positions(reports).await);
        let partitions = saved.iter().flatten().map(|(_, changed)| changed.len()).sum();
        let trimmed = journal_positions(&positions);
        if let Some(come_home) = come_home {
            told(come_home).await;
        }
        // Dead letters are stored first: after this checkpoint, their frames are not processed again.
        block_in_place(|| self.shared.observer.settle());
        let writing = Instant::now();
        self.write(saved, &positions)?;
        self.worked = collecting + writing.elapsed();
        // Before any rows are dropped because of it.
        block_in_place(|| self.directory.in_place())?;
        self.durable.trim(trimmed);
        let took = began.elapsed();
        self.tell(EngineEvent::Checkpointed { epoch, partitions, held, took, last });
        Ok(positions)
    }

    /// Adds a chapter to the recording, before the checkpoint counts.
    fn record(&mut self, saved: &[Vec<SavedState>], logs: Vec<Option<WorkerLog>>) {
        let of_each_process = self.workers().of_each_process();
        let is_idle = |log: &Option<WorkerLog>| log.as_ref().is_some_and(WorkerLog::is_empty);
        if !logs.iter().all(is_idle) {
            self.busy = self.epoch;
        }
        self.history.take_if(|history| history.is_over());
        let Some(history) = &mut self.history else { return };
        history.append(&self.shared, self.epoch, Logs { logs, of_each_process }, saved);
    }

    pub(super) fn tell(&self, event: EngineEvent) {
        self.shared.observer.event(event);
    }

    pub(super) fn release(&self) {
        self.shared.gate.release();
        self.workers().wake();
    }

    pub(super) fn workers(&self) -> RwLockReadGuard<'_, Workers> {
        self.workers.read()
    }

    /// Writes an epoch to every worker's file, and the positions to the first one.
    pub(super) fn write(
        &mut self,
        saved: Vec<Vec<SavedState>>,
        positions: &[Position],
    ) -> Result<(), EngineError> {
        if self.files.len() != saved.len() {
            return Err(EngineError::Contradiction("a worker has no file of its own"));
        }
        let epoch = self.epoch;
        let files = self.files.iter_mut().zip(&saved).enumerate();
        let write = |(at, (file, saved)): (usize, (&mut WorkerFile, &Vec<SavedState>))| {
            file.write(epoch, saved, if at == 0 { positions } else { &[] })
        };
        // With scoped threads and not with tasks: no write may outlive the checkpointer.
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
}

/// What comes after a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// The same workers go on.
    GoOn,
    /// Others take the partitions over.
    OtherWorkers,
}

/// The answer of a worker or a sink. If its sender was dropped, it has reported a failure that ends the engine:
/// this never resolves.
pub(super) async fn told<T>(reply: oneshot::Receiver<T>) -> T {
    match reply.await {
        Ok(told) => told,
        Err(_) => pending().await,
    }
}

/// How long after a change the next checkpoint begins, if the last one took `worked` to collect and to write.
/// Checkpoints take a quarter of the time at most.
fn until_next(interval: Duration, worked: Duration) -> Duration {
    interval.max(worked.saturating_mul(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_that_take_long_take_a_quarter_of_the_time_and_others_keep_the_interval() {
        let (second, long) = (Duration::from_secs(1), Duration::from_secs(2));
        assert_eq!(until_next(second, Duration::from_millis(300)), second);
        let next = until_next(second, long);
        assert_eq!(long * 4, next + long);
        assert_eq!(until_next(second, Duration::MAX), Duration::MAX);
    }
}
