//! The engine: starts a topology, takes requests while it runs, and ends.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;
use std::{iter, thread};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};

use super::clock::StartClock;
use super::error::EngineError;
use super::ingress::gate::RunState;
use super::parts::{CheckpointOrder, JournalOrder, Outcome, Shared};
use super::settings::Settings;
use super::startup::{Safety, launch};
use super::workers::Crew;
use super::workers::query::{Look, Request};
use crate::application::Key;
use crate::core::clock::Clock;
use crate::core::event::Recovered;
use crate::core::numbers::{PipelineIndex, Timestamp};
use crate::core::observer::Observer;
use crate::core::partitions::query::{PartitionRow, Revival, RowQuery, RowWindow};
use crate::core::topology::Topology;
use crate::endpoints::{Injector, NotInjected};

/// How long the end waits for a write that is under way.
const LAST_WRITE: Duration = Duration::from_millis(500);

/// A topology that runs. Dropping it ends the run at once, whatever is in flight.
pub struct Engine {
    pub(super) shared: Shared,
    pub(super) injectors: Mutex<Vec<Injector>>,
    pub(super) crew: Arc<RwLock<Crew>>,
    /// `None` where nothing is saved.
    pub(super) safety: Option<Safety>,
    pub(super) stop: watch::Sender<bool>,
    pub(super) outcome: watch::Receiver<Outcome>,
    pub(super) io: Option<Runtime>,
}

impl Engine {
    /// Opens all sources and sinks, brings back what an earlier run had saved, starts the workers, and
    /// begins to read. Not to be called from asynchronous code, which it would block.
    ///
    /// # Errors
    ///
    /// A source or a sink cannot be opened, what was saved cannot be used, or threads cannot be
    /// started.
    pub fn start(
        topology: Arc<Topology>,
        settings: &Settings,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, EngineError> {
        launch(topology, settings, observer, StartClock::start())
    }

    /// As [`start`](Self::start), with the clock of an earlier engine: time goes on.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn start_after(
        earlier: EngineClock,
        topology: Arc<Topology>,
        settings: &Settings,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, EngineError> {
        launch(topology, settings, observer, earlier.0)
    }

    /// The engine's clock, for an engine that comes after it.
    #[must_use]
    pub fn clock(&self) -> EngineClock {
        EngineClock(self.shared.clock)
    }

    /// What the engine began with, as soon as all of it is back; `None` where that is nothing.
    #[must_use]
    pub fn recovered(&self) -> Option<Recovered> {
        self.safety.as_ref().and_then(|safety| safety.recovered.get()).cloned().flatten()
    }

    /// Whether something is still on its way back, so that sources have not begun.
    #[must_use]
    pub fn is_recovering(&self) -> bool {
        self.safety.as_ref().is_some_and(|safety| safety.recovered.get().is_none())
    }

    /// Whether the engine goes on with what an earlier run had begun: known at once.
    #[must_use]
    pub fn continues(&self) -> bool {
        self.safety.as_ref().is_some_and(|safety| safety.continues)
    }

    /// Asks for another number of workers: a checkpoint, then new workers that begin with it. Sources
    /// and sinks stay as they are. The answer comes when that is done; an error ends the run.
    ///
    /// # Errors
    ///
    /// Nothing is saved, so nothing could be carried over.
    pub fn set_workers(&self, workers: NonZeroUsize) -> Result<oneshot::Receiver<()>, EngineError> {
        let safety = self.safety.as_ref().ok_or(EngineError::NothingSaved)?;
        let (reply, answer) = oneshot::channel();
        let order = CheckpointOrder::SetWorkers(workers, reply);
        safety.checkpointer.send(order).map_err(|_| EngineError::Ended)?;
        Ok(answer)
    }

    /// What runs.
    #[must_use]
    pub fn topology(&self) -> &Arc<Topology> {
        &self.shared.topology
    }

    /// How many workers run it.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.crew.read().len()
    }

    /// The time since the start.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Gives bytes to a pipeline as if its source had read them. They may be anything: bytes at the
    /// end that are no whole frame become a dead letter.
    ///
    /// # Errors
    ///
    /// The engine is ending, or was not started to be injected into; or so much waits that memory
    /// would not be bounded.
    pub fn inject(&self, pipeline: PipelineIndex, bytes: Bytes) -> Result<(), EngineError> {
        let injectors = self.injectors.lock();
        let injector = injectors.get(pipeline.0).ok_or(EngineError::Ended)?;
        injector.inject(bytes).map_err(|refused| match refused {
            NotInjected::Full => EngineError::InputFull,
            NotInjected::Ended => EngineError::Ended,
        })
    }

    /// Takes no more frames. What is in flight goes on to its end.
    pub fn pause(&self) {
        self.shared.gate.pause();
    }

    /// Takes frames again.
    pub fn resume(&self) {
        self.shared.gate.resume(self.shared.clock.now());
        self.wake();
    }

