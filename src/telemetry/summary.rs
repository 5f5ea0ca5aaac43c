//! The figures of a run, as `--json` prints them.

use serde::Serialize;

use super::latency::LatencySummary;

/// The figures of a run, as `--json` prints them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The application's name.
    pub app: String,
    /// How many workers ran it.
    pub workers: usize,
    /// Messages read, those that could not be processed included.
    pub messages_in: u64,
    /// Outputs written to sinks.
    pub messages_out: u64,
    /// Messages that a decoder dropped on purpose.
    pub filtered: u64,
    /// Messages that could not be processed.
    pub dead_letters: u64,
    /// How many of them are not in their file; 0 where they go to none.
    pub dead_letters_lost: u64,
    /// Partitions of all states.
    pub partitions: usize,
    /// How many of them were created by a message.
    pub partitions_dynamic: usize,
    /// Bytes read, headers included.
    pub bytes_in: u64,
    /// Bytes written to sinks.
    pub bytes_out: u64,
    /// How long the run took, from the first reading to the last writing.
    pub seconds: f64,
    /// `messages_in` divided by `seconds`.
    pub messages_per_second: f64,
    /// From a frame's reading to its output's writing, in microseconds.
    pub latency_us: LatencySummary,
}
