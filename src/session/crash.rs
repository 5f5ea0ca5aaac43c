//! Crash on purpose and recovery of a session's engine, and a change of its number of workers.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::Session;
use super::counting::Counting;
use super::totals::work;
use crate::core::event::{ClusterNews, EngineEvent};
use crate::core::numbers::Epoch;
use crate::core::observer::Observer;
use crate::endpoints::Endpoint;
use crate::runtime::{Engine, EngineError};
use crate::telemetry::safety::{Checkpoints, Crash, SafetyShown};

/// How often all children are started anew before a loss is final.
const RESTARTS: usize = 3;

impl Session {
    /// Goes on with another number of workers: see [`Engine::set_workers`].
    ///
    /// # Errors
    ///
    /// Nothing is saved, so that nothing could be carried over, or the run is ending.
    pub fn set_workers(&mut self, workers: NonZeroUsize) -> Result<(), EngineError> {
        // The collector gets an event when it is done, so the receiver is not needed.
        drop(self.engine.set_workers(workers)?);
        self.settings.workers = workers;
        Ok(())
    }

    /// How many workers there are, or will be when a change under way is done.
    #[must_use]
    pub fn wanted_workers(&self) -> NonZeroUsize {
        self.settings.workers
    }

    /// Drops everything in memory, as the end of the process would, and starts again from what is saved; but what was
    /// injected and has not entered is kept. Connections are closed. A paused engine stays paused. Waits until the workers
    /// go on.
    ///
    /// # Errors
    ///
    /// Nothing is saved, or the engine cannot start again: then it has ended.
    pub fn crash(&mut self) -> Result<(), EngineError> {
        self.start_again(|| Ok(()))
    }

    /// Goes on from the last checkpoint if a child of this process is lost. False if that cannot be.
    pub(super) fn goes_on_after_loss(&mut self) -> bool {
        let Some(Err(error)) = self.engine.outcome() else { return false };
        let cluster = self.settings.cluster.clone();
        let children = cluster.as_ref().and_then(|cluster| cluster.children());
        match (&*error, children) {
            (error, Some(children)) if error.is_loss() && self.settings.resilience.is_some() => {
                self.collector.event(EngineEvent::Cluster(ClusterNews::Lost(error.to_string())));
                let restart = || {
                    let started = children.restart();
                    started.map_err(|error| EngineError::Threads(error.to_string()))
                };
                // Another one may be lost while they start.
                (0..RESTARTS).any(|_| self.start_again(restart).is_ok())
            }
            _ => false,
        }
    }

    /// Drops everything in memory, and starts again from what is saved. `before` is done between the two.
    fn start_again(
        &mut self,
        before: impl FnOnce() -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        if self.settings.resilience.is_none() {
            return Err(EngineError::NothingSaved);
        }
        let (partitions, workers) = (self.partitions_in_memory(), self.engine.workers());
        let (topology, earlier) = (Arc::clone(self.engine.topology()), self.engine.earlier());
        self.settings.paused = self.stays_paused();
        let began = Instant::now();
        self.engine.crash();
        self.breakpoints.forget();
        // Not before: more of them may enter until then, and the journal may have them.
        self.load_before_crash();
        self.collector.event(EngineEvent::Crashed { workers, partitions });
        let processed = self.collector.stateful();
        let (epoch, messages) = {
            let mut checkpoints = self.collector.checkpoints.lock();
            let epoch = self.newest_epoch(&checkpoints);
            let messages = checkpoints.unsaved(processed);
            // Before the new engine processes messages and makes a checkpoint.
            checkpoints.restart(epoch, processed);
            (epoch, messages)
        };
        self.stateful_before = processed;
        self.undone.begin_again();
        for pipeline in &self.collector.pipelines {
            pipeline.pressure.forget_sinks();
            pipeline.clients.lock().forget();
            // The file is read again from the checkpoint on.
            pipeline.ended.store(false, Ordering::Release);
        }
        self.keep_addresses();
        let observer = Arc::clone(&self.collector) as Arc<dyn Observer>;
        let settings = &self.settings;
        let start = || Engine::start_after(earlier, topology, settings, observer);
        before()?;
        let before_start = began.elapsed();
        self.engine = apart(start)?;
        self.breakpoints.enter(self.engine.entrance());
        self.disturb();
        (self.recovering, self.ended) = (true, None);
        let crash = Crash { workers, partitions, epoch, messages, took: began.elapsed() };
        self.crash = Some((crash, before_start));
        // First: an engine that was stopped takes no load.
        self.carry_over();
        self.load_again();
        Ok(())
    }

    /// Clients come back to the same address, also if the system chose the port.
    pub(super) fn keep_addresses(&mut self) {
        for (source, pipeline) in self.settings.sources.iter_mut().zip(&self.collector.pipelines) {
            if let (Endpoint::Tcp(address), Some(real)) = (source, pipeline.listening.get()) {
                *address = real.to_string();
            }
        }
    }

    /// How many partitions there are; of an engine that has failed, as many as were seen last.
    fn partitions_in_memory(&self) -> usize {
        if self.engine.outcome().is_none() {
            return self.partition_counts().0;
        }
        let recovered = self.engine.recovered().map_or(0, |recovered| recovered.partitions);
        recovered.max(self.look.partitions(work(&self.collector)).total)
    }

    /// How many partitions there are, and how many of them messages created. Waits for the workers.
    pub(crate) fn partition_counts(&self) -> (usize, usize) {
        Counting::of(&self.engine).wait(Duration::MAX).total()
    }

    /// The number of the newest whole checkpoint, of this engine or of those before it.
    pub(super) fn newest_epoch(&self, checkpoints: &Checkpoints) -> Epoch {
        let began_with = self.engine.recovered().map_or(Epoch(0), |recovered| recovered.epoch);
        checkpoints.newest().max(began_with)
    }

    /// What is saved, and what was lost and recovered.
    pub(crate) fn safety(&self) -> Option<SafetyShown> {
        let resilience = self.settings.resilience.as_ref()?;
        let recovered = self.engine.recovered();
        let crash = self.crash.clone().map(|(crash, before_start)| {
            let back = recovered.as_ref().map(|recovered| before_start + recovered.took);
            Crash { took: back.unwrap_or_default().max(crash.took), ..crash }
        });
        let mut endpoints =
            self.settings.sources.iter().chain(self.settings.sinks.iter().flatten());
        let checkpoints = self.collector.checkpoints.lock();
        Some(SafetyShown {
            directory: resilience.directory.clone(),
            files: endpoints.any(|endpoint| matches!(endpoint, Endpoint::File(_))),
            epoch: self.newest_epoch(&checkpoints),
            unsaved: checkpoints.unsaved(self.collector.stateful()),
            recovering: self.engine.is_recovering(),
            recovered,
            crash,
        })
    }
}

/// Starts an engine on a thread of its own: front ends are asynchronous, and a start blocks.
pub(super) fn apart(
    start: impl FnOnce() -> Result<Engine, EngineError> + Send,
) -> Result<Engine, EngineError> {
    let started = thread::scope(|scope| scope.spawn(start).join());
    started
        .unwrap_or_else(|panic| Err(EngineError::Threads(format!("the start panicked: {panic:?}"))))
}
