//! An application with its engine and what the user sees of it: what the workbench's loop works at.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::configuration::Configuration;
use super::error::WorkbenchError;
use super::farewell::Farewell;
use super::history_file::HistoryFile;
use super::opening::Opening;
use super::state::windows::reset_files::ResetFiles;
use super::state::{Effect, Offer, Workbench};
use super::theme::Theme;
use super::words;
use crate::core::frames::pins::PIN_LIMIT;
use crate::core::frames::trace_budget::TraceRate;
use crate::endpoints::Endpoint;
use crate::resilience::{ResilienceSettings, TemporaryDirectory};
use crate::runtime::{EngineError, MAX_WORKERS, RunState, Settings};
use crate::session::Session;
use crate::telemetry::{Snapshot, TimeWindow};

/// The longest wait for a worker to revive a partition. No key is read in that time.
const REVIVAL_PATIENCE: Duration = Duration::from_millis(200);

/// How many messages that a source read are traced, per pipeline: all of a small experiment, and of a stream as many
/// as can be looked at.
const TRACES: TraceRate = TraceRate { at_once: 200, every: Duration::from_millis(250) };

/// An application with its engine and what the user sees of it.
pub(super) struct Desk {
    pub session: Session,
    pub workbench: Workbench,
    /// The directory of checkpoints and journal if the user named none, so that crash and recovery can be
    /// tried at once. It is removed when it is dropped.
    _temporary: Option<TemporaryDirectory>,
    /// The directory that the user named.
    saved: Option<PathBuf>,
    /// How many crashes the state has survived.
    crashes: u64,
    /// Whether dead letters could not be written at the last look.
    lost: bool,
    /// Where lines are kept for the next run; `None` if they are not.
    history: Option<HistoryFile>,
}

impl Desk {
    /// Starts the engine.
    pub fn open(
        opening: Opening,
        theme: Theme,
        configuration: &Configuration,
    ) -> Result<Self, WorkbenchError> {
        let Opening { topology, settings, dead_letters, load } = opening;
        let mut settings = Settings { injectable: true, traces: Some(TRACES), ..settings };
        let saved = settings.resilience.as_ref().map(|saved| saved.directory.clone());
        let letters = dead_letters.as_ref().map(|letters| letters.path().to_owned());
        // Without a directory, nothing is saved.
        let temporary = saved.is_none().then(|| TemporaryDirectory::new().ok()).flatten();
        if let Some(directory) = &temporary {
            settings.resilience = Some(ResilienceSettings::new(directory.path().to_owned()));
        }
        let mut session = Session::start(Arc::clone(&topology), &settings, dead_letters)?;
        if let Some(load) = load {
            session.load(load)?;
        }
        let mut workbench = Workbench::new(topology, theme, session.snapshot())
            .with_frame_limit(settings.frame_limit)
            .with_hands(configuration.keymap.clone(), configuration.mouse)
            .with_columns(configuration.hidden_columns.clone())
            .with_files(reset_files(&settings, letters.as_deref()));
        workbench.arrange(configuration.windows);
        let history = configuration.history.then(|| {
            HistoryFile::of(workbench.application_name(), |name| std::env::var(name).ok())
        });
        let history = history.flatten();
        workbench.input.remember(history.as_ref().map(HistoryFile::lines).unwrap_or_default());
        if temporary.is_some() {
            workbench = workbench.saved_for_now();
        }
        Ok(Self {
            session,
            workbench,
            _temporary: temporary,
            saved,
            crashes: 0,
            lost: false,
            history,
        })
    }

    /// Says which applications can be gone on with, and which of them this is.
    pub fn offer(&mut self, offers: &[Offer], this: usize) {
        self.workbench.applications = offers.to_vec();
        self.workbench.application = this;
    }

    /// Looks at the engine. True if there is something new to be drawn.
    pub fn look(&mut self) -> bool {
        self.session.look_ahead(self.workbench.draft());
        let mut news = self.workbench.notices.pass(Instant::now());
        for text in self.workbench.notices.take_said() {
            self.session.say(&text);
            news = true;
        }
        let sent = self.workbench.input.take_fresh();
        if let Some(history) = self.history.as_ref().filter(|_| !sent.is_empty()) {
            history.add(&sent);
        }
        news |= self.session.refresh(&self.workbench.view());
        let trouble = self.session.dead_letters_lost();
        if std::mem::replace(&mut self.lost, trouble.is_some()) != trouble.is_some() {
            // At once: at the end it is too late to do anything about it.
            news = true;
            match trouble {
                Some(error) => self.workbench.remark(error.to_string(), true),
                None => self.workbench.remark("dead letters are written again".to_owned(), false),
            }
        }
        news
    }

