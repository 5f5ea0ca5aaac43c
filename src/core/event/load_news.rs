//! What happens to a load, as lines of the log.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::level::Level;
use crate::core::figures::{counted, exact};
use crate::core::load::search::{Finding, Tried};
use crate::core::load::settings::{Keys, LoadSettings, Mix, Share};

/// Something that happened to the load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadNews {
    /// It begins.
    Begun(LoadSettings),
    /// It goes on otherwise.
    Changed(LoadSettings),
    /// It has ended.
    Ended {
        /// How many messages were sent.
        sent: u64,
        /// How many of them were spoiled.
        malformed: u64,
    },
    /// The search for the greatest good rate is over.
    Found(Finding),
    /// Its messages cannot be made, and why.
    Failed(String),
}

impl LoadNews {
    pub(super) fn level(&self) -> Level {
        match self {
            Self::Failed(_) => Level::Warning,
            Self::Begun(_) | Self::Changed(_) | Self::Ended { .. } | Self::Found(_) => {
                Level::Information
            }
        }
    }
}

impl fmt::Display for LoadNews {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begun(settings) => write!(formatter, "load begins: {settings}"),
            Self::Changed(settings) => write!(formatter, "load: {settings}"),
            Self::Ended { sent, malformed } => write!(
                formatter,
                "load has ended: {} sent, {} of them malformed",
                counted(*sent, "message"),
                exact(*malformed)
            ),
            Self::Found(finding) => write!(formatter, "load: {finding}"),
            Self::Failed(reason) => write!(formatter, "load has ended: {reason}"),
        }
    }
}

impl fmt::Display for LoadSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pace, mix, search, .. } = self;
        write!(formatter, "{} msg/s", exact(pace.rate))?;
        if pace.burst > 1 {
            write!(formatter, " in bursts of {} times that", pace.burst)?;
        }
        write!(formatter, ", {mix}")?;
        match search {
            None => Ok(()),
            Some(search) => write!(
                formatter,
                "; twice as many every {:?} until p99 passes {:?}",
                search.step, search.limit
            ),
        }
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.keys {
            Keys::Even => formatter.write_str("all keys equally likely")?,
            Keys::Zipf(tenths) => {
                write!(formatter, "keys by Zipf's law ({}.{})", tenths / 10, tenths % 10)?;
            }
            Keys::OneHot(share) => write!(formatter, "{share} for one key")?,
        }
        match (self.malformed, self.fault) {
            (Share(0), _) => Ok(()),
            (share, None) => write!(formatter, ", {share} malformed"),
            (share, Some(fault)) => write!(formatter, ", {share} malformed ({fault})"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, within, beyond } = self;
        match beyond {
            Some(Tried { rate, p99 }) => {
                let rate = exact(*rate);
                write!(formatter, "p99 passed {limit:?} at {rate} msg/s: it was {p99:.1?}")?;
            }
            None => write!(formatter, "p99 does not pass {limit:?} at the greatest rate")?,
        }
        match within {
            Some(Tried { rate, p99 }) => {
                write!(formatter, "; at {} msg/s it was {p99:.1?}", exact(*rate))
            }
            None => formatter.write_str("; that was the first rate that was tried"),
        }
    }
}
