//! The progress line on standard error, and the lines above it.
//!
//! Invariants: a line never mixes with the progress line, and no caller waits for standard error.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use crate::cli::failure::Failure;
use crate::core::frames::preview::one_line;
use crate::telemetry::{Inbox, Outbox};

/// How often the progress line is written.
pub(in crate::cli) const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// How many columns a bar has.
const BAR: usize = 24;

/// Moves to the beginning of the line, and erases it.
const ERASE: &str = "\r\x1b[K";

/// How many bytes may wait to be written.
const WAITING: usize = 256 * 1024;

/// How long the end waits while nothing can be written.
const PATIENCE: Duration = Duration::from_secs(2);

/// How soon to try again if another program has made standard error non-blocking.
const AGAIN: Duration = Duration::from_millis(10);

/// Writes to standard error, with a progress line if it is a terminal. A thread of its own writes. If its
/// queue is full, lines are dropped and counted.
pub(in crate::cli) struct Progress {
    terminal: bool,
    outbox: Outbox<Words>,
}

/// What is to be written.
enum Words {
    /// A line of its own.
    Said(String),
    /// Replaces the progress line.
    Shown(String),
    /// Removes the progress line.
    Erased,
}

impl Progress {
    /// Starts the thread that writes.
    pub fn start() -> Result<Self, Failure> {
        let outbox = Outbox::start("wallaroo-console", WAITING, |inbox| write(inbox, io::stderr()));
        let outbox = outbox.map_err(Failure::failed)?;
        Ok(Self { terminal: io::stderr().is_terminal(), outbox })
    }

    /// Whether there is a progress line.
    pub fn is_on_terminal(&self) -> bool {
        self.terminal
    }

    /// Replaces the progress line, unless something still waits to be written.
    pub fn show(&self, line: impl FnOnce() -> String) {
        if self.terminal && self.outbox.waiting() == 0 {
            self.push(Words::Shown(one_line(&line()).into_owned()));
        }
    }

    /// Writes a line of its own above the progress line.
    pub fn say(&self, text: &str) {
        self.push(Words::Said(text.to_owned()));
    }

    /// Removes the progress line.
    pub fn erase(&self) {
        self.push(Words::Erased);
    }

    /// Waits until all is written, but only for a moment if standard error accepts nothing. The rest is then
    /// lost, and there is nowhere to report it.
    pub fn finish(&self) {
        self.outbox.settle(PATIENCE);
    }

    fn push(&self, words: Words) {
        let weight = match &words {
            Words::Said(text) | Words::Shown(text) => text.len(),
            Words::Erased => 0,
        };
        self.outbox.push(words, weight + 1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Writes until the queue is closed.
fn write(mut inbox: Inbox<Words>, mut to: impl Write) {
    let mut line = String::new();
    while let Some((words, refused)) = inbox.next(usize::MAX) {
        let mut text = String::new();
        for words in words {
            put(words, &mut line, &mut text);
        }
        if refused > 0 {
            let lines = if refused == 1 { "line was" } else { "lines were" };
            let said = format!("warning: {refused} {lines} not written: nobody read them");
            put(Words::Said(said), &mut line, &mut text);
        }
        write_all(&mut to, text.as_bytes(), &inbox);
    }
}

/// Appends to `text` the bytes for these words. `line` is the progress line on the screen.
fn put(words: Words, line: &mut String, text: &mut String) {
    match words {
        Words::Said(said) if line.is_empty() => text.extend([&said, "\n"]),
        Words::Said(said) => text.extend([ERASE, &said, "\n", line]),
        Words::Shown(new) => {
            text.extend([ERASE, &new]);
            *line = new;
        }
        Words::Erased if line.is_empty() => {}
        Words::Erased => {
            line.clear();
            text.push_str(ERASE);
        }
    }
}

/// Writes in one call if possible, so that little output of other processes comes between. Errors are
/// ignored: the text is only for people, and there is nowhere else to report them.
fn write_all<T>(to: &mut impl Write, mut text: &[u8], inbox: &Inbox<T>) {
    while !text.is_empty() {
        match to.write(text) {
            Ok(0) => return,
            Ok(written) => text = text.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && inbox.pause(AGAIN) => {
                continue;
            }
            Err(_) => return,
        }
        inbox.moved();
    }
}

/// Writes why a command fails. It waits for standard error, but not for long: the exit status tells of the
/// failure too.
pub(in crate::cli) fn say_last(text: String) {
    let (done, said) = channel();
    let say = move || {
        let _ = writeln!(io::stderr(), "{text}");
        let _ = done.send(());
    };
    if thread::Builder::new().spawn(say).is_ok() {
        let _ = said.recv_timeout(PATIENCE);
    }
}

/// A bar that shows which part of a whole is done, and the percentage; empty if the whole is 0.
pub(in crate::cli) fn bar(done: u64, whole: u64) -> String {
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
    use std::iter;

    use super::*;

    #[test]
    fn what_is_said_stands_above_the_progress_line() {
        let (mut line, mut text) = (String::new(), String::new());
        for words in [
            Words::Erased,
            Words::Said("first".to_owned()),
            Words::Shown("1 %".to_owned()),
            Words::Said("second".to_owned()),
            Words::Erased,
            Words::Said("third".to_owned()),
        ] {
            put(words, &mut line, &mut text);
        }
        let said = format!("first\n{ERASE}1 %{ERASE}second\n1 %{ERASE}third\n");
        assert_eq!((text, line.as_str()), (said, ""));
    }

    /// Writes only when it is let.
    struct Stalled(std::sync::mpsc::Receiver<()>, std::sync::mpsc::Sender<Vec<u8>>);

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(io::Error::other)?;
            self.1.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_nobody_read_are_counted_once_somebody_reads_again() {
        let (allow, allowed) = channel();
        let (write_to, written) = channel();
        let outbox =
            Outbox::start("x", 4, move |inbox| write(inbox, Stalled(allowed, write_to))).unwrap();
        let say = |text: &str| outbox.push(Words::Said(text.to_owned()), 1);
        let said = (0..10).filter(|number| say(&number.to_string())).count();
        assert_eq!(said, 4);
        drop(iter::repeat_with(|| allow.send(())).take(10).collect::<Vec<_>>());
        let mut text = String::new();
        while !text.contains("read them") {
            text.push_str(std::str::from_utf8(&written.recv().unwrap()).unwrap());
        }
        assert_eq!(text, "0\n1\n2\n3\nwarning: 6 lines were not written: nobody read them\n");
    }

    #[test]
    fn a_bar_is_as_long_as_what_is_done() {
        assert_eq!(bar(0, 7), format!("[{}] 0 %", " ".repeat(24)));
        assert_eq!(bar(1, 2), format!("[{}{}] 50 %", "#".repeat(12), " ".repeat(12)));
        assert_eq!(bar(u64::MAX, u64::MAX), format!("[{}] 100 %", "#".repeat(24)));
        assert_eq!(bar(9, 3), bar(3, 3));
        assert_eq!(bar(1, 0), "");
    }
}
