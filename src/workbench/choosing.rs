//! The choice of an application, if none is named.

use super::commands::Command;
use super::configuration::Configuration;
use super::error::WorkbenchError;
use super::panes::chooser::{Choice, Chooser, Chosen};
use super::terminal::events;
use super::terminal::keys::Key;
use super::terminal::screen::Screen;
use super::terminal::signals::{Heard, Signals, stop_job};

/// Lets the user choose one of several applications. `None` if they leave.
///
/// # Errors
///
/// The terminal cannot be used. It is as it was then.
pub fn choose(
    choices: Vec<Choice>,
    configuration: &Configuration,
) -> Result<Option<usize>, WorkbenchError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let theme = configuration.theme(|name| std::env::var(name).ok());
    let mut chooser = Chooser::new(choices, theme).with_keymap(configuration.keymap.clone());
    let mut signals = runtime.block_on(async { Signals::listen() })?;
    let mut screen = Screen::take(false)?;
    runtime.block_on(async {
        let mut events = events::read()?;
        loop {
            screen.draw(|frame| {
                chooser.draw(frame.area(), frame.buffer_mut());
                None
            })?;
            let event = tokio::select! {
                biased;
                heard = signals.any() => {
                    match heard {
                        Heard::End => return Ok(None),
                        Heard::Stop => screen.stop(&mut signals)?,
                        Heard::GoOn => screen.take_again()?,
                    }
                    continue;
                }
                event = events.recv() => event,
            };
            // An end says that the terminal is gone.
            let Some(event) = event else { return Ok(None) };
            let command = event
                .as_key_press_event()
                .and_then(|key| configuration.keymap.command_of(Key::from(key), None));
            match command {
                Some(Command::Suspend) => {
                    // The signal is heard here too.
                    stop_job();
                    continue;
                }
                Some(Command::Redraw) => screen.redraw()?,
                _ => {}
            }
            match chooser.handle(&event) {
                Some(Chosen::One(at)) => return Ok(Some(at)),
                Some(Chosen::Nothing) => return Ok(None),
                None => {}
            }
        }
    })
}
