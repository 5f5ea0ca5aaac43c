//! Latency: from the moment when a frame was read to the moment when its output was written.
//!
//! Kept as HdrHistograms (two significant digits): one for the whole run, one for each of the last seconds,
//! and their sums over each [`TimeWindow`].

use std::collections::VecDeque;
use std::time::Duration;

use hdrhistogram::Histogram;
use hdrhistogram::iterators::IterationValue;
use serde::{Deserialize, Serialize};

use super::window::TimeWindow;

/// The longest latency that is measured, in nanoseconds: an hour. Longer ones count as an hour.
const MAX_LATENCY: u64 = 3_600_000_000_000;

/// Two digits: within 1 % of the true value.
const SIGNIFICANT_DIGITS: u8 = 2;

/// The times, in seconds, that are summed up as they pass.
const SUMMED: [usize; 3] = [10, 60, 300];

/// The upper bounds of the bars that programs read, in microseconds: up to a minute.
const SERVED_BOUNDS: [u64; 14] = [
    1, 4, 16, 64, 256, 1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000, 4_000_000, 16_000_000,
    64_000_000,
];

/// The upper bounds of the bars, in microseconds: those of Wallaroo's metrics page.
const BAR_BOUNDS: [u64; 11] = [1, 4, 16, 64, 256, 1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000];

/// Percentiles of a number of latencies, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// The upper bound, included; `None` for all that is greater than the last bound.
    pub bound: Option<u64>,
    /// How many values.
    pub count: u64,
}

/// The latencies of a time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LatencyShown {
    /// Their percentiles.
    #[serde(with = "counted")]
    pub summary: LatencySummary,
    /// How many were how long, in microseconds.
    pub bars: Vec<Bar>,
}

/// Percentiles with the number of latencies, which `--json` does not print.
mod counted {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::LatencySummary;

    pub(super) fn serialize<S: Serializer>(of: &LatencySummary, to: S) -> Result<S::Ok, S::Error> {
        (of, of.count).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        of: D,
    ) -> Result<LatencySummary, D::Error> {
        <(LatencySummary, u64)>::deserialize(of)
            .map(|(summary, count)| LatencySummary { count, ..summary })
    }
}

/// The latencies of a whole run, as programs read them.
#[derive(Debug, Clone, Default)]
pub struct LatencyMeasured {
    /// How many were how long, in microseconds.
    pub bars: Vec<Bar>,
    /// The sum of all, in seconds, as exact as the percentiles.
    pub seconds: f64,
}

/// The latencies of a whole run: a copy, so that nobody waits while it is read.
pub(crate) struct WholeRun(Histogram<u64>);

impl WholeRun {
    /// What programs read of it.
    pub fn measured(&self) -> LatencyMeasured {
        #[expect(clippy::cast_precision_loss, reason = "two digits are significant")]
        let seconds = self.0.mean() * self.0.len() as f64 / 1e9;
        LatencyMeasured { bars: bars(&self.0, &SERVED_BOUNDS), seconds }
    }
}

#[derive(Debug)]
pub(crate) struct Latency {
    total: Histogram<u64>,
    /// The second that has not ended.
    current: Histogram<u64>,
    /// The last seconds, the oldest first: what was recorded in each. As histograms they would be ten times as large.
    seconds: VecDeque<Vec<Recorded>>,
    /// The sums of the last seconds, for each time that is shorter than the whole run.
    sums: [Histogram<u64>; SUMMED.len()],
}

impl Latency {
    pub fn new() -> Self {
        Self {
            total: histogram(),
            current: histogram(),
            seconds: VecDeque::new(),
            sums: SUMMED.map(|_| histogram()),
        }
    }

    pub fn record(&mut self, latency: Duration, count: u64) {
        let nanoseconds =
            u64::try_from(latency.as_nanos()).unwrap_or(MAX_LATENCY).clamp(1, MAX_LATENCY);
        self.total.saturating_record_n(nanoseconds, count);
        self.current.saturating_record_n(nanoseconds, count);
    }

    /// Ends a second.
    pub fn roll(&mut self) {
        let longest = SUMMED.iter().copied().max().unwrap_or(0);
        if self.current.is_empty() && self.seconds.iter().all(Vec::is_empty) {
            return;
        }
        let ended = std::mem::replace(&mut self.current, histogram());
        for (sum, length) in self.sums.iter_mut().zip(SUMMED) {
            // All have the same bounds, so that adding and subtracting cannot fail.
            let _ = sum.add(&ended);
            let leaving = self.seconds.len().checked_sub(length);
            if let Some(oldest) = leaving.and_then(|at| self.seconds.get(at)) {
                let _ = sum.subtract(histogram_of(oldest));
            }
        }
        let recorded = |value: IterationValue<u64>| Recorded {
            nanoseconds: value.value_iterated_to(),
            count: value.count_at_value(),
        };
        self.seconds.push_back(ended.iter_recorded().map(recorded).collect());
        if self.seconds.len() > longest {
            self.seconds.pop_front();
        }
    }

    /// The whole run.
    pub fn total(&self) -> LatencySummary {
        summary(&self.total)
    }

