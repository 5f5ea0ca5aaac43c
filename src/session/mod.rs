//! An engine and what is measured of it: every front end holds a [`Session`].

pub mod asked;
mod branching;
mod breakpoints;
#[cfg(feature = "workbench")]
pub mod control;
pub mod counting;
mod crash;
mod ending;
mod load;
mod load_state;
pub mod local;
mod look;
#[cfg(feature = "workbench")]
mod looks;
mod measure;
pub mod orders;
pub mod past;
mod processes;
#[cfg(feature = "workbench")]
pub mod remote;
mod reset;
mod rewind;
mod rewinding;
mod searches;
mod searching;
mod seconds;
#[cfg(feature = "workbench")]
pub mod starting;
#[cfg(feature = "workbench")]
pub mod status;
pub mod top_keys;
mod totals;
mod travelling;
mod undo;
mod view;
pub mod watched;
pub mod what_if;
#[cfg(feature = "workbench")]
pub mod wire;

use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::application::Key;
use crate::core::numbers::Timestamp;
use crate::core::observer::Observer;
use crate::core::partitions::query::Revival;
use crate::core::topology::Topology;
use crate::runtime::{Engine, EngineError, Settings};
use crate::telemetry::Draft;
use crate::telemetry::collector::Collector;
use crate::telemetry::dead_letter_file::{DeadLetterFile, DeadLettersLost};
use crate::telemetry::histories::Histories;
use crate::telemetry::partitions::PartitionView;
use crate::telemetry::safety::Crash;
use crate::telemetry::throughput::Throughput;
use crate::telemetry::traced::Traced;
use breakpoints::Breakpoints;
use load_state::Load;
use look::{Look, Moment};
use past::Places;
use rewind::Rewind;
use searches::{Shrinking, Testing};
use totals::work;
use undo::Undone;
use what_if::Branch;

/// How often it is checked whether the recovery is complete.
const RECOVERY_LOOK: Duration = Duration::from_millis(100);

/// How often the log writes the counts of frequent events.
const COUNTED_LINES: Duration = Duration::from_secs(1);

/// An engine and what is measured of it. A crash replaces the engine, and the figures go on.
pub struct Session {
    engine: Engine,
    collector: Arc<Collector>,
    throughput: Throughput,
    traced: Traced,
    /// What the partitions of each worker have processed.
    worker_throughput: Vec<Throughput>,
    look: Look,
    /// Grows whenever partitions have changed without a message.
    disturbed: u64,
    /// Whether messages that sources read are traced.
    tracing: bool,
    /// Whether it was stopped: so is each engine that takes another one's place.
    stopping: bool,
    /// How many resets there were.
    resets: u64,
    /// The traced messages of each partition.
    histories: Mutex<Histories>,
    ended: Option<Timestamp>,
    settings: Settings,
    /// The workers that there were at the last refresh.
    workers_shown: usize,
    /// The last crash, and the time until the new engine was started, without its recovery.
    crash: Option<(Crash, Duration)>,
    /// How many messages earlier engines of this session had processed in state computations.
    stateful_before: u64,
    /// Whether a recovery was under way at the last refresh.
    recovering: bool,
    load: Load,
    /// The past as the front end of this process looks at it, and the places of all that look at it.
    rewind: Rewind,
    places: Places,
    breakpoints: Breakpoints,
    /// The branch that is looked at.
    branch: Option<Branch>,
    /// The search for a smallest input, or what it has found.
    shrinking: Option<Shrinking>,
    /// The test that is being made.
    testing: Option<Testing>,
    undone: Undone,
}

impl Session {
    /// Starts an engine. All dead letters go to `dead_letters` too. Events go to the `tracing` subscriber
    /// of this thread: if it is a [`Log`](crate::telemetry::Log), snapshots show them.
    ///
    /// # Errors
    ///
    /// The engine cannot start.
    pub fn start(
        topology: Arc<Topology>,
        settings: &Settings,
        dead_letters: Option<DeadLetterFile>,
    ) -> Result<Self, EngineError> {
        let breakpoints = Breakpoints::new(Arc::clone(&topology));
        Self::begin(topology, settings, (dead_letters, breakpoints), Engine::start)
    }

    /// The same, with an engine that is started by `start`.
    fn begin(
        topology: Arc<Topology>,
        settings: &Settings,
        (dead_letters, mut breakpoints): (Option<DeadLetterFile>, Breakpoints),
        start: impl FnOnce(Arc<Topology>, &Settings, Arc<dyn Observer>) -> Result<Engine, EngineError>,
    ) -> Result<Self, EngineError> {
        let mut collector = Collector::new(&topology, settings.workers.get(), dead_letters);
        collector.name_sinks(&settings.sinks);
        let collector = Arc::new(collector);
        collector.reporter.begins(&topology, settings);
        let observer = Arc::clone(&collector) as Arc<dyn Observer>;
        let mut settings = settings.clone();
        settings.examiner = Some(breakpoints.examiner());
        settings.passes = settings.cluster.is_none().then(|| breakpoints.passes());
        breakpoints.begin(&collector.news, settings.cluster.is_none());
        let engine = start(topology, &settings, observer)?;
        breakpoints.enter(engine.entrance());
        if let Some(letters) = &collector.letters {
            let told = Arc::downgrade(&collector);
            let tell = move |news| {
                if let Some(collector) = told.upgrade() {
                    collector.letters_told(news);
                }
            };
            letters
                .begin(engine.continues(), Box::new(tell))
                .map_err(|error| EngineError::Threads(error.to_string()))?;
        }
        Ok(Self {
            engine,
            look: Look::new(settings.frame_limit, Arc::clone(&collector.news)),
            disturbed: 0,
            tracing: true,
            stopping: false,
            resets: 0,
            collector,
            throughput: Throughput::default(),
            traced: Traced::default(),
            worker_throughput: Vec::new(),
            histories: Mutex::default(),
            ended: None,
            workers_shown: settings.workers.get(),
            settings,
            crash: None,
            stateful_before: 0,
            recovering: true,
            load: Load::default(),
            rewind: Rewind::to_stops(),
            places: Places::default(),
            breakpoints,
            branch: None,
            shrinking: None,
            testing: None,
            undone: Undone::default(),
        })
    }

