//! The line on standard error that says how far a command is, and what is said beside it.
//!
//! Invariant: nothing that is said stands in the progress line.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::core::preview::one_line;

/// How often the progress line is written.
pub(super) const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// How many columns a bar has.
const BAR: usize = 24;

/// Goes to the line's beginning, and erases it.
const ERASE: &str = "\r\x1b[K";

/// A line that is written again and again where standard error is a terminal.
pub(super) struct Progress {
    terminal: bool,
    /// The line that stands there; empty where none does.
    line: Mutex<String>,
}

impl Default for Progress {
    fn default() -> Self {
        Self { terminal: io::stderr().is_terminal(), line: Mutex::default() }
    }
}

impl Progress {
    /// Whether there is such a line.
    pub fn is_on_terminal(&self) -> bool {
        self.terminal
    }

    /// Shows this line in place of the one before.
    pub fn show(&self, line: impl FnOnce() -> String) {
        if self.terminal {
            let new = one_line(&line()).into_owned();
            let mut line = self.lock();
            write(&format!("{ERASE}{new}"));
            *line = new;
        }
    }

    /// Says something that stays: in a line of its own, above this one.
    pub fn say(&self, text: &str) {
        let line = self.lock();
        if line.is_empty() {
            write(&format!("{text}\n"));
        } else {
            write(&format!("{ERASE}{text}\n{line}"));
        }
    }

    /// Takes the line away.
    pub fn erase(&self) {
        if !std::mem::take(&mut *self.lock()).is_empty() {
            write(ERASE);
        }
    }

    fn lock(&self) -> MutexGuard<'_, String> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes at once, so that nothing of another process comes between. It is for a person, or for the
/// log of one: where it cannot be written, nothing is lost.
fn write(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// A bar for how much of a whole is done, and the same in percent; nothing where the whole is 0.
pub(super) fn bar(done: u64, whole: u64) -> String {
    let part = |of: u64| {
        let part = (u128::from(done) * u128::from(of)).checked_div(u128::from(whole))?;
        usize::try_from(part.min(u128::from(of))).ok()
    };
    match (part(BAR as u64), part(100)) {
        (Some(columns), Some(percent)) => format!("[{:<BAR$}] {percent} %", "#".repeat(columns)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_what_is_done() {
        assert_eq!(bar(0, 7), format!("[{}] 0 %", " ".repeat(24)));
        assert_eq!(bar(1, 2), format!("[{}{}] 50 %", "#".repeat(12), " ".repeat(12)));
        assert_eq!(bar(u64::MAX, u64::MAX), format!("[{}] 100 %", "#".repeat(24)));
        assert_eq!(bar(9, 3), bar(3, 3));
        assert_eq!(bar(1, 0), "");
    }
}
