//! The log: lines about what happens beside the messages, for the workbench's pane, a file, and the
//! standard error of `run`.
//!
//! Whoever has something to say says it to `tracing`, under the target [`TARGET`]: the engine through
//! the reporter here, and an author from inside a computation. A [`Log`] is the subscriber that keeps
//! the newest lines and passes every line on. It is installed by a program and never by this library.
//!
//! Invariant: it never prints anything by itself, so nothing comes over a screen.

mod file;
mod level;
mod line;
mod rate;
mod rates;
mod reporter;
mod utc;

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use parking_lot::Mutex;
use thiserror::Error;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, dispatcher};

use super::ring::Ring;
pub use file::{LogFile, LogLost};
pub use level::LogLevel;
pub use line::LogLine;
pub(crate) use reporter::Reporter;

/// The target of every event that belongs to the log.
///
/// An author's own lines have it too: `tracing::warn!(target: "wallaroo", "no such price")`.
pub const TARGET: &str = "wallaroo";

/// The target of a run's beginning and end: `run` says those on standard error in its own words.
pub const RUN_TARGET: &str = "wallaroo::run";

/// How many of the newest lines are kept.
const KEPT: usize = 500;

/// Says that something has failed, for which the program ends: it is in the log's file when this
/// returns, if that takes anything.
pub fn log_failure(reason: &str) {
    tracing::error!(target: RUN_TARGET, "{reason}");
    dispatcher::get_default(|to| {
        if let Some(file) = to.downcast_ref::<Log>().and_then(|log| log.file.as_ref()) {
            file.settle();
        }
    });
}

type Console = Arc<dyn Fn(&LogLine) + Send + Sync>;

/// Another subscriber of `tracing` is installed already.
#[derive(Debug, Error)]
#[error("this program has installed a subscriber of `tracing` of its own, which takes the log")]
pub struct LogTaken;

/// Keeps the newest lines of the log, and passes every line on.
///
/// ```
/// use wallaroo::telemetry::{Log, LogLevel};
///
/// let log = Log::new(LogLevel::Info);
/// tracing::subscriber::with_default(log, || {
///     // A session that is started here shows this log.
///     tracing::warn!(target: "wallaroo", price = 7, "no such price");
/// });
/// ```
pub struct Log {
    level: LogLevel,
    start: Instant,
    newest: Arc<Mutex<Newest>>,
    file: Option<Arc<LogFile>>,
    console: Option<Console>,
}

/// The newest lines, and a count of all warnings.
struct Newest {
    lines: Ring<Arc<LogLine>>,
    warnings: u64,
}

/// What a front end sees of the log.
#[derive(Debug, Clone, Default)]
pub struct LogShown {
    /// The newest lines, the newest first.
    pub lines: Vec<Arc<LogLine>>,
    /// How many warnings and errors there were in all.
    pub warnings: u64,
}

impl Log {
    /// A log of lines that matter so much, or more.
    #[must_use]
    pub fn new(level: LogLevel) -> Self {
        let newest = Newest { lines: Ring::new(KEPT), warnings: 0 };
        let newest = Arc::new(Mutex::new(newest));
        Self { level, start: Instant::now(), newest, file: None, console: None }
    }

    /// Passes every line on to a file.
    #[must_use]
    pub fn to_file(self, file: Arc<LogFile>) -> Self {
        Self { file: Some(file), ..self }
    }

    /// Passes every line on, but for a run's beginning and end.
    #[must_use]
    pub fn to_console(self, console: impl Fn(&LogLine) + Send + Sync + 'static) -> Self {
        Self { console: Some(Arc::new(console)), ..self }
    }

    /// Makes this the log of the whole process.
    ///
    /// # Errors
    ///
    /// There is another one.
    pub fn install(self) -> Result<(), LogTaken> {
        if let Some(file) = &self.file {
            // What is wrong with the file is said everywhere else.
            let (newest, console) = (Arc::clone(&self.newest), self.console.clone());
            let start = self.start;
            file.tell(Box::new(move |level, text| {
                let line = line_of(start, level, text);
                if let Some(console) = &console {
                    console(&line);
                }
                keep(&newest, line);
            }));
        }
        tracing::subscriber::set_global_default(self).map_err(|_| LogTaken)
    }

    /// The newest lines, at the most so many.
    pub(crate) fn shown(&self, most: usize) -> LogShown {
        let newest = self.newest.lock();
        LogShown {
            lines: newest.lines.newest_first().take(most).cloned().collect(),
            warnings: newest.warnings,
        }
    }
}

fn keep(newest: &Mutex<Newest>, line: LogLine) {
    let mut newest = newest.lock();
    newest.warnings += u64::from(line.level >= LogLevel::Warn);
    newest.lines.push(Arc::new(line));
}

fn line_of(start: Instant, level: LogLevel, text: String) -> LogLine {
    LogLine { level, text, at: SystemTime::now(), since_start: start.elapsed() }
}

impl Subscriber for Log {
    /// Only our own: what other libraries have to say is for those who look into them.
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let ours = metadata.target().strip_prefix(TARGET);
        metadata.is_event()
            && ours.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            && LogLevel::of(*metadata.level()) >= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level.filter())
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let line = line_of(self.start, LogLevel::of(*metadata.level()), line::text_of(event));
        if let Some(console) = self.console.as_ref().filter(|_| metadata.target() != RUN_TARGET) {
            console(&line);
        }
        if let Some(file) = &self.file {
            file.write(&line);
        }
        keep(&self.newest, line);
    }

    // There are no spans: none is enabled.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[cfg(test)]
mod tests {
    use tracing::Dispatch;
    use tracing::subscriber::with_default;

    use super::*;

    fn texts(log: &LogShown) -> Vec<&str> {
        log.lines.iter().map(|line| line.text.as_str()).collect()
    }

    /// What a log of this level has of what is said in `say`.
    fn logged(level: LogLevel, say: impl FnOnce()) -> LogShown {
        let log = Dispatch::new(Log::new(level));
        dispatcher::with_default(&log, say);
        log.downcast_ref::<Log>().unwrap().shown(usize::MAX)
    }

    #[test]
    fn the_newest_lines_are_kept_and_all_warnings_counted() {
        let shown = logged(LogLevel::Info, || {
            for number in 0..10_000 {
                tracing::warn!(target: TARGET, "{number}");
            }
        });
        assert_eq!((shown.lines.len(), shown.warnings), (KEPT, 10_000));
        assert_eq!(shown.lines[0].text, "9999");
    }

    #[test]
    fn only_our_own_lines_are_taken_and_only_those_that_matter() {
        let shown = logged(LogLevel::Info, || {
            tracing::error!(target: "hyper", "of another library");
            tracing::error!(target: "wallaroo_like", "of another library");
            tracing::debug!(target: TARGET, "too small");
            tracing::info!(target: TARGET, pipeline = "votes", price = 7, "an author's");
            tracing::info!(target: RUN_TARGET, "one\ntwo\x1b[2J");
        });
        assert_eq!(texts(&shown), [r"one two\x1b[2J", "votes: an author's price=7"]);
        assert_eq!(shown.warnings, 0);
        let quiet = logged(LogLevel::Error, || tracing::warn!(target: TARGET, "a warning"));
        assert!(quiet.lines.is_empty());
    }

    #[test]
    fn a_second_log_is_refused_and_harms_nothing() {
        // Whether another test was first or not: the second is refused.
        let _ = Log::new(LogLevel::Error).install();
        assert!(Log::new(LogLevel::Error).install().is_err());
        with_default(Log::new(LogLevel::Info), || tracing::info!(target: TARGET, "still heard"));
    }
}
