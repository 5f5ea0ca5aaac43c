//! Latency: from the moment when a frame was read to the moment when its output was written.
//!
//! Kept as HdrHistograms (two significant digits): one for the whole run, and one for each of the
//! last [`RECENT_INTERVALS`] seconds.

use std::collections::VecDeque;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest latency that is measured, in nanoseconds: an hour. Longer ones count as an hour.
const MAX_LATENCY: u64 = 3_600_000_000_000;

/// Two digits: within 1 % of the true value.
const SIGNIFICANT_DIGITS: u8 = 2;

/// How many seconds are recent.
const RECENT_INTERVALS: usize = 60;

/// The upper bounds of the bars, in microseconds: those of Wallaroo's metrics page.
const BAR_BOUNDS: [u64; 11] = [1, 4, 16, 64, 256, 1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000];

/// Percentiles of a number of latencies, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct LatencySummary {
    /// Half were at most this long.
    pub p50: f64,
    /// 90 % were at most this long.
    pub p90: f64,
    /// 99 % were at most this long.
    pub p99: f64,
    /// 99.9 % were at most this long.
    pub p999: f64,
    /// The longest.
    pub max: f64,
    /// How many there were.
    #[serde(skip)]
    pub count: u64,
}

/// One bar of a histogram: how many values were at most `bound`, and more than the bar before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// The upper bound, included; `None` for all that is greater than the last bound.
    pub bound: Option<u64>,
    /// How many values.
    pub count: u64,
}

#[derive(Debug)]
pub(crate) struct Latency {
    total: Histogram<u64>,
    current: Histogram<u64>,
    intervals: VecDeque<Histogram<u64>>,
    recent: Histogram<u64>,
}

impl Latency {
    pub fn new() -> Self {
        Self {
            total: histogram(),
            current: histogram(),
            intervals: VecDeque::new(),
            recent: histogram(),
        }
    }

    pub fn record(&mut self, latency: Duration, count: u64) {
        let nanoseconds =
            u64::try_from(latency.as_nanos()).unwrap_or(MAX_LATENCY).clamp(1, MAX_LATENCY);
        self.total.saturating_record_n(nanoseconds, count);
        self.current.saturating_record_n(nanoseconds, count);
    }

    /// Ends an interval.
    pub fn roll(&mut self) {
        if self.current.is_empty() && self.recent.is_empty() {
            return;
        }
        let ended = std::mem::replace(&mut self.current, histogram());
        // Both have the same bounds, so that adding and subtracting cannot fail.
        let _ = self.recent.add(&ended);
        self.intervals.push_back(ended);
        if self.intervals.len() > RECENT_INTERVALS
            && let Some(oldest) = self.intervals.pop_front()
        {
            let _ = self.recent.subtract(&oldest);
        }
    }

    /// The whole run.
    pub fn total(&self) -> LatencySummary {
        summary(&self.total)
    }

    /// What was recorded since these were the latencies of the whole run.
    pub fn since(&self, earlier: &Self) -> LatencySummary {
        let mut since = self.total.clone();
        // All that was recorded then is recorded still.
        let _ = since.subtract(&earlier.total);
        summary(&since)
    }

    /// The last minute.
    pub fn recent(&self) -> LatencySummary {
        if self.current.is_empty() {
            return summary(&self.recent);
        }
        let mut recent = self.recent.clone();
        let _ = recent.add(&self.current);
        summary(&recent)
    }

    /// The whole run as bars, in microseconds.
    pub fn bars(&self) -> Vec<Bar> {
        let mut bars: Vec<Bar> = BAR_BOUNDS
            .iter()
            .map(|bound| Bar { bound: Some(*bound), count: 0 })
            .chain([Bar { bound: None, count: 0 }])
            .collect();
        for value in self.total.iter_recorded() {
            // The histogram tells a value only as a range: its beginning is what a round latency,
            // such as a bar's bound, has itself.
            let nanoseconds = self.total.lowest_equivalent(value.value_iterated_to());
            let microseconds = nanoseconds.div_ceil(1000);
            let bar = BAR_BOUNDS.partition_point(|bound| *bound < microseconds);
            if let Some(bar) = bars.get_mut(bar) {
                bar.count += value.count_at_value();
            }
        }
        bars
    }

    pub fn add(&mut self, other: &Self) {
        let _ = self.total.add(&other.total);
        let _ = self.current.add(&other.current);
        let _ = self.recent.add(&other.recent);
    }
}

fn histogram() -> Histogram<u64> {
    match Histogram::new_with_bounds(1, MAX_LATENCY, SIGNIFICANT_DIGITS) {
        Ok(histogram) => histogram,
        Err(_) => unreachable!("the bounds are constants that HdrHistogram accepts"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "two digits are significant")]
fn summary(histogram: &Histogram<u64>) -> LatencySummary {
    if histogram.is_empty() {
        return LatencySummary::default();
    }
    let microseconds = |nanoseconds: u64| nanoseconds as f64 / 1000.0;
    let quantile = |quantile: f64| microseconds(histogram.value_at_quantile(quantile));
    LatencySummary {
        p50: quantile(0.5),
        p90: quantile(0.9),
        p99: quantile(0.99),
        p999: quantile(0.999),
        max: microseconds(histogram.max()),
        count: histogram.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_within_one_percent() {
        let mut latency = Latency::new();
        for microseconds in 1..=1000 {
            latency.record(Duration::from_micros(microseconds), 1);
        }
        let summary = latency.total();
        assert!((495.0..505.1).contains(&summary.p50), "{summary:?}");
        assert!((980.0..1000.0).contains(&summary.p99), "{summary:?}");
        assert_eq!(summary.count, 1000);
    }

    #[test]
    fn every_latency_is_in_one_bar() {
        let mut latency = Latency::new();
        for micros in [1, 2, 4, 5, 900, 2_000_000] {
            latency.record(Duration::from_micros(micros), 10);
        }
        let bars = latency.bars();
        assert_eq!(bars.iter().map(|bar| bar.count).sum::<u64>(), 60);
        let count = |bound| bars.iter().find(|bar| bar.bound == bound).unwrap().count;
        assert_eq!([count(Some(1)), count(Some(4)), count(Some(16))], [10, 20, 10]);
        assert_eq!([count(Some(1000)), count(None)], [10, 10]);
    }

    #[test]
    fn the_recent_ones_are_forgotten_after_a_minute() {
        let mut latency = Latency::new();
        latency.record(Duration::from_micros(7), 5);
        for _ in 0..RECENT_INTERVALS {
            latency.roll();
            assert_eq!(latency.recent().count, 5);
        }
        latency.roll();
        assert_eq!(latency.recent().count, 0);
        assert_eq!(latency.total().count, 5);
    }

    #[test]
    fn a_latency_of_zero_or_of_days_is_recorded() {
        let mut latency = Latency::new();
        latency.record(Duration::ZERO, 1);
        latency.record(Duration::from_secs(1_000_000), 1);
        assert_eq!(latency.total().count, 2);
    }
}
