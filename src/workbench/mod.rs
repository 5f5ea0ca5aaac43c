//! The terminal UI: the only folder that names ratatui and crossterm.
//!
//! [`run`] is the whole program: it starts the engine, takes the terminal, and runs one loop in which
//! events become commands, commands become effects on the engine, and snapshots of the engine
//! become pictures. It draws when something has changed, and at most twenty times a second.

mod commands;
mod layout;
mod panes;
mod state;
pub mod svg;
mod terminal;
mod theme;
mod words;

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use thiserror::Error;

use crate::core::topology::Topology;
use crate::resilience::{ResilienceSettings, TemporaryDirectory};
use crate::runtime::{EngineError, MAX_WORKERS, RunState, Settings, silence_caught_panics};
use crate::session::Session;
use crate::telemetry::{DeadLetterFile, DeadLettersLost};
use terminal::screen::Screen;
use terminal::signals::Signals;

pub use commands::{COMMANDS, Command, Context, Entry};
pub use layout::Pane;
pub use panes::chooser::{Choice, Chooser, Chosen};
pub use state::{Effect, Notice, Workbench};
pub use terminal::keys::Key;
pub(crate) use terminal::last_resort::{Reported, listen as listen_to_signals, reporting};
pub use theme::Theme;

/// The shortest time between two frames.
const MIN_FRAME_TIME: Duration = Duration::from_millis(50);

/// The longest wait for a worker to revive a partition. No key is read in that time.
const REVIVAL_PATIENCE: Duration = Duration::from_millis(200);

/// The shortest time between two traces of messages that a source read, per worker.
const SAMPLE_EVERY: Duration = Duration::from_millis(250);

