//! What an engine begins with.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::core::figures::counted;
use crate::core::numbers::Epoch;

/// What an engine begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovered {
    /// The checkpoint; 0 if only the journal held anything.
    pub epoch: Epoch,
    /// How many workers had saved it.
    pub workers: usize,
    /// How many partitions came back.
    pub partitions: usize,
    /// How many messages they had processed, in all.
    pub messages: u64,
    /// How many frames of the journal are processed again.
    pub frames: u64,
    /// How long that took.
    pub took: Duration,
}

impl fmt::Display for Recovered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, workers, partitions, frames, took, .. } = self;
        let frames = counted(*frames, "frame");
        if *epoch == Epoch(0) {
            return write!(formatter, "recovered {frames} of the journal in {took:.1?}");
        }
        write!(
            formatter,
            "recovered {} of checkpoint {epoch} of {}, and {frames} of the journal, in {took:.1?}",
            counted(*partitions as u64, "partition"),
            counted(*workers as u64, "worker"),
        )
    }
}
