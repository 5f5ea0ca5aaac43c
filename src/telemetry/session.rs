//! An engine with somebody watching: what every front end holds.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use thiserror::Error;
use tokio::sync::Notify;

use super::collector::{Collector, PipelineCounters, lock};
use super::dead_letter_file::DeadLetterFile;
use super::latency::Latency;
use super::partitions::{PartitionView, PartitionWatch};
use super::safety::{Crash, SafetyShown};
use super::snapshot::{PipelineShown, Snapshot, Totals, WorkerShown};
use super::summary::Summary;
use super::throughput::Throughput;
use crate::application::Key;
use crate::core::event::EngineEvent;
use crate::core::numbers::{Epoch, PipelineIndex, Timestamp, WorkerIndex};
use crate::core::observer::Observer;
use crate::core::partition_query::{RowQuery, RowWindow, merge};
use crate::core::partition_table::PartitionRow;
use crate::core::revival::Revival;
use crate::core::topology::{StatePlan, Topology};
use crate::endpoints::Endpoint;
use crate::runtime::{Engine, EngineError, RunState, Settings};

/// How many of the newest traces, outputs and events a snapshot has.
const SHOWN: usize = 200;

/// How often it is looked whether everything is back.
const RECOVERY_LOOK: Duration = Duration::from_millis(100);

/// The dead letters' file could not be written to its end.
#[derive(Debug, Error)]
#[error("cannot write all dead letters to their file: {0}")]
pub struct DeadLettersLost(String);

/// An engine with somebody watching.
pub struct Session {
    engine: Engine,
    collector: Arc<Collector>,
    throughput: Throughput,
    partitions: PartitionWatch,
    ended: Option<Timestamp>,
    settings: Settings,
    /// The workers that there were at the last refresh.
    workers_shown: usize,
    /// The last one, and how long it took to begin again: what came back took some more time.
    crash: Option<(Crash, Duration)>,
    /// How many messages earlier engines of this session had processed in state computations.
    stateful_before: u64,
    /// Whether something was on its way back at the last refresh.
    recovering: bool,
}

impl Session {
    /// Starts a topology, and watches it. All dead letters go to `dead_letters` too. What happens is
    /// told to the subscriber of `tracing` that this thread has: where it is a [`Log`](super::Log),
    /// snapshots show it.
    ///
    /// # Errors
    ///
    /// The engine cannot start.
    pub fn start(
        topology: Arc<Topology>,
        settings: &Settings,
        dead_letters: Option<DeadLetterFile>,
    ) -> Result<Self, EngineError> {
        let collector = Arc::new(Collector::new(&topology, settings.workers.get(), dead_letters));
        collector.reporter.begins(&topology, settings);
        let observer = Arc::clone(&collector) as Arc<dyn Observer>;
        let engine = Engine::start(topology, settings, observer)?;
        if let Some(file) = &mut *lock(&collector.dead_letter_file) {
            file.begin(engine.continues());
        }
        Ok(Self {
            engine,
            collector,
            throughput: Throughput::default(),
            partitions: PartitionWatch::default(),
            ended: None,
            settings: settings.clone(),
            workers_shown: settings.workers.get(),
            crash: None,
            stateful_before: 0,
            recovering: true,
        })
    }

    /// What runs.
    #[must_use]
    pub fn topology(&self) -> &Arc<Topology> {
        self.engine.topology()
    }

    /// Told whenever something has happened that a new snapshot would show.
    #[must_use]
    pub fn news(&self) -> Arc<Notify> {
        Arc::clone(&self.collector.news)
    }

    /// Gives bytes to a pipeline: see [`Engine::inject`].
    ///
    /// # Errors
    ///
    /// The run is ending.
    pub fn inject(&self, pipeline: PipelineIndex, bytes: Bytes) -> Result<(), EngineError> {
        self.engine.inject(pipeline, bytes)
    }

