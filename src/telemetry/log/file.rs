//! The log as a file: a line each, behind what is there already.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use thiserror::Error;

use super::LogLine;
use super::utc::Utc;
use crate::telemetry::collector::lock;

/// The log's file could not be written to its end.
#[derive(Debug, Error)]
#[error("cannot write all of the log to {path}: {error}")]
pub struct LogLost {
    path: String,
    error: io::Error,
}

/// A file that gets every line of the log: the time in UTC, the level, the text.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    failure: Option<io::Error>,
}

impl LogFile {
    /// Opens the file, or makes it, for its owner alone. What is in it stays.
    ///
    /// # Errors
    ///
    /// It can neither be opened nor made.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let state = Mutex::new(State { file, failure: None });
        Ok(Self { path: path.to_owned(), state })
    }

    /// Appends a line. Says so where the file cannot be written any further, once.
    pub(super) fn write(&self, line: &LogLine) -> Option<String> {
        let mut state = lock(&self.state);
        if state.failure.is_some() {
            return None;
        }
        let level = line.level.to_string().to_uppercase();
        // At once: lines of several programs do not mix, and nothing is lost with the process.
        let text = format!("{} {level:<5} {}\n", Utc(line.at), line.text);
        let error = state.file.write_all(text.as_bytes()).err()?;
        let said = format!("cannot write the log to {} any further: {error}", self.path.display());
        state.failure = Some(error);
        Some(said)
    }

    /// Why not all of the log is in the file, where that is so.
    #[must_use]
    pub fn lost(&self) -> Option<LogLost> {
        let error = lock(&self.state).failure.as_ref().map(copy)?;
        Some(LogLost { path: self.path.display().to_string(), error })
    }
}

/// The same error again: it is still the reason why nothing more is written.
fn copy(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}
