//! Figures of a snapshot that agree with what the engine has counted, and the same on every run: whoever adds them up
//! on a picture must find no contradiction.

use std::time::Duration;

use wallaroo::telemetry::{LatencySummary, Snapshot, Throughput};

/// For how many seconds it has run, with messages in each.
const SECONDS: u64 = 180;

/// What part of the outputs is in each bar, of 100 000: as the percentiles say.
const BARS: [u64; 6] = [0, 200, 20_300, 77_500, 1_950, 50];

/// Sets rates, charts and percentiles to what the totals allow.
pub fn figures(snapshot: &mut Snapshot) {
    let all = snapshot.totals.messages_in;
    let weights: Vec<u64> = (0..SECONDS).map(weight).collect();
    let sum: u64 = weights.iter().sum();
    let mut before = 0;
    let seconds = weights.iter().scan(0, |passed, weight| {
        *passed += weight;
        let until = all * *passed / sum;
        Some(until - std::mem::replace(&mut before, until))
    });
    let seconds: Vec<u64> = seconds.collect();
    snapshot.throughput = Throughput::of_seconds(seconds.iter().copied());
    let rate = snapshot.throughput.last();
    let count = snapshot.totals.messages_out;
    let summary =
        LatencySummary { p50: 18.0, p90: 31.0, p99: 74.0, p999: 210.0, max: 940.0, count };
    for shown in &mut snapshot.latencies {
        shown.summary = summary;
        for (bar, part) in shown.bars.iter_mut().zip(BARS) {
            bar.count = count * part / 100_000;
        }
    }
    for worker in &mut snapshot.workers {
        worker.rate = rate * worker.messages / all.max(1);
    }
    let stateful = snapshot.totals.stateful.max(1);
    for row in &mut snapshot.partitions.rows {
        let part = row.row.messages;
        row.rate = Some(f64::from(u32::try_from(rate * part / stateful).unwrap()));
        let lately = seconds.iter().skip(seconds.len() - 30);
        row.history = lately.map(|second| second * part / stateful).collect();
    }
    snapshot.uptime = Duration::from_secs(SECONDS + 3);
}

/// A long valley with a rough edge.
fn weight(second: u64) -> u64 {
    400 + (second % 120).abs_diff(70) * 6 + second * 7_919 % 130
}

/// Checks the figures of a screen.
pub fn check(screen: &str) {
    let header = screen.lines().next().unwrap();
    let (all, out, dead) = (before(header, " in"), before(header, " out"), before(header, " dead"));
    assert!(about(all, out + dead), "{screen}");
    let rate = before(header, " msg/s");
    let charts = screen.lines().find(|line| line.contains("now ")).unwrap();
    assert!(about(after(charts, "now "), rate), "{screen}");
    // No second has more messages than there were, and the median no more than the greatest.
    if charts.contains("max ") {
        assert!(after(charts, "max ") <= all, "{screen}");
        assert!(after(charts, "med ") <= after(charts, "max "), "{screen}");
    }
    // The workers' rates are the whole rate, and their shares all of it.
    let lanes = || screen.lines().filter(|line| line.contains("▶ w"));
    // A small screen has only the shares.
    let rates: Vec<f64> =
        lanes().filter(|lane| lane.contains("/s ")).map(|lane| before(lane, "/s ")).collect();
    let sum: f64 = rates.iter().sum();
    assert!(rates.is_empty() || about(sum, rate), "{sum} {rate}\n{screen}");
    let shares: f64 = lanes().map(|lane| before(lane, "%")).sum();
    assert!((shares - 100.0).abs() <= 1.0, "{shares}\n{screen}");
    // The time is long enough for the charts.
    assert!(!header.contains(" 0:00:"), "{screen}");
}

/// Whether two figures of three digits may be the same.
fn about(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1.0 + one.max(other) / 100.0
}

/// The figure before a text.
fn before(line: &str, text: &str) -> f64 {
    let (before, _) = line.split_once(text).unwrap_or_else(|| panic!("{text:?} in {line}"));
    figure(before.split_whitespace().next_back().unwrap_or_default())
}

/// The figure after a text.
fn after(line: &str, text: &str) -> f64 {
    let (_, after) = line.split_once(text).unwrap_or_else(|| panic!("{text:?} in {line}"));
    figure(after.split_whitespace().next().unwrap_or_default())
}

/// A figure with its unit.
fn figure(text: &str) -> f64 {
    let digits = text.trim_end_matches(['k', 'M']);
    let unit = match text.get(digits.len()..) {
        Some("k") => 1_000.0,
        Some("M") => 1_000_000.0,
        _ => 1.0,
    };
    digits.parse::<f64>().unwrap_or_else(|_| panic!("{text:?} is no figure")) * unit
}