    /// Takes no more frames: see [`Engine::pause`].
    pub fn pause(&self) {
        self.engine.pause();
    }

    /// Takes frames again: see [`Engine::resume`].
    pub fn resume(&self) {
        self.engine.resume();
    }

    /// Takes one message: see [`Engine::step`].
    pub fn step(&self) {
        self.engine.step();
    }

    /// What the engine is doing.
    #[must_use]
    pub fn run_state(&self) -> RunState {
        self.engine.run_state()
    }

    /// Stops reading: see [`Engine::stop`].
    pub fn stop(&self) {
        self.engine.stop();
    }

    /// How the run ended; `None` while it has not.
    #[must_use]
    pub fn outcome(&self) -> Option<Result<(), Arc<EngineError>>> {
        self.engine.outcome()
    }

    /// Returns when the run has ended.
    pub async fn ended(&self) {
        self.engine.ended().await;
    }

    /// The addresses at which sources listen: the real ports, also where the system chose them.
    #[must_use]
    pub fn listening(&self) -> Vec<String> {
        let addresses = self.collector.pipelines.iter().map(|pipeline| pipeline.listening.get());
        addresses.flatten().map(ToString::to_string).collect()
    }

    /// Rows of a state, one window a worker. Waits for the workers.
    pub fn rows(&self, state: &Arc<str>, query: &RowQuery) -> impl Iterator<Item = RowWindow> {
        self.engine.rows(state, query).into_iter()
    }

    /// Every partition, sorted by state and key: see [`Engine::export`].
    pub fn export(&self) -> impl Iterator<Item = PartitionRow> {
        self.engine.export()
    }

