//! The line on standard error that says how far a command is.

use std::cell::Cell;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

/// How often the progress line is written.
pub(super) const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// How many columns a bar has.
const BAR: usize = 24;

/// A line that is written again and again where standard error is a terminal, and erased when this is
/// dropped.
pub(super) struct Progress {
    terminal: bool,
    shown: Cell<bool>,
}

impl Default for Progress {
    fn default() -> Self {
        Self { terminal: io::stderr().is_terminal(), shown: Cell::new(false) }
    }
}

impl Progress {
    /// Shows this line in place of the one before.
    pub fn show(&self, line: impl FnOnce() -> String) {
        if self.terminal {
            self.shown.set(true);
            write(&line());
        }
    }

    /// Makes room for another line.
    pub fn erase(&self) {
        if self.shown.replace(false) {
            write("");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.erase();
    }
}

fn write(line: &str) {
    // The line is for a person: where it cannot be written, nothing is lost.
    let _ = write!(io::stderr(), "\r\x1b[K{line}");
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
