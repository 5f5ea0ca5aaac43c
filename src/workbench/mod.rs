//! The terminal UI: the only folder that names ratatui and crossterm.
//!
//! [`run`] is the whole program: it starts the engine, takes the terminal, and runs one loop in which
//! events become commands, commands become effects on the engine, and snapshots of the engine
//! become pictures. It draws when something has changed, and at most twenty times a second.

mod choosing;
mod commands;
pub mod configuration;
mod desk;
mod error;
mod exports;
mod keymap;
mod layout;
mod panes;
mod state;
pub mod svg;
mod terminal;
mod theme;
mod words;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::Event;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::core::topology::Topology;
use crate::runtime::silence_caught_panics;
use crate::session::asked::{Answerer, next};
use crate::session::remote::Remote;
use crate::session::watched::Watched;
use configuration::Clipboard;
use desk::Desk;
use terminal::screen::Screen;
use terminal::signals::{Heard, Signals};

pub use choosing::choose;
pub use commands::{COMMANDS, Command, Context, Entry};
pub use configuration::{Configuration, ConfigurationError};
pub use desk::{Farewell, Opening, Others, Served};
pub use error::WorkbenchError;
pub use keymap::{Conflict, Keymap};
pub use layout::Pane;
pub use panes::chooser::{Choice, Chooser, Chosen};
pub(crate) use state::windows::reset_files::ResetFiles;
pub use state::{Effect, Notice, Offer, Workbench};
pub use terminal::keys::Key;
pub(crate) use terminal::last_resort::{Reported, listen as listen_to_signals, reporting};
pub use theme::{Look, Theme};

/// The shortest time between two frames.
const MIN_FRAME_TIME: Duration = Duration::from_millis(50);

/// The same if somebody has done something: who types waits for the screen.
const MIN_ANSWER_TIME: Duration = Duration::from_millis(16);

/// Runs an application in the workbench, until the user quits. Returns what it says then of each application
/// that was on the screen.
///
/// # Errors
///
/// The terminal cannot be used, the engine cannot start or go on, or not all dead letters could be
/// written to their file. The terminal is as it was then.
pub fn run(
    opening: Opening,
    others: Option<Others<'_>>,
    served: Option<Served>,
    configuration: &Configuration,
) -> Result<Vec<Farewell>, WorkbenchError> {
    // A caught panic must not be written over the screen.
    silence_caught_panics();
    let theme = configuration.theme(|name| std::env::var(name).ok());
    // The engine first: if it cannot start, the screen is left alone.
    let desk = Desk::open(opening, theme, configuration)?;
    work_on_screen(desk, others, served, configuration)
}

/// Shows the engine of another process in the workbench, until the user quits. The engine goes on.
///
/// # Errors
///
/// The terminal cannot be used.
pub fn attach(
    topology: Arc<Topology>,
    remote: Remote,
    configuration: &Configuration,
) -> Result<(), WorkbenchError> {
    silence_caught_panics();
    let theme = configuration.theme(|name| std::env::var(name).ok());
    let desk = Desk::attach(topology, remote, theme, configuration);
    work_on_screen(desk, None, None, configuration).map(drop)
}

fn work_on_screen(
    mut desk: Desk,
    others: Option<Others<'_>>,
    served: Option<Served>,
    configuration: &Configuration,
) -> Result<Vec<Farewell>, WorkbenchError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let first = others.as_ref().map_or(0, |others| others.first);
    if let Some(others) = &others {
        desk.offer(&others.offers, first);
    }
    let answerer = served.map(|Served { asker, said }| {
        let answerer = asker.answer();
        desk.session.say(&said);
        answerer
    });
    // Signals before the screen: there is no moment at which one would leave the terminal taken.
    let signals = runtime.block_on(async { Signals::listen() })?;
    let screen = Screen::take(configuration.mouse)?;
    let mut hands = Hands {
        screen,
        signals,
        events: terminal::events::read()?,
        clipboard: configuration.clipboard,
        answerer,
    };
    let mut desks = vec![(first, desk)];
    let ended = switch(&runtime, &mut desks, others, &mut hands, configuration);
    drop(hands);
    ended?;
    let farewells = desks.iter_mut().filter_map(|(_, desk)| desk.end()).collect();
    let lost = desks.iter().find_map(|(_, desk)| desk.session.here()?.dead_letters_lost());
    lost.map_or(Ok(farewells), |lost| Err(lost.into()))
}

/// The terminal: what is drawn, what is typed, and the signals; and who asks for figures.
struct Hands {
    screen: Screen,
    signals: Signals,
    events: UnboundedReceiver<Event>,
    clipboard: Clipboard,
    answerer: Option<Answerer>,
}

