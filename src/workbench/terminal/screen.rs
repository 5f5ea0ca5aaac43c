//! The terminal, taken and given back.
//!
//! Whatever ends the program (a return, an error, a panic, a signal), the terminal is as it was: raw
//! mode off, the screen's own contents back, the cursor shown, bracketed paste and the mouse off, the title
//! of its window back.

use std::io::{self, Stdout, Write, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode,
};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Position, Rect};
use ratatui::{Frame, Terminal};

use super::last_resort;
use super::signals::Signals;
use crate::core::guard::is_guarded;
use crate::workbench::words::one_line;

/// Presses of the mouse's buttons and its wheel, in coordinates of any size; not its moves, which would wake
/// the program up.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

/// Keeps the window's title, and brings it back.
const KEEP_TITLE: &str = "\x1b[22;2t";
const FORMER_TITLE: &str = "\x1b[23;2t";

/// A terminal that is given back when this is dropped.
pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    taken: Taken,
    mouse: bool,
    title: String,
}

impl Screen {
    /// Takes the terminal, with the mouse or without it.
    pub fn take(mouse: bool) -> io::Result<Self> {
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
        let terminal = enter(mouse, "wallaroo-tui")
            .and_then(|()| Terminal::new(CrosstermBackend::new(stdout())));
        match terminal {
            Ok(terminal) => Ok(Self { terminal, taken, mouse, title: "wallaroo-tui".to_owned() }),
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

    /// Names the terminal's window.
    pub fn set_title(&mut self, title: &str) -> io::Result<()> {
        self.title = one_line(title).into_owned();
        execute!(stdout(), SetTitle(&self.title))
    }

    /// Listens to the mouse, or leaves it to the terminal.
    pub fn set_mouse(&mut self, mouse: bool) -> io::Result<()> {
        self.mouse = mouse;
        execute!(stdout(), Print(if mouse { MOUSE_ON } else { MOUSE_OFF }))
    }

    /// Whether the mouse is listened to.
    pub fn has_mouse(&self) -> bool {
        self.mouse
    }

    /// Puts a text onto the clipboard, if the terminal lets programs do so.
    pub fn copy(text: &str) -> io::Result<()> {
        execute!(stdout(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Draws everything at the next frame, whatever the terminal shows now.
    pub fn redraw(&mut self) -> io::Result<()> {
        // Not ratatui's own way, which asks the terminal for the cursor and waits for an answer.
        execute!(stdout(), Clear(ClearType::All))?;
        self.terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(())
    }

    /// Gives the terminal back while the program is stopped. Returns when it goes on and has the terminal again.
    pub fn stop(&mut self, signals: &mut Signals) -> io::Result<()> {
        self.taken.give_back();
        signals.stop()?;
        self.take_again()
    }

    /// Takes the terminal again, after the program has been stopped.
    pub fn take_again(&mut self) -> io::Result<()> {
        // Stopped without being asked, the program has not left: the shell has written over its screen.
        self.taken.give_back();
        enable_raw_mode()?;
        self.taken.0.store(true, Ordering::SeqCst);
        enter(self.mouse, &self.title)?;
        self.redraw()
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

/// Shows a screen of our own.
fn enter(mouse: bool, title: &str) -> io::Result<()> {
    let mouse = if mouse { MOUSE_ON } else { "" };
    execute!(
        stdout(),
        Print(KEEP_TITLE),
        SetTitle(title),
        EnterAlternateScreen,
        EnableBracketedPaste,
        Print(mouse)
    )
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
            Print(MOUSE_OFF),
            LeaveAlternateScreen,
            Print(FORMER_TITLE),
            Show
        );
        let _ = disable_raw_mode();
        let _ = stdout().flush();
    }

    /// Gives the terminal back before a panic of this thread is printed. One that is caught, as in a condition
    /// or in an author's framing, ends as a sentence on the screen. Other threads' panics are not the screen's:
    /// they are caught, and end as the engine's error.
    fn give_back_on_panic(&self) {
        let taken = self.clone();
        let owner = std::thread::current().id();
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().id() == owner && !is_guarded() {
                taken.give_back();
            }
            previous(panic);
        }));
    }
}
