//! A message was taken back.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::core::figures::counted;
use crate::core::numbers::{PipelineIndex, SequenceNumber};

/// A message was taken back: all partitions are as they would be without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBackNews {
    /// The message's pipeline.
    pub pipeline: PipelineIndex,
    /// Its number there.
    pub sequence: SequenceNumber,
    /// How many partitions are others, or are gone.
    pub partitions: usize,
    /// How long nothing could enter.
    pub held: Duration,
}

impl fmt::Display for TakenBackNews {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sequence, partitions, held, .. } = self;
        let partitions = counted(*partitions as u64, "partition");
        write!(formatter, "message {sequence} is taken back: {partitions} changed, in {held:.1?}")
    }
}
