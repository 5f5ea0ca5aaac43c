//! Throughput: messages in each second of the last minutes.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::window::TimeWindow;
use crate::core::numbers::Timestamp;

/// How many seconds are kept: five minutes.
const SECONDS_KEPT: usize = 300;

/// How many seconds are lately.
const LATELY: usize = 3;

/// How many parts the whole run is kept in at most; each is as long as it must be. An even number.
const PARTS_KEPT: usize = 600;

/// Messages in each whole second of the last minutes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Throughput {
    seconds: VecDeque<u64>,
    counted: u64,
    /// The counter at the last call, also within a second.
    seen: u64,
    ended: u64,
    run: Run,
}

/// The whole run in parts of equal length, the oldest first. If there are too many, two become one.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Run {
    parts: Vec<u64>,
    /// The seconds of a part.
    length: u64,
    /// The seconds and messages of the part that has not ended.
    open: (u64, u64),
}

impl Default for Run {
    fn default() -> Self {
        Self { parts: Vec::new(), length: 1, open: (0, 0) }
    }
}

impl Run {
    fn push(&mut self, messages: u64) {
        self.open = (self.open.0 + 1, self.open.1 + messages);
        if self.open.0 < self.length {
            return;
        }
        self.parts.push(self.open.1);
        self.open = (0, 0);
        if self.parts.len() > PARTS_KEPT {
            self.parts = self.parts.chunks(2).map(|pair| pair.iter().sum()).collect();
            self.length *= 2;
            // There was an odd number of them: the last one is only half of a part.
            self.open = (self.length / 2, self.parts.pop().unwrap_or_default());
        }
    }
}

/// The rates of equal parts of a time, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates {
    /// Messages in a second, in each part that has passed since the start.
    pub values: Vec<u64>,
    /// How many parts the whole time has.
    pub parts: usize,
    /// The length of a part.
    pub part: Duration,
}

impl Rates {
    /// The least, the median and the most since the first message; `None` if there was none.
    pub fn spread(&self) -> Option<(u64, u64, u64)> {
        let first = self.values.iter().position(|count| *count > 0)?;
        let mut counts: Vec<u64> = self.values.iter().skip(first).copied().collect();
        counts.sort_unstable();
        Some((*counts.first()?, *counts.get(counts.len() / 2)?, *counts.last()?))
    }
}

impl Throughput {
    /// These seconds, oldest first, without an engine: for tests and pictures of a front end.
    pub fn of_seconds(seconds: impl IntoIterator<Item = u64>) -> Self {
        let seconds: VecDeque<u64> = seconds.into_iter().collect();
        let counted = seconds.iter().sum();
        let mut run = Run::default();
        for count in &seconds {
            run.push(*count);
        }
        Self { counted, seen: counted, ended: seconds.len() as u64, seconds, run }
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
            // There are no calls while nothing happens, so the new messages came in the last second.
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
        for _ in 0..seconds {
            self.run.push(count);
        }
    }

    /// The counter at the end of the last second.
    pub(crate) fn counted(&self) -> u64 {
        self.counted
    }

    /// How many whole seconds have passed since the start.
    pub fn ended(&self) -> u64 {
        self.ended
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
    pub fn last(&self) -> u64 {
        self.seconds.back().copied().unwrap_or_default()
    }

    /// Messages in a second, over the last few whole seconds.
    pub fn lately(&self) -> u64 {
        let last: Vec<u64> = self.seconds.iter().rev().take(LATELY).copied().collect();
        last.iter().sum::<u64>() / (last.len() as u64).max(1)
    }

    /// The rates in a time, up to the last whole second.
    pub fn rates(&self, window: TimeWindow) -> Rates {
        if let Some(parts) =
            window.length().and_then(|length| usize::try_from(length.as_secs()).ok())
        {
            let before = self.seconds.len().saturating_sub(parts);
            let values = self.seconds.iter().skip(before).copied().collect();
            Rates { values, parts, part: Duration::from_secs(1) }
        } else {
            let run = &self.run;
            let values: Vec<u64> = run.parts.iter().map(|part| part / run.length).collect();
            Rates { parts: values.len(), values, part: Duration::from_secs(run.length) }
        }
    }
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
        // They were seen within the seventh second, and the next call came two seconds later.
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
        let throughput = Throughput::of_seconds([0, 0, 10, 0, 50]);
        assert_eq!(throughput.rates(TimeWindow::Minute).spread(), Some((0, 10, 50)));
        assert_eq!(Throughput::default().rates(TimeWindow::All).spread(), None);
    }

    #[test]
    fn a_time_has_only_its_own_seconds() {
        let throughput = Throughput::of_seconds(0..100);
        assert_eq!(throughput.rates(TimeWindow::TenSeconds).values, (90..100).collect::<Vec<_>>());
        assert_eq!(throughput.rates(TimeWindow::All).values.len(), 100);
    }

    #[test]
    fn a_run_of_any_length_has_a_bounded_number_of_parts_and_every_message() {
        let mut run = Run::default();
        for second in 1..=50_000_u64 {
            run.push(2);
            assert!(run.parts.len() <= PARTS_KEPT);
            assert_eq!(run.parts.iter().sum::<u64>() + run.open.1, second * 2);
        }
    }
}
