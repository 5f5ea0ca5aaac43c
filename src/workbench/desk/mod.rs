//! An application with its engine and what the user sees of it: what the workbench's loop works at.

mod farewell;
mod history_file;
mod opening;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::configuration::Configuration;
use super::error::WorkbenchError;
use super::state::windows::reset_files::ResetFiles;
use super::state::{Effect, Offer, Workbench};
use super::theme::Theme;
use super::words;
use crate::core::replay::memory::RecordedInMemory;
use crate::core::topology::Topology;
use crate::resilience::{ResilienceSettings, TemporaryDirectory};
use crate::runtime::Settings;
use crate::session::Session;
use crate::session::local::Local;
use crate::session::orders::{Answer, Order};
use crate::session::past::{RECORDED, Travel};
use crate::session::remote::Remote;
use crate::session::watched::{TRACES, Watched};
use crate::session::wire::handshake::Host;
use crate::telemetry::{Snapshot, TimeWindow};
pub use farewell::Farewell;
use history_file::HistoryFile;
pub use opening::{Opening, Others, Served};

/// An application with its engine and what the user sees of it.
pub(super) struct Desk {
    pub session: Box<dyn Watched>,
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
    /// What is to be done with what has been answered.
    effects: Vec<Effect>,
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
        settings.recorded = Some(Arc::new(RecordedInMemory::new(RECORDED)));
        let mut session = Session::start(Arc::clone(&topology), &settings, dead_letters)?;
        if let Some(load) = load {
            session.load(load)?;
        }
        let mut workbench = Workbench::new(topology, theme, session.snapshot())
            .with_frame_limit(settings.frame_limit)
            .with_files(ResetFiles::of(&settings, letters.as_deref()));
        if temporary.is_some() {
            workbench = workbench.saved_for_now();
        }
        let session = Box::new(Local::from(session));
        let desk = Self::new(session, workbench, configuration);
        Ok(Self { _temporary: temporary, saved, ..desk })
    }

    /// Looks at the engine of another process.
    pub fn attach(
        topology: Arc<Topology>,
        remote: Remote,
        theme: Theme,
        configuration: &Configuration,
    ) -> Self {
        let Host { frame_limit, read, written, .. } = remote.host().clone();
        let session: Box<dyn Watched> = Box::new(remote);
        let workbench = Workbench::new(topology, theme, session.snapshot())
            .with_frame_limit(frame_limit)
            .with_files(ResetFiles { read, written });
        Self::new(session, workbench, configuration)
    }

    /// A workbench as it is configured.
    fn new(session: Box<dyn Watched>, workbench: Workbench, configuration: &Configuration) -> Self {
        let mut workbench = workbench
            .with_hands(configuration.keymap.clone(), configuration.mouse)
            .with_columns(configuration.hidden_columns.clone());
        workbench.arrange(configuration.windows);
        let history = earlier_lines(&mut workbench, configuration);
        Self {
            session,
            workbench,
            _temporary: None,
            saved: None,
            crashes: 0,
            lost: false,
            history,
            effects: Vec::new(),
        }
    }

    /// Says which applications can be gone on with, and which of them this is.
    pub fn offer(&mut self, offers: &[Offer], this: usize) {
        self.workbench.applications = offers.to_vec();
        self.workbench.application = this;
    }

    /// Looks at the engine. True if there is something new to be drawn.
    pub fn look(&mut self) -> bool {
        let mut news = self.workbench.notices.pass(Instant::now());
        for text in self.workbench.notices.take_said() {
            self.session.say(&text);
            news = true;
        }
        let sent = self.workbench.input.take_fresh();
        if let Some(history) = self.history.as_ref().filter(|_| !sent.is_empty()) {
            history.add(&sent);
        }
        news |= self.session.look(&self.workbench.view(), self.workbench.draft());
        news |= self.take_answers();
        let trouble = self.session.letters_trouble();
        if std::mem::replace(&mut self.lost, trouble.is_some()) != trouble.is_some() {
            // At once: at the end it is too late to do anything about it.
            news = true;
            match trouble {
                Some(error) => self.workbench.remark(error, true),
                None => self.workbench.remark("dead letters are written again".to_owned(), false),
            }
        }
        news
    }

    /// Gives an order to the engine.
    pub fn order(&mut self, order: Order) -> Result<(), WorkbenchError> {
        // If an engine cannot start again, there is none any more.
        self.session.order(order)?;
        self.take_answers();
        Ok(())
    }

    /// Goes to a moment of the past, or back to now.
    pub fn travel(&mut self, travel: Travel) {
        self.session.travel(travel);
        self.take_answers();
    }

    /// Takes what is to be done with what has been answered.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Says what came of orders. True if there is something.
    fn take_answers(&mut self) -> bool {
        let answers = self.session.answers();
        let any = !answers.is_empty();
        let workbench = &mut self.workbench;
        for answer in answers {
            match answer {
                Answer::Refused(why) => workbench.refused(why),
                Answer::Revived(key, revival) => workbench.revived(&key, revival),
                Answer::Pinned(key, true) => {
                    let key = words::key(&key);
                    let text =
                        format!("`{key}` is pinned: its messages are traced, up to 50 a second");
                    workbench.notify(text, false);
                }
                Answer::Pinned(key, false) => {
                    let key = words::key(&key);
                    workbench.notify(format!("`{key}` is not pinned any more"), false);
                }
                // If nothing is saved, the window of the crash says so.
                Answer::Crashed(survived) => {
                    workbench.crashed();
                    self.crashes += u64::from(survived);
                }
                Answer::Told(text) => workbench.notify(text, false),
                Answer::Test(test) => self.effects.push(Effect::SaveTest(test)),
                Answer::Killed => workbench.crashed(),
                Answer::BegunAnew => {
                    workbench.begun_anew(self.session.snapshot());
                    (self.crashes, self.lost) = (0, false);
                }
            }
        }
        any
    }

    /// Ends the load, because the application waits from now on: it would take the time of the one that is
    /// looked at. Returns what to say; `None` if there is none.
    pub fn end_load(&mut self) -> Option<String> {
        self.session.travel(Travel::Live);
        self.session.snapshot().load?;
        // Ending a load cannot fail.
        let _ = self.session.order(Order::StopLoad);
        let name = self.workbench.application_name();
        Some(format!("{name} waits as it is, and its load has ended: it would slow this one down"))
    }

    /// The last figures, and whether the workers have told how many partitions there are.
    fn last_snapshot(&mut self) -> (Snapshot, bool) {
        let stateful = !self.workbench.topology.states().is_empty();
        let patience = Instant::now() + LAST_LOOK;
        let view = self.workbench.view();
        loop {
            self.session.look(&view, None);
            let snapshot = self.session.snapshot();
            let recovering = snapshot.safety.as_ref().is_some_and(|safety| safety.recovering);
            let known = snapshot.partitions.up_to_date && !recovering;
            if !stateful || known || Instant::now() >= patience {
                return (snapshot, stateful && known);
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Ends the engine, and says what was. `None` if the engine is in another process and goes on.
    pub fn end(&mut self) -> Option<Farewell> {
        let is_here = self.session.here().is_some();
        self.session.travel(Travel::Live);
        let last = is_here.then(|| self.last_snapshot());
        self.session.end();
        let (snapshot, counted) = last?;
        let latency = snapshot.latency(TimeWindow::All).summary;
        Some(Farewell {
            application: snapshot.application.to_string(),
            uptime: snapshot.uptime,
            messages: snapshot.totals.messages_in,
            generated: self.session.here()?.messages_of_load(),
            partitions: counted.then_some(snapshot.partitions.total),
            dead_letters: snapshot.totals.dead_letters,
            p99: (latency.count > 0).then_some(latency.p99),
            crashes: self.crashes,
            saved: self.saved.take(),
        })
    }
}

/// Gives the input line what was sent in earlier runs. Returns where lines are kept, unless they are not.
fn earlier_lines(workbench: &mut Workbench, configuration: &Configuration) -> Option<HistoryFile> {
    let of = |name: &str| std::env::var(name).ok();
    let history = configuration.history.then(|| HistoryFile::of(workbench.application_name(), of));
    let history = history.flatten()?;
    workbench.input.remember(history.lines());
    Some(history)
}

/// The longest wait for workers that are asked for the last time how many partitions they have.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// How often it is looked whether they have answered.
const LOOK: Duration = Duration::from_millis(2);
