//! The log: lines about what happens beside the messages, for the workbench's pane, a file, and the
//! standard error of `run`.
//!
//! Everything is logged through `tracing` with the target [`TARGET`]: by the engine through the reporter
//! here, and by an author from inside a computation. A [`Log`] is a layer of a subscriber: it
//! keeps the newest lines and passes every line on. A program installs it, never this library.
//!
//! Invariant: it never prints by itself, so nothing is written over a screen.

mod file;
mod layer;
mod level;
mod line;
mod rate;
mod rates;
mod recorder;
mod reporter;
mod utc;

use std::sync::{Arc, Weak};

use thiserror::Error;
use tracing::{Dispatch, Subscriber, dispatcher};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;

pub use file::{LogFile, LogLost};
use layer::LogLayer;
pub use level::LogLevel;
pub use line::LogLine;
use recorder::Recorder;
pub use recorder::{LogShown, RUN_TARGET, TARGET};
pub(crate) use reporter::Reporter;
pub(crate) use utc::utc;

/// Logs the failure that ends the program, and waits until it is in the log's file, if that can be
/// written.
pub fn log_failure(reason: &str) {
    tracing::error!(target: RUN_TARGET, "{reason}");
    let log = dispatcher::get_default(Log::of);
    if let Some(file) = log.and_then(|log| log.0.outputs.read().file.clone()) {
        file.settle();
    }
}

/// This program has a subscriber of `tracing` of its own, in which the log has no part.
#[derive(Debug, Error)]
#[error(
    "this program has a subscriber of `tracing` of its own without the log's layer: \
     add `wallaroo::Log::layer` to it"
)]
pub struct LogTaken;

/// Keeps the newest lines of the log, and passes every line on. A clone is the same log.
///
/// A program with a subscriber of its own adds the log's [`layer`](Self::layer) to it. The pane of the
/// workbench and `--log` then work as they do without one:
///
/// ```
/// use tracing_subscriber::prelude::*;
/// use wallaroo::{Log, LogLevel};
///
/// let log = Log::new(LogLevel::Info);
/// let subscriber = tracing_subscriber::registry().with(log.layer()); // and layers of your own
/// tracing::subscriber::with_default(subscriber, || {
///     // A session that is started here shows this log.
///     tracing::warn!(target: "wallaroo", price = 7, "no such price");
/// });
/// ```
#[derive(Clone)]
pub struct Log(Arc<Recorder>);

impl Log {
    /// A log of lines with this level or a higher one.
    pub fn new(level: LogLevel) -> Self {
        Self(Arc::new(Recorder::new(level)))
    }

    /// Passes every line on to a file.
    #[must_use]
    pub fn to_file(self, file: Arc<LogFile>) -> Self {
        self.0.outputs.write().file = Some(file);
        self
    }

    /// Passes every line on, except the start and the end of a run.
    #[must_use]
    pub fn to_console(self, console: impl Fn(&LogLine) + Send + Sync + 'static) -> Self {
        self.0.outputs.write().console = Some(Arc::new(console));
        self
    }