    /// Gives a poisoned partition back to its computations, with its state as it is. Waits for the
    /// worker that owns it, between two of its batches, but no longer than `patience`: `None` where it
    /// has not answered by then. It does what was asked all the same.
    pub fn revive(&mut self, state: &Arc<str>, key: &Key, patience: Duration) -> Option<Revival> {
        let end = Instant::now() + patience;
        let replies = self.engine.revive(state, key);
        // No message will tell that this partition has changed.
        self.partitions.ask_anew();
        loop {
            match replies.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(Revival::NotFound) => {}
                Ok(found) => return Some(found),
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => return Some(Revival::NotFound),
            }
        }
    }

    /// Goes on with another number of workers: see [`Engine::set_workers`].
    ///
    /// # Errors
    ///
    /// Nothing is saved, so that nothing could be carried over, or the run is ending.
    pub fn set_workers(&mut self, workers: NonZeroUsize) -> Result<(), EngineError> {
        // The event that it is done comes to the collector.
        drop(self.engine.set_workers(workers)?);
        self.settings.workers = workers;
        Ok(())
    }

    /// How many workers there are, or will be when a change under way is done.
    #[must_use]
    pub fn wanted_workers(&self) -> NonZeroUsize {
        self.settings.workers
    }

    /// Takes everything out of memory, as the death of the process would, and begins again with what
    /// is saved. Connections are closed. A paused engine stays paused. Waits until the workers go on.
    ///
    /// # Errors
    ///
    /// Nothing is saved, or the engine cannot start again: then it has ended.
    pub fn crash(&mut self) -> Result<(), EngineError> {
        if self.settings.resilience.is_none() {
            return Err(EngineError::NothingSaved);
        }
        let (partitions, workers) = (self.partition_counts().0, self.engine.workers());
        let (topology, clock) = (Arc::clone(self.topology()), self.engine.clock());
        let began_with = self.engine.recovered().map_or(Epoch(0), |recovered| recovered.epoch);
        self.settings.paused = self.engine.run_state() != RunState::Running;
        let began = Instant::now();
        self.engine.crash();
        self.collector.event(EngineEvent::Crashed { workers, partitions });
        let processed = self.collector.stateful();
        let (epoch, messages) = {
            let mut checkpoints = lock(&self.collector.checkpoints);
            let epoch = checkpoints.newest().max(began_with);
            let messages = checkpoints.unsaved(processed);
            // Before the new engine counts, and makes the next one.
            checkpoints.restart(epoch, processed);
            (epoch, messages)
        };
        self.stateful_before = processed;
        self.collector.pipelines.iter().for_each(|pipeline| pipeline.pressure.forget_sinks());
        // Clients come back to the same address, also where the system chose it.
        for (source, pipeline) in self.settings.sources.iter_mut().zip(&self.collector.pipelines) {
            if let (Endpoint::Tcp(address), Some(real)) = (source, pipeline.listening.get()) {
                *address = real.to_string();
            }
        }
        let observer = Arc::clone(&self.collector) as Arc<dyn Observer>;
        let settings = &self.settings;
        let start = || Engine::start_after(clock, topology, settings, observer);
        let before_start = began.elapsed();
        // On a thread of its own: front ends are asynchronous, and a start is not.
        let started = thread::scope(|scope| scope.spawn(start).join());
        self.engine = started.unwrap_or_else(|panic| {
            Err(EngineError::Threads(format!("the start panicked: {panic:?}")))
        })?;
        self.partitions.ask_anew();
        self.recovering = true;
        let crash = Crash { workers, partitions, epoch, messages, took: began.elapsed() };
        self.crash = Some((crash, before_start));
        Ok(())
    }

    /// How many partitions there are, and how many of them messages created. Waits for the workers.
    fn partition_counts(&self) -> (usize, usize) {
        let query = RowQuery::default();
        let of_state =
            |state: &StatePlan| merge(&query, self.engine.rows(&state.name, &query).iter());
        let counts = self.topology().states().iter().map(of_state);
        counts.fold((0, 0), |(all, dynamic), state| (all + state.total, dynamic + state.dynamic))
    }

    /// What is saved, and what was lost and recovered.
    fn safety(&self) -> Option<SafetyShown> {
        let resilience = self.settings.resilience.as_ref()?;
        let recovered = self.engine.recovered();
        let crash = self.crash.clone().map(|(crash, before_start)| {
            let back = recovered.as_ref().map(|recovered| before_start + recovered.took);
            Crash { took: back.unwrap_or_default().max(crash.took), ..crash }
        });
        let mut endpoints =
            self.settings.sources.iter().chain(self.settings.sinks.iter().flatten());
        let began_with = recovered.as_ref().map_or(Epoch(0), |recovered| recovered.epoch);
        let checkpoints = lock(&self.collector.checkpoints);
        Some(SafetyShown {
            directory: resilience.directory.clone(),
            files: endpoints.any(|endpoint| matches!(endpoint, Endpoint::File(_))),
            epoch: checkpoints.newest().max(began_with),
            unsaved: checkpoints.unsaved(self.collector.stateful()),
            recovering: self.engine.is_recovering(),
            recovered,
            crash,
        })
    }

    /// Why not all dead letters are in their file, where that is so.
    #[must_use]
    pub fn dead_letters_lost(&self) -> Option<DeadLettersLost> {
        let file = lock(&self.collector.dead_letter_file);
        let failure = file.as_ref().and_then(DeadLetterFile::failure)?;
        Some(DeadLettersLost(failure.to_string()))
    }

    /// Takes note of the time and of what has happened, for a front end that looks at `view`. True
    /// where a new snapshot would show something new.
    pub fn refresh(&mut self, view: &PartitionView) -> bool {
        if self.ended.is_none() && self.engine.outcome().is_some() {
            self.ended = Some(self.engine.now());
            self.collector.reporter.flush_all();
        }
        if std::mem::replace(&mut self.workers_shown, self.engine.workers())
            != self.engine.workers()
        {
            // No message will tell that partitions have other owners.
            self.partitions.ask_anew();
        }
        let recovering = self.engine.is_recovering();
        let back = std::mem::replace(&mut self.recovering, recovering) != recovering;
        let rolled = self.roll();
        let said = self.collector.reporter.flush(self.engine.now());
        let changed = self.collector.take_changed();
        let rows = self.partitions.poll(&self.engine, view, work(&self.collector));
        rolled || said || changed || rows || back
    }

    /// Ends the seconds that have passed. True where a chart would move.
    fn roll(&mut self) -> bool {
        let was_flat = self.throughput.seconds().all(|count| count == 0);
        if !self.throughput.roll(self.engine.now(), totals(&self.collector).messages_in) {
            return false;
        }
        for pipeline in &self.collector.pipelines {
            lock(&pipeline.latency).roll();
        }
        !was_flat || self.throughput.last() > 0
    }

    /// When [`refresh`](Self::refresh) should be called again, if nothing else happens: `None` where
    /// only news can change anything.
    #[must_use]
    pub fn next_refresh(&self) -> Option<Duration> {
        let now = self.engine.now();
        let counted = totals(&self.collector).messages_in;
        let moving = counted > 0 && self.throughput.seconds().any(|count| count > 0);
        let uncounted = counted != self.throughput.counted();
        let second = (moving || uncounted).then(|| self.throughput.until_next(now));
        let rows = self.partitions.next_poll(now, work(&self.collector));
        let back = self.engine.is_recovering().then_some(RECOVERY_LOOK);
        [second, rows, back].into_iter().flatten().min()
    }

    /// What there is to see now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let collector = &self.collector;
        let latency = self.latency();
        let partitions = self.partitions.shown(work(collector));
        Snapshot {
            application: Arc::clone(self.topology().name()),
            run_state: self.engine.run_state(),
            changing_to: Some(self.settings.workers.get())
                .filter(|wanted| *wanted != self.engine.workers()),
            uptime: self.engine.now().since(Timestamp::default()),
            totals: self.totals(),
            throughput: self.throughput.clone(),
            latency: latency.total(),
            recent_latency: latency.recent(),
            latency_bars: latency.bars(),
            pipelines: self.pipelines(),
            workers: self.workers(&partitions.by_worker),
            partitions,
            traces: lock(&collector.traces).newest_first().take(SHOWN).cloned().collect(),
            outputs: lock(&collector.outputs).newest_first().take(SHOWN).cloned().collect(),
            // All that are kept: a filter finds the old ones, too.
            dead_letters: lock(&collector.dead_letters).newest_first().cloned().collect(),
            safety: self.safety(),
            events: lock(&collector.events).newest_first().take(SHOWN).cloned().collect(),
            log: collector.reporter.log().map(|log| log.shown(SHOWN)).unwrap_or_default(),
        }
    }

    /// The counts of the session, but of the partitions' messages those that they have now: what is
    /// processed again counts once.
    fn totals(&self) -> Totals {
        let counted = totals(&self.collector);
        let saved = self.engine.recovered().map_or(0, |recovered| recovered.messages);
        let stateful = saved + counted.stateful.saturating_sub(self.stateful_before);
        Totals { stateful, ..counted }
    }

    /// The latency over all pipelines.
    fn latency(&self) -> Latency {
        let mut latency = Latency::new();
        self.collector.pipelines.iter().for_each(|pipeline| latency.add(&lock(&pipeline.latency)));
        latency
    }

    fn pipelines(&self) -> Vec<PipelineShown> {
        let plans = self.topology().pipelines().iter().zip(&self.collector.pipelines);
        let shown = plans.map(|(plan, counters)| {
            let given = |at: usize| {
                let of_worker = |worker: &super::counters::WorkerCounters| {
                    worker.steps.get(at).map(super::counters::Counter::get).unwrap_or_default()
                };
                counters.workers.iter().map(of_worker).sum()
            };
            PipelineShown {
                name: Arc::clone(&plan.name),
                steps: plan
                    .steps
                    .iter()
                    .cloned()
                    .enumerate()
                    .map(|(at, step)| (step, given(at)))
                    .collect(),
                messages_in: pipeline_totals(counters).messages_in,
                messages_out: counters.outputs.get(),
                has_sink: !plan.sinks.is_empty(),
                listening: counters.listening.get().cloned(),
                held: counters.pressure.is_held(),
                sinks: counters.pressure.sinks(),
            }
        });
        shown.collect()
    }

    fn workers(
        &self,
        by_worker: &std::collections::BTreeMap<WorkerIndex, usize>,
    ) -> Vec<WorkerShown> {
        let messages = |worker: usize| {
            let of_pipeline = |pipeline: &PipelineCounters| {
                pipeline.workers.get(worker).map(|worker| worker.stateful.get()).unwrap_or_default()
            };
            self.collector.pipelines.iter().map(of_pipeline).sum()
        };
        (0..self.engine.workers())
            .map(|worker| WorkerShown {
                worker: WorkerIndex(worker),
                messages: messages(worker),
                partitions: by_worker.get(&WorkerIndex(worker)).copied().unwrap_or_default(),
            })
            .collect()
    }

    /// The figures of the run so far. Waits for the workers.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let totals = totals(&self.collector);
        let end = self.ended.unwrap_or_else(|| self.engine.now());
        let seconds = end.since(Timestamp::default()).as_secs_f64();
        let (partitions, partitions_dynamic) = self.partition_counts();
        Summary {
            app: self.topology().name().to_string(),
            workers: self.engine.workers(),
            messages_in: totals.messages_in,
            messages_out: totals.messages_out,
            filtered: totals.filtered,
            dead_letters: totals.dead_letters,
            partitions,
            partitions_dynamic,
            bytes_in: totals.bytes_in,
            bytes_out: totals.bytes_out,
            seconds,
            messages_per_second: per_second(totals.messages_in, seconds),
            latency_us: self.latency().total(),
        }
    }
}

