//! The engine: starts a topology, takes requests while it runs, and ends.

mod asking;
mod entrance;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::durable::Durable;
use super::earlier::Earlier;
use super::error::EngineError;
use super::ingress::gate::RunState;
use super::ingress::waits::Waits;
use super::parts::Inlets;
use super::settings::Settings;
use super::shared::Shared;
use super::shutdown::Running;
use super::startup::start;
use super::taking_back::TakesBack;
use crate::core::clock::Clock;
use crate::core::event::Recovered;
use crate::core::frames::pins::Pin;
use crate::core::load::pace::Pace;
use crate::core::load::settings::Mix;
use crate::core::numbers::{PipelineIndex, Timestamp};
use crate::core::observer::Observer;
use crate::core::topology::Topology;
use crate::endpoints::{Budget, InputFull, LoadOrder, LoadProgress};
pub use entrance::{AtEntrance, Entrance};

/// A running topology. Its drop ends the run at once, and drops what is in flight.
pub struct Engine(Running);

impl Engine {
    /// Opens all sources and sinks, recovers what an earlier run has saved, starts the workers, and begins to
    /// read. It blocks: do not call it from asynchronous code.
    ///
    /// # Errors
    ///
    /// A source or a sink cannot be opened, the saved state cannot be used, or threads cannot be started.
    pub fn start(
        topology: Arc<Topology>,
        settings: &Settings,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, EngineError> {
        start(topology, settings, observer, None).map(Self)
    }

    /// As [`start`](Self::start), after an engine of the same topology: time and the messages' numbers go on.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn start_after(
        earlier: Earlier,
        topology: Arc<Topology>,
        settings: &Settings,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, EngineError> {
        start(topology, settings, observer, Some(earlier)).map(Self)
    }

    /// What goes on in an engine that comes after this one.
    pub fn earlier(&self) -> Earlier {
        let Shared { clock, numbers, pins, .. } = self.shared();
        let injectors = self.0.inlets.lock().injectors.clone();
        Earlier { clock: *clock, numbers: numbers.clone(), pins: Arc::clone(pins), injectors }
    }

    /// Traces every message of a key from now on, where the key is made: its trace begins with the partition step.
    /// Of all pinned keys together as many as [`PINNED_TRACES`](crate::core::frames::pins::PINNED_TRACES) says.
    /// False if [`PIN_LIMIT`](crate::core::frames::pins::PIN_LIMIT) others are pinned.
    #[must_use]
    pub fn pin(&self, pin: Pin) -> bool {
        self.shared().pins.pin(pin)
    }

    /// Takes a pin away. False if there was none.
    pub fn unpin(&self, pin: &Pin) -> bool {
        self.shared().pins.unpin(pin)
    }

    /// The pinned keys, in the order in which they were pinned.
    pub fn pinned(&self) -> Arc<[Pin]> {
        self.shared().pins.pinned()
    }

    fn shared(&self) -> &Shared {
        &self.0.shared
    }

    fn durable(&self) -> Option<&Durable> {
        self.shared().durable.as_ref()
    }

    /// What was recovered. `None` until the recovery is complete, and if nothing was saved.
    pub fn recovered(&self) -> Option<Recovered> {
        self.durable().and_then(|durable| durable.recovered.get()).cloned().flatten()
    }

    /// Whether the recovery is under way. The sources have not begun then.
    pub fn is_recovering(&self) -> bool {
        self.durable().is_some_and(|durable| durable.recovered.get().is_none())
    }

    /// Whether the engine continues an earlier run. Known from the start on.
    pub fn continues(&self) -> bool {
        self.durable().is_some_and(|durable| durable.continues)
    }

    /// Changes the number of workers: makes a checkpoint, then starts new workers that begin with it. Sources
    /// and sinks go on. The answer comes when that is done; an error ends the run.
    ///
    /// # Errors
    ///
    /// The run does not save, so the new workers would have no partitions.
    pub fn set_workers(&self, workers: NonZeroUsize) -> Result<oneshot::Receiver<()>, EngineError> {
        self.durable().ok_or(EngineError::NothingSaved)?.set_workers(workers)
    }

    /// Makes a checkpoint now, if anything has changed since the last one. The answer comes when it counts; if the run
    /// ends before, or nothing is saved, the sender is dropped. Nothing waits for it here.
    pub fn save(&self) -> Receiver<()> {
        self.durable().map_or_else(|| mpsc::channel().1, Durable::save)
    }

    /// What takes messages back. `None` if nothing is saved.
    pub fn takes_back(&self) -> Option<TakesBack> {
        let durable = self.durable()?.clone();
        let injectors = self.0.inlets.lock().injectors.clone();
        let (budgets, may_begin) = (self.0.budgets.clone(), self.0.may_begin.clone());
        Some(TakesBack { durable, injectors, budgets, may_begin })
    }

    /// Whether messages that sources read are traced from now on, if [`Settings::traces`] allows it. They are from the
    /// start on.
    pub fn trace(&self, on: bool) {
        self.shared().tracing.store(on, Ordering::Relaxed);
    }

    /// The topology that runs.
    pub fn topology(&self) -> &Arc<Topology> {
        &self.shared().topology
    }

    /// The number of workers.
    pub fn workers(&self) -> usize {
        self.0.workers().len()
    }

    /// The time since the start.
    pub fn now(&self) -> Timestamp {
        self.shared().clock.now()
    }

    /// Gives bytes to a pipeline as if its source had read them. They may be anything: bytes at the end that
    /// are not a whole frame become a dead letter.
    ///
    /// # Errors
    ///
    /// The engine is ending or has failed, the [`Settings`] do not allow it, or too many bytes wait already.
    pub fn inject(&self, pipeline: PipelineIndex, bytes: Bytes) -> Result<(), EngineError> {
        // Locked while it is asked for the stop: what is injected before a stop is read.
        let inlets = self.0.inlets.lock();
        if self.is_stopping() {
            return Err(EngineError::Ended);
        }
        let injector = inlets.injectors.get(pipeline.0).ok_or(EngineError::Ended)?;
        injector.inject(bytes).map_err(|InputFull| EngineError::InputFull)
    }

    /// Begins, changes or ends (`None`) the generated load of a pipeline. Its messages enter as injected ones do.
    ///
    /// # Errors
    ///
    /// The pipeline has no generator, the engine is ending, or the [`Settings`] do not allow it.
    pub fn load(
        &self,
        pipeline: PipelineIndex,
        load: Option<(Pace, Mix, u64)>,
    ) -> Result<(), EngineError> {
        if *self.0.stop.borrow() {
            return Err(EngineError::Ended);
        }
        let inlets = self.0.inlets.lock();
        let loader = inlets.loaders.get(pipeline.0).ok_or(EngineError::Ended)?;
        let loader = loader.as_ref().ok_or(EngineError::NoGenerator)?;
        let at = self.now();
        loader.order(load.map(|(pace, mix, seed)| LoadOrder { pace, mix, seed, at, anew: false }));
        Ok(())
    }

    /// How far the loads of the pipelines are, of those that have a generator.
    pub fn load_progress(&self) -> Vec<LoadProgress> {
        let now = self.now();
        self.0.inlets.lock().loaders.iter().flatten().map(|loader| loader.progress(now)).collect()
    }

    /// Takes no more frames. Frames in flight are processed to their end.
    pub fn pause(&self) {
        let _ = self.shared().gate.pause();
    }

    /// Takes frames again.
    pub fn resume(&self) {
        if self.run_state() == RunState::Running {
            return;
        }
        let now = self.shared().clock.now();
        self.shared().gate.resume(now);
        self.0.inlets.lock().loaders.iter().flatten().for_each(|loader| loader.resumed(now));
        self.wake();
    }

    /// Takes one message, or waits for one. Pauses first if the engine runs.
    pub fn step(&self) {
        self.shared().gate.step();
        self.wake();
    }

    /// What the engine is doing.
    pub fn run_state(&self) -> RunState {
        self.shared().gate.run_state()
    }

    /// What waits: all that has been read and not been taken, while the engine is paused or behind.
    pub fn waits(&self) -> Waits {
        self.shared().queues.iter().map(|queues| queues.waits()).sum()
    }

    /// Whether the sources read: the recovery is complete, and nothing has stopped them.
    pub fn reads(&self) -> bool {
        *self.0.may_begin.borrow() && !self.is_stopping()
    }

    /// Whether another process was asked to stop the run.
    pub fn was_asked_to_stop(&self) -> bool {
        self.shared().stop_asked.load(Ordering::Acquire)
    }

    /// Whether the run is ending: nothing is read any more.
    pub fn is_stopping(&self) -> bool {
        *self.0.stop.borrow()
    }

    /// Of each pipeline, how many bytes are charged to its budget, and the limit.
    pub fn budgets(&self) -> Vec<(usize, usize)> {
        self.0.budgets.iter().map(|budget| (budget.used(), Budget::limit())).collect()
    }

    /// How many bytes of frames the journal has; `None` if nothing is saved.
    pub fn journal_bytes(&self) -> Option<u64> {
        self.durable().map(Durable::journal_bytes)
    }

    fn wake(&self) {
        self.0.workers().wake();
        self.shared().gate.wake_looker();
    }

    /// Stops reading. What was read is processed to its end, then the run ends. It cannot be paused any
    /// more.
    pub fn stop(&self) {
        Inlets::stop(&self.0.inlets, &self.0.stop);
        self.shared().gate.finish(self.shared().clock.now());
        self.wake();
    }

    /// How the run ended. `None` while it runs.
    pub fn outcome(&self) -> Option<Result<(), Arc<EngineError>>> {
        self.0.outcome.borrow().clone()
    }

    /// Waits until the run has ended. It blocks: asynchronous code uses [`ended`](Self::ended).
    ///
    /// # Errors
    ///
    /// Why it could not go on.
    pub fn wait(&self) -> Result<(), Arc<EngineError>> {
        let mut outcome = self.0.outcome.clone();
        let ended =
            self.0.io.as_ref().map(|io| {
                io.block_on(async { outcome.wait_for(Option::is_some).await.ok()?.clone() })
            });
        ended.flatten().unwrap_or(Err(Arc::new(EngineError::Ended)))
    }

    /// Ends the run at once, and loses what is in flight and in memory, as the death of the process would; but what was
    /// injected and has not entered goes on in [`earlier`](Self::earlier). Its files are closed when this returns.
    pub fn crash(&mut self) {
        self.0.crash();
    }

    /// Returns when the run has ended.
    pub async fn ended(&self) {
        let _ = self.0.outcome.clone().wait_for(Option::is_some).await;
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.crash();
    }
}