    /// Applies an effect to the engine.
    pub fn apply(&mut self, effect: Effect) -> Result<(), WorkbenchError> {
        let (session, workbench) = (&mut self.session, &mut self.workbench);
        match effect {
            Effect::Inject(pipeline, bytes) => {
                if let Err(error) = session.engine().inject(pipeline, bytes) {
                    workbench.notify(error.to_string(), true);
                }
            }
            // The engine is asked, because the snapshot may be older.
            Effect::PauseOrResume => match session.engine().run_state() {
                RunState::Running => {
                    session.engine().pause();
                    workbench.log("paused");
                }
                RunState::Pausing | RunState::Paused | RunState::Stepping(_) => {
                    session.engine().resume();
                    workbench.log("resumed");
                }
            },
            Effect::Step => {
                session.engine().step();
                workbench.log("step: one message may enter");
            }
            Effect::Load(settings) => {
                if let Err(error) = session.load(settings) {
                    workbench.notify(error.to_string(), true);
                }
            }
            Effect::StopLoad => session.stop_load(),
            Effect::Revive { state, key } => {
                let revival = session.revive(&state, &key, REVIVAL_PATIENCE);
                workbench.revived(&key, revival);
            }
            Effect::Pin(pin) => {
                let engine = session.engine();
                let key = words::key(&pin.key);
                if engine.unpin(&pin) {
                    workbench.notify(format!("`{key}` is not pinned any more"), false);
                } else if engine.pin(pin) {
                    let text =
                        format!("`{key}` is pinned: its messages are traced, up to 50 a second");
                    workbench.notify(text, false);
                } else {
                    let text = format!("{PIN_LIMIT} keys are pinned already: unpin one first");
                    workbench.notify(text, true);
                }
            }
            Effect::Crash => {
                let crashed = session.crash();
                workbench.crashed();
                match crashed {
                    Ok(()) => self.crashes += 1,
                    // The window of the crash says that nothing is saved.
                    Err(EngineError::NothingSaved) => {}
                    // There is no engine any more.
                    Err(error) => return Err(error.into()),
                }
            }
            Effect::Reset => {
                // If it fails, there is no engine any more.
                session.reset()?;
                workbench.begun_anew(session.snapshot());
                (self.crashes, self.lost) = (0, false);
            }
            Effect::ChangeWorkers { more } => self.change_workers(more),
            // What the terminal and the loop do.
            Effect::Copy { .. }
            | Effect::Save { .. }
            | Effect::Mouse(_)
            | Effect::Switch(_)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Quit => {}
        }
        Ok(())
    }

    /// Ends the load, because the application waits from now on: it would take the time of the one that is
    /// looked at. Returns what to say; `None` if there is none.
    pub fn end_load(&mut self) -> Option<String> {
        if !self.session.has_load() {
            return None;
        }
        self.session.stop_load();
        let name = self.workbench.application_name();
        Some(format!("{name} waits as it is, and its load has ended: it would slow this one down"))
    }

    /// Goes on with one worker more, or one less.
    fn change_workers(&mut self, more: bool) {
        let now = self.session.wanted_workers().get();
        let wanted = if more { now + 1 } else { now - 1 };
        let workers = match NonZeroUsize::new(wanted) {
            None => return self.workbench.notify("one worker is the least".to_owned(), true),
            Some(workers) if wanted <= MAX_WORKERS => workers,
            Some(_) => {
                return self.workbench.notify(format!("{MAX_WORKERS} workers are the most"), true);
            }
        };
        // The header shows that it is under way, and the partitions show which have moved.
        match self.session.set_workers(workers) {
            Ok(()) => {
                let workers = words::counted(wanted as u64, "worker");
                self.workbench.log(&format!("{workers} wanted instead of {now}: checkpoint first"));
            }
            Err(error) => self.workbench.notify(error.to_string(), true),
        }
    }

    /// The last figures, and whether the workers have told how many partitions there are.
    fn last_snapshot(&mut self, stateful: bool) -> (Snapshot, bool) {
        let patience = Instant::now() + LAST_LOOK;
        let view = self.workbench.view();
        loop {
            self.session.refresh(&view);
            let snapshot = self.session.snapshot();
            let known = snapshot.partitions.up_to_date && !self.session.engine().is_recovering();
            if !stateful || known || Instant::now() >= patience {
                return (snapshot, stateful && known);
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Ends the engine, and says what was.
    pub fn end(&mut self) -> Farewell {
        let stateful = !self.workbench.topology.states().is_empty();
        let (snapshot, counted) = self.last_snapshot(stateful);
        self.session.end();
        let latency = snapshot.latency(TimeWindow::All).summary;
        Farewell {
            application: snapshot.application.to_string(),
            uptime: snapshot.uptime,
            messages: snapshot.totals.messages_in,
            generated: self.session.messages_of_load(),
            partitions: counted.then_some(snapshot.partitions.total),
            dead_letters: snapshot.totals.dead_letters,
            p99: (latency.count > 0).then_some(latency.p99),
            crashes: self.crashes,
            saved: self.saved.take(),
        }
    }
}

/// The regular files that a reset begins anew.
fn reset_files(settings: &Settings, dead_letters: Option<&Path>) -> ResetFiles {
    let regular = |path: &Path| path.is_file().then(|| path.display().to_string());
    let file = |endpoint: &Endpoint| match endpoint {
        Endpoint::File(path) => regular(path),
        _ => None,
    };
    let letters = dead_letters.and_then(regular);
    let mut written: Vec<String> = Vec::new();
    for path in settings.sinks.iter().flatten().filter_map(file).chain(letters) {
        // Pipelines may share one.
        if !written.contains(&path) {
            written.push(path);
        }
    }
    ResetFiles { read: settings.sources.iter().filter_map(file).collect(), written }
}

/// The longest wait for workers that are asked for the last time how many partitions they have.
const LAST_LOOK: Duration = Duration::from_millis(300);

/// How often it is looked whether they have answered.
const LOOK: Duration = Duration::from_millis(2);
