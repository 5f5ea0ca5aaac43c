//! How fast a partition is, measured each time that it is looked at.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::core::numbers::{Timestamp, WorkerIndex};
use crate::core::partitions::query::PartitionRow;
use crate::core::partitions::row;

/// The shortest time between two questions.
pub(super) const MIN_WAIT: Duration = Duration::from_millis(40);

/// The time over which a partition's rate is measured.
const RATE_WINDOW: Duration = Duration::from_secs(1);

/// How many seconds of a partition's rates are kept.
pub(super) const HISTORY: usize = 30;

/// A partition, and how fast it has been lately.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShownRow {
    /// The partition.
    #[serde(with = "row::whole")]
    pub row: PartitionRow,
    /// Messages per second; `None` until it has been shown for long enough to measure.
    pub rate: Option<f64>,
    /// Messages in each of the last seconds in which it was looked at, the oldest first.
    pub history: Vec<u64>,
    /// The former owner, and the time of the change; `None` if no change was seen.
    pub moved: Option<(WorkerIndex, Timestamp)>,
}

/// When a partition was looked at, how many messages it had, and its rates until then.
#[derive(Clone)]
pub(super) struct Seen {
    pub at: Timestamp,
    messages: u64,
    pub rate: Option<f64>,
    pub history: VecDeque<u64>,
}

impl Seen {
    /// Whether another rate can be measured.
    pub fn is_old(&self, now: Timestamp) -> bool {
        now.since(self.at) >= RATE_WINDOW
    }
}

/// A rate is measured over at least [`RATE_WINDOW`]; until then the one before is shown.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate need not be exact, and is never negative"
)]
pub(super) fn next_rate(before: Option<Seen>, messages: u64, now: Timestamp) -> Seen {
    match before {
        None => Seen { at: now, messages, rate: None, history: VecDeque::new() },
        Some(seen) if !seen.is_old(now) => seen,
        Some(seen) => {
            let gained = messages.saturating_sub(seen.messages) as f64;
            let passed = now.since(seen.at);
            let rate = gained / passed.as_secs_f64();
            let mut history = seen.history;
            // A partition that was out of sight for a while had this rate all the time.
            for _ in 0..passed.as_secs().min(HISTORY as u64) {
                history.push_back(rate.round() as u64);
            }
            history.drain(..history.len().saturating_sub(HISTORY));
            Seen { at: now, messages, rate: Some(rate), history }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_measured_over_a_whole_window() {
        let at = |seconds: f64| Timestamp(0).after(Duration::from_secs_f64(seconds));
        let first = next_rate(None, 10, at(1.0));
        assert_eq!(first.rate, None);
        let early = next_rate(Some(first), 15, at(1.5));
        assert_eq!((early.rate, early.messages), (None, 10));
        let due = next_rate(Some(early), 30, at(3.0));
        assert_eq!(due.rate, Some(10.0));
        assert_eq!(due.history, [10, 10]);
        let late = next_rate(Some(due), 30, at(99.0));
        assert_eq!(late.history, [0; HISTORY]);
    }
}