    /// The engine, to pause it, to give it messages and to ask it. It is another one after each
    /// [`crash`](Self::crash) and [`reset`](Self::reset).
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Notified when a new snapshot would differ. It is another one after each [`reset`](Self::reset).
    #[must_use]
    pub fn news(&self) -> Arc<Notify> {
        Arc::clone(&self.collector.news)
    }

    /// The addresses at which sources listen: the real ports, also if the system chose them.
    #[must_use]
    pub fn listening(&self) -> Vec<String> {
        let addresses = self.collector.pipelines.iter().map(|pipeline| pipeline.listening.get());
        addresses.flatten().map(ToString::to_string).collect()
    }

    /// Gives a poisoned partition back to its computations, with its state as it is. Waits for the
    /// worker that owns it, between two of its batches, for at most `patience`: `None` if it has not
    /// answered by then, and revives the partition later.
    pub fn revive(&mut self, state: &Arc<str>, key: &Key, patience: Duration) -> Option<Revival> {
        let end = Instant::now() + patience;
        let replies = self.engine.revive(state, key);
        // Counters do not change when a partition is revived.
        self.disturb();
        loop {
            match replies.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(Revival::NotFound) => {}
                Ok(found) => return Some(found),
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => return Some(Revival::NotFound),
            }
        }
    }

    /// Why not all dead letters are in their file: they cannot be written now, or some are lost. `None` if
    /// all are.
    #[must_use]
    pub fn dead_letters_lost(&self) -> Option<DeadLettersLost> {
        self.collector.letters.as_ref()?.trouble()
    }

    /// Puts what a front end has told its user into the log.
    pub fn say(&self, text: &str) {
        self.collector.reporter.told(text);
    }

    /// Looks from now on at what this message would do, or at none: snapshots say it.
    pub fn look_ahead(&mut self, draft: Option<Draft>) {
        self.look.look_ahead(draft);
    }

    /// Whether it is still being found out what the message would do.
    #[must_use]
    pub fn is_looking_ahead(&self) -> bool {
        self.look.is_looking_ahead(&self.engine, work(&self.collector))
    }

    /// Updates the figures, for a front end that shows `view`. True if a new snapshot would differ.
    pub fn refresh(&mut self, view: &PartitionView) -> bool {
        let updated = self.update();
        let looked = self.look_back(view) | self.look_at_searches();
        let branched = self.branch.as_ref().is_some_and(Branch::take_changed);
        self.look.poll(&self.engine, view, self.moment()) || updated || looked || branched
    }

    /// Updates the figures, but no rows of partitions. True if anything has changed.
    pub(crate) fn update(&mut self) -> bool {
        self.stopping |= self.engine.was_asked_to_stop();
        if self.ended.is_none() && self.engine.outcome().is_some() && !self.goes_on_after_loss() {
            self.ended = Some(self.engine.now());
            self.collector.reporter.flush_all();
        }
        if std::mem::replace(&mut self.workers_shown, self.engine.workers())
            != self.engine.workers()
        {
            // Counters do not change when partitions get other owners.
            self.disturb();
        }
        let recovering = self.engine.is_recovering();
        let back = std::mem::replace(&mut self.recovering, recovering) != recovering;
        let load = self.watch_load();
        let stopped = self.watch_breakpoints() | self.watch_undo();
        let rolled = self.roll();
        let said = self.collector.reporter.flush(self.engine.now());
        let changed = self.collector.take_changed();
        if changed {
            let begun = self.collector.begun.lock().take();
            self.histories.get_mut().note(begun);
        }
        rolled || said || changed || back || load || stopped
    }

    /// Whether messages that sources read are traced from now on, if the settings allow it.
    pub fn trace(&mut self, on: bool) {
        self.tracing = on;
        self.engine.trace(on);
    }

    /// What has happened so far.
    fn moment(&self) -> Moment {
        Moment { work: work(&self.collector), disturbed: self.disturbed }
    }

    /// Partitions have changed without a message.
    fn disturb(&mut self) {
        self.disturbed += 1;
        self.look.ask_anew();
    }
}

impl Drop for Session {
    /// The log gets the figures of the run, however it ends.
    fn drop(&mut self) {
        self.close();
    }
}
