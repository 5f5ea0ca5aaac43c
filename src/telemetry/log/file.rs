//! The log as a file. A thread of its own appends the lines.
//!
//! Invariant: a thread that logs never waits for the file. If the queue is full, lines are dropped, and the
//! file says how many.

use std::fmt::Write;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use thiserror::Error;

use super::utc;
use super::{LogLevel, LogLine};
use crate::telemetry::writers::{Inbox, Lasting, Outbox, Trouble};

/// How many bytes of lines may wait to be written.
const WAITING: usize = 4 * 1024 * 1024;

/// How many bytes of lines are written at once.
const BATCH: usize = 64 * 1024;

/// How long the end waits while nothing can be written.
const PATIENCE: Duration = Duration::from_secs(2);

/// Not all of the log is in its file.
#[derive(Debug, Error)]
#[error("cannot write all of the log to {path}: {reason}; lines that are missing: {lines}")]
pub struct LogLost {
    path: String,
    reason: String,
    lines: u64,
}

/// A file that gets every line of the log: the time in UTC, the level, the text.
pub struct LogFile {
    path: PathBuf,
    outbox: Outbox<String>,
    fate: Arc<Fate>,
}

/// Logs errors of the file elsewhere.
type Tell = Box<dyn Fn(LogLevel, String) + Send + Sync>;

/// Which lines are missing, and why.
#[derive(Default)]
struct Fate {
    missing: AtomicU64,
    /// The latest error.
    reason: Mutex<Option<String>>,
    tell: OnceLock<Tell>,
}

impl Fate {
    fn note(&self, path: &Path, trouble: Trouble<'_>) {
        let path = path.display();
        let (level, text) = match trouble {
            Trouble::Failed(error) => {
                *self.reason.lock() = Some(error.to_string());
                (LogLevel::Error, format!("cannot write the log to {path} for now: {error}"))
            }
            Trouble::Over => (LogLevel::Info, format!("the log is written to {path} again")),
        };
        if let Some(tell) = self.tell.get() {
            tell(level, text);
        }
    }

    fn miss(&self, lines: u64) {
        self.missing.fetch_add(lines, Ordering::AcqRel);
    }
}

impl LogFile {
    /// Opens the file to append to it, or creates it, readable for its owner only.
    ///
    /// # Errors
    ///
    /// The file cannot be opened or created, or its thread cannot be started.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let (path, fate) = (path.to_owned(), Arc::<Fate>::default());
        let (of_writer, name) = (Arc::clone(&fate), path.clone());
        let outbox = Outbox::start("wallaroo-log", WAITING, move |inbox| {
            write(inbox, file, &name, &of_writer);
        })?;
        Ok(Self { path, outbox, fate })
    }

    /// Queues a line, or drops and counts it if the queue is full.
    pub(super) fn write(&self, line: &LogLine) {
        let text = entry(line.at, line.level, &line.text);
        let weight = text.len();
        self.outbox.push(text, weight);
    }

    /// Sets what is called when the file cannot be written, and when it can be again. Only the first call has
    /// an effect.
    pub(super) fn tell(&self, tell: Tell) {
        let _ = self.fate.tell.set(tell);
    }

    /// Waits until all earlier lines are written, but only for a moment if the file accepts nothing.
    pub(super) fn settle(&self) {
        self.outbox.settle(PATIENCE);
    }

    /// Closes the queue, and waits until all lines are written, or the file accepts nothing for a while.
    ///
    /// # Errors
    ///
    /// Lines are missing in the file.
    pub fn finish(&self) -> Result<(), LogLost> {
        if !self.outbox.finish(PATIENCE) {
            self.fate.miss(self.outbox.waiting());
        }
        match self.fate.missing.load(Ordering::Acquire) {
            0 => Ok(()),
            lines => {
                let reason = self.fate.reason.lock().clone();
                let reason = reason.unwrap_or_else(|| "it takes lines too slowly".to_owned());
                Err(LogLost { path: self.path.display().to_string(), reason, lines })
            }
        }
    }
}

fn entry(at: SystemTime, level: LogLevel, text: &str) -> String {
    let level = level.to_string().to_uppercase();
    format!("{} {level:<5} {text}\n", utc(at))
}

/// Writes lines until the queue is closed.
fn write(mut inbox: Inbox<String>, file: File, path: &Path, fate: &Fate) {
    let mut file = Lasting::new(Arc::new(file));
    while let Some((lines, refused)) = inbox.next(BATCH) {
        let mut text = lines.concat();
        if refused > 0 {
            fate.miss(refused);
            let lines = if refused == 1 { "line is" } else { "lines are" };
            let said = format!("{refused} {lines} missing here: they came too fast");
            // Writing to a string does not fail.
            let _ = write!(text, "{}", entry(SystemTime::now(), LogLevel::Warn, &said));
        }
        let written = file.write(text.as_bytes(), &inbox, &mut |trouble| fate.note(path, trouble));
        let missing = text.get(written..).map_or(0, |rest| rest.lines().count());
        fate.miss(missing as u64);
    }
}
