//! Throughput: messages in each second of the last minutes.

use std::collections::VecDeque;
use std::time::Duration;

use super::latency::Bar;
use crate::core::numbers::Timestamp;

/// How many seconds are kept: five minutes.
const SECONDS_KEPT: usize = 300;

/// The upper bounds of the histogram's bars, in messages a second.
const BAR_BOUNDS: [u64; 8] = [0, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// Messages in each whole second of the last minutes.
#[derive(Debug, Clone, Default)]
pub struct Throughput {
    seconds: VecDeque<u64>,
    counted: u64,
    /// The counter at the last call, also within a second.
    seen: u64,
    ended: u64,
}

impl Throughput {
    /// These seconds, oldest first, without an engine: for tests and pictures of a front end.
    #[must_use]
    pub fn of_seconds(seconds: impl IntoIterator<Item = u64>) -> Self {
        let seconds: VecDeque<u64> = seconds.into_iter().collect();
        let counted = seconds.iter().sum();
        Self { counted, seen: counted, ended: seconds.len() as u64, seconds }
    }

    /// Updates the counter at a moment, and completes the whole seconds since the last call. True if there
    /// are any.
    pub(crate) fn roll(&mut self, now: Timestamp, count: u64) -> bool {
        let passed = (now.0 / 1_000_000_000).saturating_sub(self.ended);
        let was_quiet = self.last() == 0 && self.seen == self.counted;
        self.seen = count;
        if passed == 0 {
            return false;
        }
        let new = count - self.counted;
        if was_quiet {
            // There are no calls while nothing happens, so the new messages have come just now.
            self.push_seconds(passed - 1, 0);
            self.push_seconds(1, new);
        } else {
            // A late call does not know the count of each second: they share it.
            let (share, remainder) = (new / passed, new % passed);
            self.push_seconds(remainder, share + 1);
            self.push_seconds(passed - remainder, share);
        }
        self.counted = count;
        self.ended += passed;
        true
    }

    fn push_seconds(&mut self, seconds: u64, count: u64) {
        for _ in 0..seconds.min(SECONDS_KEPT as u64) {
            if self.seconds.len() >= SECONDS_KEPT {
                self.seconds.pop_front();
            }
            self.seconds.push_back(count);
        }
    }

    /// The counter at the end of the last second.
    pub(crate) fn counted(&self) -> u64 {
        self.counted
    }

    /// How long until the present second is complete.
    pub(crate) fn until_next(&self, now: Timestamp) -> Duration {
        Timestamp((self.ended + 1) * 1_000_000_000).since(now)
    }

    /// Messages in each second, oldest first.
    pub fn seconds(&self) -> impl ExactSizeIterator<Item = u64> + '_ {
        self.seconds.iter().copied()
    }

    /// Messages in the last whole second.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.seconds.back().copied().unwrap_or_default()
    }

    /// The least, the median and the most messages a second since the first message, within the
    /// time kept; `None` if there was none.
    #[must_use]
    pub fn spread(&self) -> Option<(u64, u64, u64)> {
        let first = self.seconds.iter().position(|count| *count > 0)?;
        let mut counts: Vec<u64> = self.seconds.iter().skip(first).copied().collect();
        counts.sort_unstable();
        Some((*counts.first()?, *counts.get(counts.len() / 2)?, *counts.last()?))
    }
}

/// How many of the seconds since the first message had how many messages.
#[must_use]
pub fn bars(throughput: &Throughput) -> Vec<Bar> {
    let mut bars: Vec<Bar> = BAR_BOUNDS
        .iter()
        .map(|bound| Bar { bound: Some(*bound), count: 0 })
        .chain([Bar { bound: None, count: 0 }])
        .collect();
    for count in throughput.seconds().skip_while(|count| *count == 0) {
        let bar = BAR_BOUNDS.partition_point(|bound| *bound < count);
        if let Some(bar) = bars.get_mut(bar) {
            bar.count += 1;
        }
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(throughput: &Throughput) -> Vec<u64> {
        throughput.seconds().collect()
    }

    #[test]
    fn every_message_is_in_one_second() {
        let mut throughput = Throughput::default();
        assert!(!throughput.roll(Timestamp(999_999_999), 5));
        assert!(throughput.roll(Timestamp(1_000_000_000), 7));
        assert!(throughput.roll(Timestamp(4_200_000_000), 17));
        assert_eq!(seconds(&throughput), [7, 4, 3, 3]);
        assert_eq!(throughput.until_next(Timestamp(4_200_000_000)), Duration::from_millis(800));
    }

    #[test]
    fn what_comes_after_a_quiet_time_has_come_just_now() {
        let mut throughput = Throughput::default();
        assert!(throughput.roll(Timestamp(5_100_000_000), 100));
        assert_eq!(seconds(&throughput), [0, 0, 0, 0, 100]);
        assert!(throughput.roll(Timestamp(6_100_000_000), 100));
        assert!(!throughput.roll(Timestamp(6_500_000_000), 130));
        // It was seen within the seventh second, and nobody has looked for two more.
        assert!(throughput.roll(Timestamp(9_000_000_000), 130));
        assert_eq!(seconds(&throughput)[6..], [10, 10, 10]);
    }

    #[test]
    fn only_the_last_minutes_are_kept() {
        let mut throughput = Throughput::default();
        throughput.roll(Timestamp(1_000_000_000_000), 1000);
        assert_eq!(throughput.seconds().len(), SECONDS_KEPT);
    }

    #[test]
    fn the_spread_begins_with_the_first_message() {
        let mut throughput = Throughput::default();
        assert_eq!(throughput.spread(), None);
        for (second, count) in [(1, 0), (2, 0), (3, 10), (4, 10), (5, 60)] {
            throughput.roll(Timestamp(second * 1_000_000_000), count);
        }
        assert_eq!(throughput.spread(), Some((0, 10, 50)));
        let counted: Vec<u64> = bars(&throughput).iter().map(|bar| bar.count).collect();
        assert_eq!(counted, [1, 1, 1, 0, 0, 0, 0, 0, 0]);
    }
}