/// Why the workbench ended by itself.
#[derive(Debug, Error)]
pub enum WorkbenchError {
    /// The terminal cannot be used.
    #[error("cannot use the terminal: {0}")]
    Terminal(#[from] io::Error),
    /// The engine cannot start.
    #[error(transparent)]
    Start(#[from] EngineError),
    /// The engine could not go on.
    #[error("{0}")]
    Engine(Arc<EngineError>),
    /// Not all dead letters are in their file.
    #[error(transparent)]
    DeadLettersLost(#[from] DeadLettersLost),
}

/// Runs an application in the workbench, until the user quits. All dead letters go to `dead_letters`
/// too.
///
/// # Errors
///
/// The terminal cannot be used, the engine cannot start or go on, or not all dead letters could be
/// written to their file. The terminal is as it was then.
pub fn run(
    topology: Arc<Topology>,
    settings: Settings,
    dead_letters: Option<DeadLetterFile>,
) -> Result<(), WorkbenchError> {
    // A caught panic must not be written over the screen.
    silence_caught_panics();
    let mut settings = Settings { injectable: true, sample_every: Some(SAMPLE_EVERY), ..settings };
    let temporary = settings.resilience.is_none().then(temporary_directory).flatten();
    if let Some(directory) = &temporary {
        settings.resilience = Some(ResilienceSettings::new(directory.path().to_owned()));
    }
    // The engine first: if it cannot start, the screen is left alone.
    let mut session = Session::start(Arc::clone(&topology), &settings, dead_letters)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let theme = Theme::of_environment(|name| std::env::var(name).ok());
    let mut workbench =
        Workbench::new(topology, theme, session.snapshot()).with_frame_limit(settings.frame_limit);
    if temporary.is_some() {
        workbench = workbench.saved_for_now();
    }
    // Signals before the screen: there is no moment at which one would leave the terminal taken.
    let signals = runtime.block_on(async { Signals::listen() })?;
    let screen = Screen::take()?;
    runtime.block_on(work(&mut session, workbench, screen, signals))?;
    session.end();
    session.dead_letters_lost().map_or(Ok(()), |lost| Err(lost.into()))
}

/// A directory for checkpoints and journal if the user named none, so that crash and recovery can be
/// tried at once. It is removed when it is dropped. `None` if it cannot be made: nothing is saved then.
fn temporary_directory() -> Option<TemporaryDirectory> {
    TemporaryDirectory::new().ok()
}

/// Lets the user choose one of several applications. `None` if they leave.
///
/// # Errors
///
/// The terminal cannot be used. It is as it was then.
pub fn choose(choices: Vec<Choice>) -> Result<Option<usize>, WorkbenchError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let theme = Theme::of_environment(|name| std::env::var(name).ok());
    let mut chooser = Chooser::new(choices, theme);
    let mut signals = runtime.block_on(async { Signals::listen() })?;
    let mut screen = Screen::take()?;
    runtime.block_on(async {
        let mut events = terminal::events::read()?;
        loop {
            screen.draw(|frame| {
                chooser.draw(frame.area(), frame.buffer_mut());
                None
            })?;
            let event = tokio::select! {
                biased;
                () = signals.any() => return Ok(None),
                event = events.recv() => event,
            };
            // An end says that the terminal is gone.
            let Some(event) = event else { return Ok(None) };
            match chooser.handle(&event) {
                Some(Chosen::One(at)) => return Ok(Some(at)),
                Some(Chosen::Nothing) => return Ok(None),
                None => {}
            }
        }
    })
}

async fn work(
    session: &mut Session,
    mut workbench: Workbench,
    mut screen: Screen,
    mut signals: Signals,
) -> Result<(), WorkbenchError> {
    let mut events = terminal::events::read()?;
    let news = session.news();
    let mut drawn: Option<Instant> = None;
    let mut dirty = true;
    let mut lost = false;
    loop {
        workbench.resize(screen.area()?);
        dirty |= session.refresh(&workbench.view());
        let trouble = session.dead_letters_lost();
        if std::mem::replace(&mut lost, trouble.is_some()) != trouble.is_some() {
            // At once: at the end it is too late to do anything about it.
            dirty = true;
            match trouble {
                Some(error) => workbench.notify(error.to_string(), true),
                None => workbench.notify("dead letters are written again".to_owned(), false),
            }
        }
        if let Some(Err(error)) = session.engine().outcome() {
            return Err(WorkbenchError::Engine(error));
        }
        let wait =
            drawn.map_or(Duration::ZERO, |drawn| MIN_FRAME_TIME.saturating_sub(drawn.elapsed()));
        if dirty && wait.is_zero() {
            workbench.show(session.snapshot());
            screen.draw(|frame| workbench.draw(frame.area(), frame.buffer_mut()))?;
            drawn = Some(Instant::now());
            dirty = false;
        }
        let deadline = next_look(session, &workbench, dirty.then_some(wait));
        tokio::select! {
            biased;
            () = signals.any() => return Ok(()),
            event = events.recv() => {
                // An end says that the terminal is gone.
                let Some(event) = event else { return Ok(()) };
                dirty = true;
                let Some(effect) = workbench.handle(&event) else { continue };
                if effect == Effect::Crash {
                    // The loss is drawn before the recovery, which may take seconds.
                    workbench.crash();
                    screen.draw(|frame| workbench.draw(frame.area(), frame.buffer_mut()))?;
                }
                if !apply(session, &mut workbench, effect)? {
                    return Ok(());
                }
            }
            () = news.notified() => {}
            () = sleep(deadline) => dirty |= workbench.has_marks(),
        }
    }
}

/// How long to wait if nothing happens. `None` is without end.
fn next_look(
    session: &Session,
    workbench: &Workbench,
    redraw: Option<Duration>,
) -> Option<Duration> {
    [redraw, session.next_refresh(), workbench.next_mark()].into_iter().flatten().min()
}

async fn sleep(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}

/// Applies an effect to the engine. False if the workbench is to end.
fn apply(
    session: &mut Session,
    workbench: &mut Workbench,
    effect: Effect,
) -> Result<bool, WorkbenchError> {
    match effect {
        Effect::Inject(pipeline, bytes) => {
            if let Err(error) = session.engine().inject(pipeline, bytes) {
                workbench.notify(error.to_string(), true);
            }
        }
        // The engine is asked, because the snapshot may be older.
        Effect::PauseOrResume => match session.engine().run_state() {
            RunState::Running => session.engine().pause(),
            RunState::Pausing | RunState::Paused | RunState::Stepping(_) => {
                session.engine().resume();
            }
        },
        Effect::Step => session.engine().step(),
        Effect::Revive { state, key } => {
            let revival = session.revive(&state, &key, REVIVAL_PATIENCE);
            workbench.revived(&key, revival);
        }
        Effect::Crash => {
            let crashed = session.crash();
            workbench.crashed();
            match crashed {
                // The window of the crash says that nothing is saved.
                Ok(()) | Err(EngineError::NothingSaved) => {}
                // There is no engine any more.
                Err(error) => return Err(error.into()),
            }
        }
        Effect::ChangeWorkers { more } => change_workers(session, workbench, more),
        Effect::Quit => return Ok(false),
    }
    Ok(true)
}

/// Goes on with one worker more, or one less.
fn change_workers(session: &mut Session, workbench: &mut Workbench, more: bool) {
    let now = session.wanted_workers().get();
    let wanted = if more { now + 1 } else { now - 1 };
    let workers = match NonZeroUsize::new(wanted) {
        None => return workbench.notify("one worker is the least".to_owned(), true),
        Some(workers) if wanted <= MAX_WORKERS => workers,
        Some(_) => {
            return workbench.notify(format!("{MAX_WORKERS} workers are the most"), true);
        }
    };
    // The header shows that it is under way, and the partitions show which have moved.
    if let Err(error) = session.set_workers(workers) {
        workbench.notify(error.to_string(), true);
    }
}

impl Workbench {
    /// Draws everything, laid out for this area. Returns where the cursor is; `None` if it is hidden.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        panes::render(self, area, buffer)
    }
}
