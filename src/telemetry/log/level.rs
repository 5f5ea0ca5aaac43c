//! The level of a line of the log.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tracing::Level;
use tracing::level_filters::LevelFilter;

/// The level of a line of the log. Greater levels matter more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LogLevel {
    /// For debugging.
    Debug,
    /// Routine information.
    Info,
    /// Something is wrong, and the run goes on.
    Warn,
    /// Something has failed.
    Error,
}

impl LogLevel {
    /// The names of all levels, the highest first.
    pub const NAMES: [&'static str; 4] = ["error", "warn", "info", "debug"];

    /// The level of an event of `tracing`.
    pub(super) fn of(level: Level) -> Self {
        match level {
            Level::ERROR => Self::Error,
            Level::WARN => Self::Warn,
            Level::INFO => Self::Info,
            _ => Self::Debug,
        }
    }

    /// Which events `tracing` has to create for this level.
    pub(super) fn filter(self) -> LevelFilter {
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            // A trace event counts as a debug event.
            Self::Debug => LevelFilter::TRACE,
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        })
    }
}

impl FromStr for LogLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Error, Self::Warn, Self::Info, Self::Debug]
            .into_iter()
            .find(|level| level.to_string() == text)
            .ok_or_else(|| format!("give one of: {}", Self::NAMES.join(", ")))
    }
}