    /// A copy of the whole run.
    pub fn whole_run(&self) -> WholeRun {
        WholeRun(self.total.clone())
    }

    /// What was recorded since these were the latencies of the whole run.
    pub fn since(&self, earlier: &Self) -> LatencySummary {
        let mut since = self.total.clone();
        // All that was recorded then is recorded still.
        let _ = since.subtract(&earlier.total);
        summary(&since)
    }

    /// The latencies of a time, up to now.
    pub fn of(&self, window: TimeWindow) -> LatencyShown {
        let seconds = window.length().map(|length| length.as_secs());
        let sum = SUMMED.iter().position(|length| Some(*length as u64) == seconds);
        let Some(sum) = sum.and_then(|at| self.sums.get(at)) else { return shown(&self.total) };
        if self.current.is_empty() {
            return shown(sum);
        }
        let mut sum = sum.clone();
        let _ = sum.add(&self.current);
        shown(&sum)
    }

    /// Adds the latencies of another pipeline.
    pub fn add(&mut self, other: &Self) {
        let _ = self.total.add(&other.total);
        let _ = self.current.add(&other.current);
        for (sum, of_other) in self.sums.iter_mut().zip(&other.sums) {
            let _ = sum.add(of_other);
        }
    }
}

/// A latency, within the precision of the histogram, and how often it was recorded.
#[derive(Debug, Clone, Copy)]
struct Recorded {
    nanoseconds: u64,
    count: u64,
}

fn histogram_of(recorded: &[Recorded]) -> Histogram<u64> {
    let mut histogram = histogram();
    for Recorded { nanoseconds, count } in recorded {
        histogram.saturating_record_n(*nanoseconds, *count);
    }
    histogram
}

fn shown(histogram: &Histogram<u64>) -> LatencyShown {
    LatencyShown { summary: summary(histogram), bars: bars(histogram, &BAR_BOUNDS) }
}

/// How many were how long, in microseconds.
fn bars(histogram: &Histogram<u64>, bounds: &[u64]) -> Vec<Bar> {
    let mut bars: Vec<Bar> = bounds
        .iter()
        .map(|bound| Bar { bound: Some(*bound), count: 0 })
        .chain([Bar { bound: None, count: 0 }])
        .collect();
    for value in histogram.iter_recorded() {
        // The histogram knows a value as a range. A round latency, such as a bar's bound, is the range's beginning.
        let nanoseconds = histogram.lowest_equivalent(value.value_iterated_to());
        let microseconds = nanoseconds.div_ceil(1000);
        let bar = bounds.partition_point(|bound| *bound < microseconds);
        if let Some(bar) = bars.get_mut(bar) {
            bar.count += value.count_at_value();
        }
    }
    bars
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
        let bars = latency.of(TimeWindow::All).bars;
        assert_eq!(bars.iter().map(|bar| bar.count).sum::<u64>(), 60);
        let count = |bound| bars.iter().find(|bar| bar.bound == bound).unwrap().count;
        assert_eq!([count(Some(1)), count(Some(4)), count(Some(16))], [10, 20, 10]);
        assert_eq!([count(Some(1000)), count(None)], [10, 10]);
    }

    #[test]
    fn what_programs_read_has_every_latency_in_one_bar_and_their_sum() {
        let mut latency = Latency::new();
        for seconds in [1, 30, 1000] {
            latency.record(Duration::from_secs(seconds), 2);
        }
        let LatencyMeasured { bars, seconds } = latency.whole_run().measured();
        let count = |bound| bars.iter().find(|bar| bar.bound == bound).unwrap().count;
        assert_eq!([count(Some(1_000_000)), count(Some(64_000_000)), count(None)], [2; 3]);
        assert_eq!(bars.iter().map(|bar| bar.count).sum::<u64>(), 6);
        assert!((seconds - 2062.0).abs() < 21.0, "{seconds}");
    }

    #[test]
    fn each_time_forgets_what_is_older_than_it() {
        let mut latency = Latency::new();
        latency.record(Duration::from_micros(7), 5);
        for second in 0_u64..310 {
            for window in TimeWindow::ALL {
                let count = latency.of(window).summary.count;
                let holds = window.length().is_none_or(|length| second <= length.as_secs());
                assert_eq!(count, if holds { 5 } else { 0 }, "{window:?} after {second} s");
            }
            latency.roll();
        }
    }

    #[test]
    fn pipelines_are_added_up_in_each_time() {
        let mut one = Latency::new();
        one.record(Duration::from_micros(7), 5);
        one.roll();
        one.record(Duration::from_micros(9), 1);
        let mut all = Latency::new();
        all.add(&one);
        all.add(&one);
        assert_eq!(TimeWindow::ALL.map(|window| all.of(window).summary.count), [12; 4]);
    }

    #[test]
    fn a_latency_of_zero_or_of_days_is_recorded() {
        let mut latency = Latency::new();
        latency.record(Duration::ZERO, 1);
        latency.record(Duration::from_secs(1_000_000), 1);
        assert_eq!(latency.total().count, 2);
    }
}
