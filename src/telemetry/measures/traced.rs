//! How many of the messages that entered are traced.

use serde::{Deserialize, Serialize};

use super::throughput::Throughput;
use crate::core::numbers::Timestamp;

/// How many of some messages are traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TracedShare {
    /// The messages that are traced.
    pub traced: u64,
    /// All messages.
    pub of: u64,
}

impl TracedShare {
    /// Whether there are messages that are not traced.
    pub fn is_part(self) -> bool {
        self.traced < self.of
    }
}

/// How many of the messages that entered are traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TracedShown {
    /// In the last whole second.
    pub last_second: TracedShare,
    /// Since the start.
    pub all: TracedShare,
}

/// The count of traces and of messages, second by second.
#[derive(Default)]
pub(crate) struct Traced {
    traced: Throughput,
    messages: Throughput,
}

impl Traced {
    /// Completes the seconds that have passed.
    pub fn roll(&mut self, now: Timestamp, all: TracedShare) {
        self.traced.roll(now, all.traced);
        self.messages.roll(now, all.of);
    }

    pub fn shown(&self, all: TracedShare) -> TracedShown {
        let last_second = TracedShare { traced: self.traced.last(), of: self.messages.last() };
        TracedShown { last_second, all }
    }
}
