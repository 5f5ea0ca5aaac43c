//! Ends an engine: the mirror of `startup`.
//!
//! The [`Supervisor`] follows a run to its end. First the sources end, then their guests, and the journal writer
//! writes what they had read; then the workers drain; then the checkpointer makes the last checkpoint; then the sinks
//! end. If something fails, everything ends at once. [`Running::crash`] ends everything, and waits until it has.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{oneshot, watch};
use tokio::task::{AbortHandle, JoinError};

use super::error::EngineError;
use super::parts::{Entrances, Inlets, News, Outcome, Senders, SinkTasks};
use super::processes::hosting::RoundEnd;
use super::shared::Shared;
use super::workers::Workers;
use crate::core::clock::Clock as _;
use crate::core::event::EngineEvent;
use crate::endpoints::Budget;

/// The max wait at the end for a write that is under way.
const LAST_WRITE: Duration = Duration::from_millis(500);

/// The max wait at the end for workers to finish what they are at: a worker that waits for a disk that hangs may
/// never end.
const LAST_TURN: Duration = Duration::from_secs(10);

/// The parts of a running engine.
pub(super) struct Running {
    pub shared: Arc<Shared>,
    pub inlets: Arc<Mutex<Inlets>>,
    pub workers: Arc<RwLock<Workers>>,
    /// `None` if nothing is saved.
    pub saving: Option<Saving>,
    pub stop: watch::Sender<bool>,
    /// True when the sources have begun.
    pub may_begin: watch::Receiver<bool>,
    /// The budget of each pipeline.
    pub budgets: Vec<Arc<Budget>>,
    pub outcome: watch::Receiver<Outcome>,
    pub io: Option<Runtime>,
}

/// The journal writer's thread and the checkpointer's task.
pub(super) struct Saving {
    /// Becomes true when the journal writer must not wait for the budget any more.
    pub gone: watch::Sender<bool>,
    pub journal_writer: JoinHandle<()>,
    pub checkpointer: AbortHandle,
    /// Closed when the checkpointer has closed the directory.
    pub kept: mpsc::Receiver<()>,
}

impl Running {
    pub fn workers(&self) -> RwLockReadGuard<'_, Workers> {
        self.workers.read()
    }

    /// Ends everything at once, and drops what is in flight and in memory. The files are closed when this
    /// returns, unless a worker hangs: that is reported.
    pub fn crash(&mut self) {
        self.stop.send_replace(true);
        self.shared.abort.store(true, Ordering::Release);
        self.workers().wake();
        let end = match (&*self.outcome.borrow(), &self.shared.durable) {
            (Some(Ok(())), _) => RoundEnd::Over,
            (Some(Err(_)), None) => RoundEnd::Failed,
            (Some(Err(_)) | None, _) => RoundEnd::Left,
        };
        let all_ended = self.workers().join_within(LAST_TURN, end);
        if !all_ended {
            self.shared.observer.event(EngineEvent::LeftBehind(LAST_TURN));
        }
        let Some(io) = self.io.take() else { return };
        match (self.saving.take(), &self.shared.durable) {
            // With a wait: the next engine uses the same files.
            (Some(Saving { gone, journal_writer, checkpointer, kept }), Some(durable)) => {
                checkpointer.abort();
                // It waits for workers too, while it exchanges them.
                let limit = if all_ended { Duration::MAX } else { LAST_WRITE };
                let _ = kept.recv_timeout(limit);
                // It may have exchanged them meanwhile.
                self.workers().join_within(LAST_TURN, end);
                gone.send_replace(true);
                // On another thread: asynchronous code may drop an engine, and must not block. Before the journal writer ends:
                // it writes all that the sources gave it, and later nothing can be given to it any more.
                drop(thread::spawn(move || io.shutdown_timeout(LAST_WRITE)).join());
                durable.stop_journal();
                // If the journal writer panicked, it has reported that.
                drop(journal_writer.join());
            }
            // Without a wait: a read from a terminal or a pipe may never return.
            _ => io.shutdown_background(),
        }
    }
}

/// Follows a run to its end.
pub(super) struct Supervisor {
    pub shared: Arc<Shared>,
    pub workers: Arc<RwLock<Workers>>,
    pub entrances: Entrances,
    pub inlets: Arc<Mutex<Inlets>>,
    pub sinks: SinkTasks,
    /// The sinks end when it is dropped.
    pub senders: Senders,
    pub news: UnboundedReceiver<News>,
    pub stop: watch::Sender<bool>,
    pub outcome: watch::Sender<Outcome>,
}

