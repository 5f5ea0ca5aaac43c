//! The time that charts and percentiles are of.

use std::time::Duration;

/// The time that charts and percentiles are of: always up to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeWindow {
    /// The last ten seconds.
    TenSeconds,
    /// The last minute.
    #[default]
    Minute,
    /// The last five minutes.
    FiveMinutes,
    /// All of the run.
    All,
}

impl TimeWindow {
    /// All of them, the shortest first.
    pub const ALL: [Self; 4] = [Self::TenSeconds, Self::Minute, Self::FiveMinutes, Self::All];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::TenSeconds => "10 s",
            Self::Minute => "1 min",
            Self::FiveMinutes => "5 min",
            Self::All => "all",
        }
    }

    /// Its length; `None` for all of the run.
    pub fn length(self) -> Option<Duration> {
        match self {
            Self::TenSeconds => Some(Duration::from_secs(10)),
            Self::Minute => Some(Duration::from_mins(1)),
            Self::FiveMinutes => Some(Duration::from_mins(5)),
            Self::All => None,
        }
    }

    /// The next longer one; after all, the shortest.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::TenSeconds => Self::Minute,
            Self::Minute => Self::FiveMinutes,
            Self::FiveMinutes => Self::All,
            Self::All => Self::TenSeconds,
        }
    }
}