    /// The log as a layer of a subscriber. It takes the events of the log alone, and leaves those of
    /// others, and all spans, to the other layers.
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        LogLayer(Arc::clone(&self.0)).with_filter(LogLayer(Arc::clone(&self.0)))
    }

    /// Makes this the log of the whole process. If the program's subscriber has the layer of a log
    /// already, that log goes on, with the level, the file and the console of this one.
    ///
    /// # Errors
    ///
    /// The program has a subscriber without such a layer.
    pub fn install(self) -> Result<(), LogTaken> {
        let installed = dispatcher::get_default(Self::of);
        if let Some(log) = installed {
            let outputs = self.0.outputs.read().clone();
            *log.0.outputs.write() = outputs;
            // Which events are made at all depends on the level.
            tracing::callsite::rebuild_interest_cache();
            log.hear_of_its_file();
            return Ok(());
        }
        self.hear_of_its_file();
        let subscriber = tracing_subscriber::registry().with(self.layer());
        tracing::subscriber::set_global_default(subscriber).map_err(|_| LogTaken)
    }

    /// The log whose layer a subscriber has.
    fn of(subscriber: &Dispatch) -> Option<Self> {
        subscriber.downcast_ref::<LogLayer>().map(|LogLayer(log)| Self(Arc::clone(log)))
    }

    /// Reports errors of the log's file to the console and the pane.
    fn hear_of_its_file(&self) {
        let Some(file) = self.0.outputs.read().file.clone() else { return };
        // The log owns the file, and not the other way round.
        let log = Arc::downgrade(&self.0);
        file.tell(Box::new(move |level, text| {
            if let Some(log) = Weak::upgrade(&log) {
                let line = log.line(level, text);
                let console = log.outputs.read().console.clone();
                if let Some(console) = console {
                    console(&line);
                }
                log.keep(line);
            }
        }));
    }

    /// The newest lines after a number: see [`Recorder::since`].
    #[cfg(feature = "workbench")]
    pub(crate) fn since(&self, number: u64, max: usize) -> (u64, Vec<Arc<LogLine>>, u64) {
        self.0.since(number, max)
    }

    /// The newest lines, at most `max` of them.
    pub(crate) fn shown(&self, max: usize) -> LogShown {
        self.0.shown(max)
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;
    use tracing::subscriber::with_default;

    use super::recorder::KEPT;
    use super::*;

    fn texts(log: &LogShown) -> Vec<&str> {
        log.lines.iter().map(|line| line.text.as_str()).collect()
    }

    /// What a log of this level has of what is said in `say`.
    fn logged(level: LogLevel, say: impl FnOnce()) -> LogShown {
        let log = Log::new(level);
        with_default(tracing_subscriber::registry().with(log.layer()), say);
        log.shown(usize::MAX)
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

    /// A layer of another program, which counts what it is told.
    #[derive(Clone, Default)]
    struct Counter(Arc<Mutex<(usize, usize)>>);

    impl<S: Subscriber> Layer<S> for Counter {
        fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            self.0.lock().0 += 1;
        }

        fn on_new_span(
            &self,
            _: &tracing::span::Attributes<'_>,
            _: &tracing::span::Id,
            _: tracing_subscriber::layer::Context<'_, S>,
        ) {
            self.0.lock().1 += 1;
        }
    }

    #[test]
    fn another_layer_beside_the_log_misses_nothing() {
        let (log, counter) = (Log::new(LogLevel::Warn), Counter::default());
        let subscriber = tracing_subscriber::registry().with(log.layer()).with(counter.clone());
        with_default(subscriber, || {
            tracing::trace!(target: "hyper", "of another library");
            tracing::debug!(target: TARGET, "too small for the log");
            let _span = tracing::debug_span!("theirs").entered();
            tracing::warn!(target: TARGET, "for both");
        });
        assert_eq!(texts(&log.shown(usize::MAX)), ["for both"]);
        assert_eq!(*counter.0.lock(), (3, 1));
    }

    #[test]
    fn a_programs_own_subscriber_with_the_layer_gets_the_level_and_the_console_of_a_run() {
        let theirs = Log::new(LogLevel::Error);
        let said = Arc::new(Mutex::new(Vec::new()));
        let subscriber = tracing_subscriber::registry().with(theirs.layer());
        with_default(subscriber, || {
            let say = || tracing::debug!(target: TARGET, "a detail");
            say();
            let told = Arc::clone(&said);
            let console = move |line: &LogLine| told.lock().push(line.text.clone());
            Log::new(LogLevel::Debug).to_console(console).install().unwrap();
            say();
        });
        assert_eq!(texts(&theirs.shown(usize::MAX)), ["a detail"]);
        assert_eq!(*said.lock(), ["a detail"]);
    }

    #[test]
    fn a_subscriber_without_the_layer_is_left_alone() {
        with_default(tracing_subscriber::registry(), || {
            let log = dispatcher::get_default(Log::of);
            assert!(log.is_none());
        });
    }
}