/// Works at one application after another. The last of `desks` is on the screen; the others wait as they are.
fn switch(
    runtime: &Runtime,
    desks: &mut Vec<(usize, Desk)>,
    mut others: Option<Others<'_>>,
    hands: &mut Hands,
    configuration: &Configuration,
) -> Result<(), WorkbenchError> {
    loop {
        let Some((_, desk)) = desks.last_mut() else { return Ok(()) };
        let place = desk.session.place().map(|place| format!(" at {place}")).unwrap_or_default();
        let name = desk.workbench.application_name();
        hands.screen.set_title(&format!("{name}{place} - wallaroo-tui"))?;
        let Leave::Switch(to) = runtime.block_on(work(desk, hands))? else { return Ok(()) };
        let look = desk.workbench.theme().look();
        let left = desks.last().map(|(at, _)| *at);
        if let Some(place) = desks.iter().position(|(at, _)| *at == to) {
            let waiting = desks.remove(place);
            desks.push(waiting);
        } else if let Some(others) = &mut others {
            let theme = configuration.theme(|name| std::env::var(name).ok());
            let opened = (others.open)(to).and_then(|opening| {
                Desk::open(opening, theme, configuration).map_err(|error| error.to_string())
            });
            match opened {
                Ok(mut desk) => {
                    desk.offer(&others.offers, to);
                    desks.push((to, desk));
                }
                Err(reason) => {
                    if let Some((_, desk)) = desks.last_mut() {
                        desk.workbench.notify(reason, true);
                    }
                }
            }
        }
        let ended = desks.split_last_mut().and_then(|(_, waiting)| {
            let (_, desk) = waiting.iter_mut().find(|(at, _)| Some(*at) == left)?;
            desk.end_load()
        });
        if let Some((_, desk)) = desks.last_mut() {
            if let Some(said) = ended {
                desk.workbench.notify(said, false);
            }
            desk.workbench.use_look(look);
            desk.workbench.use_mouse(hands.screen.has_mouse());
        }
        hands.screen.redraw()?;
    }
}

/// Why an application is left.
enum Leave {
    /// The user or a signal ends the program.
    End,
    /// Another application is wanted.
    Switch(usize),
}

async fn work(desk: &mut Desk, hands: &mut Hands) -> Result<Leave, WorkbenchError> {
    let mut drawn: Option<Instant> = None;
    let mut dirty = true;
    let mut asked = false;
    loop {
        desk.workbench.resize(hands.screen.area()?);
        dirty |= desk.look();
        for effect in desk.take_effects() {
            if let Some(leave) = hands.apply(desk, effect)? {
                return Ok(leave);
            }
        }
        let outcome = desk.session.here().and_then(|session| session.engine().outcome());
        if let Some(Err(error)) = outcome {
            return Err(WorkbenchError::Engine(error));
        }
        let frame_time = if asked { MIN_ANSWER_TIME } else { MIN_FRAME_TIME };
        let wait = drawn.map_or(Duration::ZERO, |drawn| frame_time.saturating_sub(drawn.elapsed()));
        if dirty && wait.is_zero() {
            desk.workbench.show(desk.session.snapshot());
            let workbench = &desk.workbench;
            hands.screen.draw(|frame| workbench.draw(frame.area(), frame.buffer_mut()))?;
            drawn = Some(Instant::now());
            (dirty, asked) = (false, false);
        }
        // A reset makes another one.
        let news = desk.session.news();
        let deadline = next_look(&*desk.session, &desk.workbench, dirty.then_some(wait));
        tokio::select! {
            biased;
            heard = hands.signals.any() => match heard {
                Heard::End => return Ok(Leave::End),
                Heard::Stop => {
                    hands.screen.stop(&mut hands.signals)?;
                    dirty = true;
                }
                Heard::GoOn => {
                    hands.screen.take_again()?;
                    dirty = true;
                }
            },
            event = hands.events.recv() => {
                // An end says that the terminal is gone.
                let Some(event) = event else { return Ok(Leave::End) };
                (dirty, asked) = (true, true);
                desk.workbench.notices.pass(Instant::now());
                let Some(effect) = desk.workbench.handle(&event) else { continue };
                if let Some(leave) = hands.apply(desk, effect)? {
                    return Ok(leave);
                }
            }
            asked = next(hands.answerer.as_mut()) => {
                // One that only looks at another process is asked nothing.
                if let Some(session) = desk.session.here() {
                    asked.answer(session);
                }
            }
            // Not while the next frame waits for its time: at full load there are news thousands of times a second.
            () = news.notified(), if !dirty => {}
            () = sleep(deadline) => dirty |= desk.workbench.has_marks(),
        }
    }
}

/// How long to wait if nothing happens. `None` is without end.
fn next_look(
    session: &dyn Watched,
    workbench: &Workbench,
    redraw: Option<Duration>,
) -> Option<Duration> {
    let notice = workbench.notices.next();
    [redraw, session.next_look(), workbench.next_mark(), notice].into_iter().flatten().min()
}

async fn sleep(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}

impl Workbench {
    /// Draws everything, laid out for this area. Returns where the cursor is; `None` if it is hidden.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        panes::render(self, area, buffer)
    }
}
