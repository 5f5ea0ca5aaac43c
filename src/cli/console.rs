//! What `run` says on standard error while it runs: the log, and on a terminal a progress line.
//!
//! Invariants: a line of the log never stands in the progress line, and a run that does not begin says
//! nothing but why.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::telemetry::{LogLevel, LogLine};
use crate::workbench::Theme;

/// Goes to the line's beginning, and erases it.
const ERASE: &str = "\r\x1b[K";

/// Standard error, as `run` uses it.
pub(super) struct Console {
    terminal: bool,
    colors: bool,
    state: Mutex<State>,
}

struct State {
    /// What was said before the run had begun.
    held: Option<Vec<String>>,
    /// The progress line that stands there; empty where none does.
    progress: String,
}

impl Console {
    /// Standard error, before the run has begun.
    pub fn new() -> Self {
        let terminal = io::stderr().is_terminal();
        let theme = Theme::of_environment(|name| std::env::var(name).ok());
        let state = State { held: Some(Vec::new()), progress: String::new() };
        Self { terminal, colors: terminal && theme.has_colors(), state: Mutex::new(state) }
    }

    /// Whether there is a progress line.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// The run has begun: says what was held back, and from now on everything at once.
    pub fn begin(&self) {
        let mut state = self.lock();
        for line in state.held.take().into_iter().flatten() {
            print(&format!("{line}\n"));
        }
    }

    /// Says a line of the log.
    pub fn log(&self, line: &LogLine) {
        let text = in_words(line, self.colors);
        let mut state = self.lock();
        if let Some(held) = &mut state.held {
            held.push(text);
        } else if state.progress.is_empty() {
            print(&format!("{text}\n"));
        } else {
            print(&format!("{ERASE}{text}\n{}", state.progress));
        }
    }

    /// Shows a progress line in place of the one that stands there.
    pub fn progress(&self, line: String) {
        let mut state = self.lock();
        print(&format!("{ERASE}{line}"));
        state.progress = line;
    }

    /// Takes the progress line away.
    pub fn erase_progress(&self) {
        let mut state = self.lock();
        if !std::mem::take(&mut state.progress).is_empty() {
            print(ERASE);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes at once, so that nothing of another process comes between. It is for a person, or for the
/// log of one: where it cannot be written, nothing of the run is lost.
fn print(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// A line of the log as a person reads it. Only what matters more than usual says how much.
fn in_words(line: &LogLine, colors: bool) -> String {
    let (word, color) = match line.level {
        LogLevel::Info => return line.text.clone(),
        LogLevel::Debug => ("debug:", 2),
        LogLevel::Warn => ("warning:", 33),
        LogLevel::Error => ("error:", 31),
    };
    let text = &line.text;
    if colors { format!("\x1b[{color}m{word}\x1b[m {text}") } else { format!("{word} {text}") }
}
