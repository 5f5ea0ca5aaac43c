//! What the log keeps, and where it passes lines on.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};

use super::{LogFile, LogLevel, LogLine};
use crate::telemetry::ring::Ring;

/// The target of every event that belongs to the log.
///
/// An author's own lines have it too: `tracing::warn!(target: "wallaroo", "no such price")`.
pub const TARGET: &str = "wallaroo";

/// The target of the start and the end of a run, which `run` writes to standard error in its own words.
pub const RUN_TARGET: &str = "wallaroo::run";

/// How many of the newest lines are kept.
pub(super) const KEPT: usize = 500;

/// Keeps the newest lines of the log, and passes every line on.
pub(super) struct Recorder {
    start: Instant,
    newest: Mutex<Newest>,
    pub outputs: RwLock<Outputs>,
}

pub(super) type Console = Arc<dyn Fn(&LogLine) + Send + Sync>;

/// Which lines are kept, and where they are passed on.
#[derive(Clone)]
pub(super) struct Outputs {
    pub level: LogLevel,
    pub file: Option<Arc<LogFile>>,
    pub console: Option<Console>,
}

/// The newest lines, and a count of all warnings.
pub(super) struct Newest {
    lines: Ring<Arc<LogLine>>,
    warnings: u64,
}

/// What a front end sees of the log.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LogShown {
    /// The newest lines, the newest first.
    pub lines: Vec<Arc<LogLine>>,
    /// How many warnings and errors there were in all.
    pub warnings: u64,
}

impl Recorder {
    /// Keeps lines of this level and higher ones.
    pub fn new(level: LogLevel) -> Self {
        Self {
            start: Instant::now(),
            newest: Mutex::new(Newest { lines: Ring::new(KEPT), warnings: 0 }),
            outputs: RwLock::new(Outputs { level, file: None, console: None }),
        }
    }

    /// A line with the current time.
    pub fn line(&self, level: LogLevel, text: String) -> LogLine {
        LogLine { level, text, at: SystemTime::now(), since_start: self.start.elapsed() }
    }

    /// Adds a line to the newest ones.
    pub fn keep(&self, line: LogLine) {
        let mut newest = self.newest.lock();
        newest.warnings += u64::from(line.level >= LogLevel::Warn);
        newest.lines.push(Arc::new(line));
    }

    /// The newest lines after a number, the oldest first, at most `max` of them, with the number of the first; and how many
    /// warnings and errors there were in all.
    #[cfg(feature = "workbench")]
    pub fn since(&self, number: u64, max: usize) -> (u64, Vec<Arc<LogLine>>, u64) {
        let newest = self.newest.lock();
        let from = number.max(newest.lines.pushed().saturating_sub(max as u64));
        let lines = newest.lines.since(from).map(|(_, line)| Arc::clone(line)).collect();
        (from + 1, lines, newest.warnings)
    }

    /// The newest lines, at most `max` of them.
    pub fn shown(&self, max: usize) -> LogShown {
        let newest = self.newest.lock();
        LogShown {
            lines: newest.lines.newest_first().take(max).cloned().collect(),
            warnings: newest.warnings,
        }
    }
}