    /// Takes one message, now or as soon as one comes. Pauses first where the engine runs.
    pub fn step(&self) {
        self.shared.gate.step();
        self.wake();
    }

    /// What the engine is doing.
    #[must_use]
    pub fn run_state(&self) -> RunState {
        self.shared.gate.run_state()
    }

    fn wake(&self) {
        self.crew.read().wake();
    }

    fn ask<T>(&self, look: impl Fn(mpsc::Sender<T>) -> Look) -> Receiver<T> {
        let (reply, replies) = mpsc::channel();
        self.crew.read().ask(|| Request::Look(look(reply.clone())));
        replies
    }

    /// Asks every worker for rows of a state. Each sends one window, or none where it has ended;
    /// [`merge`](crate::core::partitions::scan::merge) puts them together.
    #[must_use]
    pub fn rows(&self, state: &Arc<str>, query: &RowQuery) -> Receiver<RowWindow> {
        self.ask(|reply| Look::Rows { state: Arc::clone(state), query: query.clone(), reply })
    }

    /// Gives a poisoned partition back to its computations, with its state as it is. Each worker
    /// answers, or none where it has ended; all but the partition's owner that there is no such one.
    #[must_use]
    pub fn revive(&self, state: &Arc<str>, key: &Key) -> Receiver<Revival> {
        let replies =
            self.ask(|reply| Look::Revive { state: Arc::clone(state), key: key.clone(), reply });
        // A checkpoint has to know of it.
        self.shared.gate.change();
        replies
    }

    /// All partitions of all states, sorted by state and key. Waits for the workers, and they for
    /// whoever takes the rows: few are in memory at a time.
    pub fn export(&self) -> impl Iterator<Item = PartitionRow> {
        let replies = self.crew.read().ask_each(|| {
            let (reply, rows) = mpsc::sync_channel(1);
            (Request::Look(Look::Export { reply }), rows)
        });
        // A worker that is gone gives no rows.
        let rows = replies.into_iter().map(|rows| rows.into_iter().flatten().peekable());
        let mut sorted: Vec<_> = rows.collect();
        iter::from_fn(move || {
            let heads = sorted.iter_mut().enumerate();
            let heads = heads.filter_map(|(at, rows)| rows.peek().map(|row| (at, row)));
            let (first, _) = heads.min_by_key(|(_, row)| (&row.state, &row.key))?;
            sorted.get_mut(first)?.next()
        })
    }

    /// Stops reading. What has been read goes on to its end, and then the run has ended: it can be
    /// paused no more.
    pub fn stop(&self) {
        self.injectors.lock().clear();
        self.stop.send_replace(true);
        self.shared.gate.finish(self.shared.clock.now());
        self.wake();
    }

    /// How the run ended; `None` while it has not.
    #[must_use]
    pub fn outcome(&self) -> Option<Result<(), Arc<EngineError>>> {
        self.outcome.borrow().clone()
    }

    /// Waits until the run has ended. Not to be called from asynchronous code: see
    /// [`ended`](Self::ended).
    ///
    /// # Errors
    ///
    /// Why it could not go on.
    pub fn wait(&self) -> Result<(), Arc<EngineError>> {
        let mut outcome = self.outcome.clone();
        let ended = self
            .io
            .as_ref()
            .map(|io| io.block_on(async { outcome.wait_for(Option::is_some).await.ok()?.clone() }));
        ended.flatten().unwrap_or(Err(Arc::new(EngineError::Ended)))
    }

    /// Ends the run at once, whatever is in flight or in memory, as the death of the process would.
    /// Nobody uses its files any more when this returns.
    pub fn crash(&mut self) {
        self.stop.send_replace(true);
        self.shared.abort.store(true, Ordering::Release);
        self.wake();
        self.crew.read().join();
        let Some(io) = self.io.take() else { return };
        match self.safety.take() {
            // Not waited for: a read from a terminal or a pipe may never return.
            None => io.shutdown_background(),
            // Waited for: whoever comes next uses the same files.
            Some(Safety { task, kept, journal, gone, thread, .. }) => {
                task.abort();
                let _ = kept.recv();
                gone.send_replace(true);
                let _ = journal.send(JournalOrder::Stop);
                // A journal that panicked has told so already.
                drop(thread.join());
                // On a thread of its own: asynchronous code may drop an engine, and may not wait.
                drop(thread::spawn(move || io.shutdown_timeout(LAST_WRITE)).join());
            }
        }
    }

    /// Returns when the run has ended.
    pub async fn ended(&self) {
        let _ = self.outcome.clone().wait_for(Option::is_some).await;
    }
}

/// The clock of an engine.
#[derive(Debug, Clone, Copy)]
pub struct EngineClock(StartClock);

impl Drop for Engine {
    fn drop(&mut self) {
        self.crash();
    }
}