impl Drop for Session {
    /// Whatever ends a run, the log has its figures.
    fn drop(&mut self) {
        self.collector.reporter.ends(totals(&self.collector));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate need not be exact")]
fn per_second(messages: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { messages as f64 / seconds } else { 0.0 }
}

/// A count that grows whenever a partition changes.
fn work(collector: &Collector) -> u64 {
    let workers = collector.pipelines.iter().flat_map(|pipeline| &pipeline.workers);
    workers
        .map(|worker| worker.stateful.get() + worker.created.get() + worker.dead_letters.get())
        .sum()
}

fn pipeline_totals(pipeline: &PipelineCounters) -> Totals {
    let broken = pipeline.broken.get();
    let start = Totals {
        messages_in: broken,
        messages_out: pipeline.outputs.get(),
        dead_letters: broken,
        bytes_in: pipeline.broken_bytes.get(),
        bytes_out: pipeline.bytes_out.get(),
        ..Totals::default()
    };
    pipeline.workers.iter().fold(start, |sum, worker| Totals {
        messages_in: sum.messages_in + worker.frames.get(),
        filtered: sum.filtered + worker.filtered.get(),
        dead_letters: sum.dead_letters + worker.dead_letters.get(),
        bytes_in: sum.bytes_in + worker.bytes.get(),
        saved: sum.saved + worker.saved.get(),
        stateful: sum.stateful + worker.stateful.get(),
        ..sum
    })
}

fn totals(collector: &Collector) -> Totals {
    collector.pipelines.iter().map(pipeline_totals).fold(Totals::default(), |sum, one| Totals {
        messages_in: sum.messages_in + one.messages_in,
        messages_out: sum.messages_out + one.messages_out,
        filtered: sum.filtered + one.filtered,
        dead_letters: sum.dead_letters + one.dead_letters,
        bytes_in: sum.bytes_in + one.bytes_in,
        bytes_out: sum.bytes_out + one.bytes_out,
        saved: sum.saved + one.saved,
        stateful: sum.stateful + one.stateful,
    })
}
