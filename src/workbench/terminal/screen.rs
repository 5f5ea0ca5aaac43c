//! The terminal, taken and given back.
//!
//! Whatever ends the program (a return, an error, a panic, a signal), the terminal is as it was: raw
//! mode off, the screen's own contents back, the cursor shown, bracketed paste off.

use std::io::{self, Stdout, Write, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Position, Rect};
use ratatui::{Frame, Terminal};

use super::last_resort;

/// A terminal that is given back when this is dropped.
pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    taken: Taken,
}

impl Screen {
    /// Takes the terminal.
    pub fn take() -> io::Result<Self> {
        let taken = Taken::default();
        taken.give_back_on_panic();
        let of_signals = taken.clone();
        last_resort::give_back_with(move || {
            // First what cannot block.
            if of_signals.0.load(Ordering::SeqCst) {
                let _ = disable_raw_mode();
            }
            of_signals.give_back();
        });
        enable_raw_mode()?;
        taken.0.store(true, Ordering::SeqCst);
        // From here on, an error gives back what was taken.
        let terminal = execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste)
            .and_then(|()| Terminal::new(CrosstermBackend::new(stdout())));
        match terminal {
            Ok(terminal) => Ok(Self { terminal, taken }),
            Err(error) => {
                taken.give_back();
                Err(error)
            }
        }
    }

    /// The screen's size.
    pub fn area(&self) -> io::Result<Rect> {
        self.terminal.size().map(|size| Rect::new(0, 0, size.width, size.height))
    }

    /// Draws a frame; `draw` returns where the cursor is. Only changed cells are written, and
    /// terminals that support synchronized updates show them at once.
    pub fn draw(
        &mut self,
        draw: impl FnOnce(&mut Frame<'_>) -> Option<Position>,
    ) -> io::Result<()> {
        execute!(stdout(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| {
            if let Some(cursor) = draw(frame) {
                frame.set_cursor_position(cursor);
            }
        })?;
        execute!(stdout(), EndSynchronizedUpdate)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.taken.give_back();
    }
}

/// Whether the terminal is taken.
#[derive(Debug, Clone, Default)]
struct Taken(Arc<AtomicBool>);

impl Taken {
    /// Gives the terminal back, once: to leave the alternate screen a second time would put the
    /// cursor back to where it was, onto the message of a panic. Nothing can be done about errors:
    /// the terminal may be gone.
    fn give_back(&self) {
        if !self.0.swap(false, Ordering::SeqCst) {
            return;
        }
        let _ = execute!(
            stdout(),
            EndSynchronizedUpdate,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
        let _ = disable_raw_mode();
        let _ = stdout().flush();
    }

    /// Gives the terminal back before a panic of this thread is printed. Other threads' panics are
    /// not the screen's: they are caught, and end as the engine's error.
    fn give_back_on_panic(&self) {
        let taken = self.clone();
        let owner = std::thread::current().id();
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().id() == owner {
                taken.give_back();
            }
            previous(panic);
        }));
    }
}
