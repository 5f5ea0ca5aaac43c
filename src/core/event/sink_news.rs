//! What happens to a sink.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::level::Level;

/// Something that happened to a sink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SinkNews {
    /// It can be written, for the first time or again.
    Ready,
    /// It waits for a receiver that is not there, and why.
    Waiting(String),
    /// Its receiver went away, and how.
    Lost(String),
    /// It has outputs to write, and has not been able to write any of them for a while.
    Stalled,
    /// Its system does not tell what the receiver has acknowledged, and why.
    Unconfirmed(String),
    /// All its outputs are acknowledged, no more will come, and its receiver has not closed the
    /// connection for a while.
    Closing,
    /// Its file was removed, replaced or changed by another program, and what that means.
    Astray(String),
}

impl SinkNews {
    pub(super) fn level(&self) -> Level {
        match self {
            Self::Ready | Self::Closing => Level::Information,
            Self::Waiting(_)
            | Self::Lost(_)
            | Self::Stalled
            | Self::Unconfirmed(_)
            | Self::Astray(_) => Level::Warning,
        }
    }

    pub(super) fn write(&self, sink: &str, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => write!(formatter, "writing to {sink}"),
            Self::Waiting(reason) => write!(formatter, "waiting for {sink}: {reason}"),
            Self::Lost(reason) => write!(formatter, "{sink} went away: {reason}"),
            Self::Stalled => write!(formatter, "{sink} takes no outputs: they wait"),
            Self::Unconfirmed(reason) => write!(
                formatter,
                "what {sink} has received cannot be known: {reason}; outputs on their way are lost \
                 if its connection breaks"
            ),
            Self::Closing => write!(
                formatter,
                "{sink} has all outputs: waiting a moment for it to close the connection"
            ),
            Self::Astray(what) => write!(formatter, "{sink} {what}"),
        }
    }
}
