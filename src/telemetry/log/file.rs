//! The log as a file: a line each, behind what is there already, written by a thread of its own.
//!
//! Invariant: who has something to say never waits for the file. What finds no room is counted, and the
//! file says how much it was.

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

/// How long the end waits for lines while none can be written.
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

/// Told what is to be said of the file beside it.
type Tell = Box<dyn Fn(LogLevel, String) + Send + Sync>;

/// What became of the lines.
#[derive(Default)]
struct Fate {
    missing: AtomicU64,
    /// Why the file could not be written, the last time that it could not.
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
    /// Opens the file, or makes it, for its owner alone. What is in it stays.
    ///
    /// # Errors
    ///
    /// It can neither be opened nor made, or there can be no thread for it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let (path, fate) = (path.to_owned(), Arc::<Fate>::default());
        let (of_writer, name) = (Arc::clone(&fate), path.clone());
        let outbox = Outbox::start("wallaroo-log", WAITING, move |inbox| {
            write(inbox, file, &name, &of_writer);
        })?;
        Ok(Self { path, outbox, fate })
    }

    /// Hands over a line, or counts it where too much waits already.
    pub(super) fn write(&self, line: &LogLine) {
        let text = entry(line.at, line.level, &line.text);
        let weight = text.len();
        self.outbox.push(text, weight);
    }

    /// Who is told that the file cannot be written, and that it can again. Only the first one is.
    pub(super) fn tell(&self, tell: Tell) {
        let _ = self.fate.tell.set(tell);
    }

    /// Waits until all lines before are written, but for a file that takes nothing only for a moment.
    pub(super) fn settle(&self) {
        self.outbox.settle(PATIENCE);
    }

    /// The last line has come: waits as long as that makes sense until all are written.
    ///
    /// # Errors
    ///
    /// Why not all of the log is in the file.
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

/// Writes lines until the last has come.
fn write(mut inbox: Inbox<String>, file: File, path: &Path, fate: &Fate) {
    let mut file = Lasting::new(file);
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
