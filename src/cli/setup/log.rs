//! `--log` and `--log-level`.

use std::sync::Arc;

use crate::cli::arguments::LogArguments;
use crate::cli::failure::Failure;
use crate::cli::setup::files::patiently;
use crate::telemetry::{Log, LogFile, LogLevel, LogLine};

/// The log that `--log` and `--log-level` describe. Nothing is written before it is started.
pub(in crate::cli) struct RunLog {
    level: LogLevel,
    file: Option<Arc<LogFile>>,
}

impl RunLog {
    /// Opens the file, if one is named.
    pub fn open(arguments: &LogArguments) -> Result<Self, Failure> {
        let file = match &arguments.log {
            None => None,
            Some(path) => {
                let file = patiently(path, || LogFile::open(path))?;
                Some(Arc::new(file))
            }
        };
        Ok(Self { level: arguments.log_level, file })
    }

    /// Makes this the log of the process, for a screen.
    pub fn start(&self) -> Result<(), Failure> {
        self.install(Log::new(self.level))
    }

    /// The same, and passes lines to a console too.
    pub fn start_with(
        &self,
        console: impl Fn(&LogLine) + Send + Sync + 'static,
    ) -> Result<(), Failure> {
        self.install(Log::new(self.level).to_console(console))
    }

    fn install(&self, log: Log) -> Result<(), Failure> {
        match &self.file {
            // A program with a subscriber of its own has a log without us.
            None => {
                let _ = log.install();
                Ok(())
            }
            Some(file) => log
                .to_file(Arc::clone(file))
                .install()
                .map_err(|error| Failure::Failed(format!("{error}, or leave out --log"))),
        }
    }

    /// Adds to the outcome of a command: an incomplete log is a failure too.
    pub fn end(&self, outcome: Result<(), Failure>) -> Result<(), Failure> {
        outcome?;
        self.file.as_ref().map_or(Ok(()), |file| file.finish()).map_err(Failure::failed)
    }
}