/// The stages of a run. Each begins when the one before is over.
enum Stage {
    Reading,
    /// The sources have ended, and their guests are asked to.
    Parting,
    /// The journal writer writes what was read.
    Journaling(oneshot::Receiver<()>),
    Draining,
    /// The last checkpoint is made.
    Saving(oneshot::Receiver<()>),

    Writing,
    /// What other processes know of messages comes home.
    ComingHome(oneshot::Receiver<()>),
    /// A part has failed. Its error will come as news.
    Failing,
}

impl Supervisor {
    /// Follows the run and publishes its outcome.
    pub async fn run(mut self) {
        let outcome = self.follow().await;
        if outcome.is_err() {
            Inlets::stop(&self.inlets, &self.stop);
            self.shared.abort.store(true, Ordering::Release);
            self.shared.queues.iter().for_each(|queues| queues.wake());
            self.shared.gate.wake_looker();
        }
        self.outcome.send_replace(Some(outcome.map_err(Arc::new)));
    }

    async fn follow(&mut self) -> Result<(), EngineError> {
        let mut stage = Stage::Reading;
        let mut working = self.shared.settings.all_workers(self.shared.settings.workers).get();
        loop {
            stage = self.advance(stage, working);
            if matches!(stage, Stage::Writing) && self.sinks.is_empty() {
                match self.workers.read().come_home() {
                    Some(home) => stage = Stage::ComingHome(home),
                    None => return Ok(()),
                }
            }
            let waiting = match &mut stage {
                Stage::Journaling(done) | Stage::Saving(done) | Stage::ComingHome(done) => {
                    Some(done)
                }
                Stage::Reading
                | Stage::Parting
                | Stage::Draining
                | Stage::Writing
                | Stage::Failing => None,
            };
            let waits = waiting.is_some();
            let done = async {
                match waiting {
                    Some(done) => done.await.is_ok(),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                Some(news) = self.news.recv() => match news {
                    News::Drained => {
                        debug_assert!(working > 0, "each worker drains once");
                        working = working.saturating_sub(1);
                    }
                    News::Replaced(workers) => working = workers,
                    News::Stop => {
                        self.part();
                        self.shared.gate.finish(self.shared.clock.now());
                        self.shared.queues.iter().for_each(|queues| queues.wake());
                        self.shared.gate.wake_looker();
                    }
                    News::Failed(error) => return Err(error),
                },
                Some(sink) = self.sinks.join_next() => match sink {
                    Ok(result) => result?,
                    Err(panic) => return Err(EngineError::Threads(panic.to_string())),
                },
                Some(source) = self.entrances.sources.join_next() => ended(source)?,
                Some(guest) = self.entrances.guests.join_next() => ended(guest)?,
                done = done, if waits => stage = match stage {
                    Stage::Journaling(_) if done => self.drain(),
                    Stage::Saving(_) if done => self.close_sinks(),
                    Stage::ComingHome(_) if done => return Ok(()),
                    _ => Stage::Failing,
                },
                // Not while news can come, and `shared` has a sender of them.
                else => return Err(EngineError::Ended),
            }
        }
    }

    /// The next stage if this one is over.
    fn advance(&mut self, stage: Stage, working: usize) -> Stage {
        let Entrances { sources, guests } = &self.entrances;
        let stage = match stage {
            Stage::Reading if sources.is_empty() => {
                self.part();
                Stage::Parting
            }
            stage => stage,
        };
        match (stage, &self.shared.durable) {
            (Stage::Parting, Some(durable)) if guests.is_empty() => {
                Stage::Journaling(durable.stop_reading())
            }
            (Stage::Parting, None) if guests.is_empty() => self.drain(),
            (Stage::Draining, Some(durable)) if working == 0 => Stage::Saving(durable.save_last()),
            (Stage::Draining, None) if working == 0 => self.close_sinks(),
            (stage, _) => stage,
        }
    }

    /// Ends the guests of the sources. What was given to them before is processed.
    fn part(&self) {
        Inlets::stop(&self.inlets, &self.stop);
    }

    fn drain(&self) -> Stage {
        self.shared.queues.iter().for_each(|queues| queues.close());
        Stage::Draining
    }

    fn close_sinks(&mut self) -> Stage {
        self.senders.clear();
        Stage::Writing
    }
}

/// What the end of a task means that let messages enter.
fn ended(task: Result<io::Result<()>, JoinError>) -> Result<(), EngineError> {
    match task {
        Ok(result) => result.map_err(EngineError::Source),
        Err(panic) => Err(EngineError::Threads(panic.to_string())),
    }
}
