//! The figures of a snapshot that are times, as figures that are the same on every run.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use wallaroo::core::frames::dead_letter::DeadLetter;
use wallaroo::core::frames::trace::{Hop, Trace};
use wallaroo::core::numbers::Timestamp;
use wallaroo::telemetry::{
    Bar, LatencyShown, LatencySummary, LogLevel, LogLine, OutputShown, Snapshot, Throughput,
    TracedShare,
};

use super::Stage;

impl Stage {
    /// The snapshot with fixed figures wherever it shows a time.
    pub(super) fn steady(&mut self, mut snapshot: Snapshot) -> Snapshot {
        for letter in &mut snapshot.dead_letters {
            let at = Timestamp(1_234_000_000 * letter.sequence.0);
            *letter =
                known(&mut self.letters, letter, |letter| DeadLetter { at, ..letter.clone() });
        }
        let traces = &mut self.traces;
        // One that was on its way is shown anew.
        traces.retain(|[trace, steady]| trace.hops().len() == steady.hops().len());
        snapshot.traces.iter_mut().for_each(|trace| *trace = known(traces, trace, steady_trace));
        if let Some(opened) = &mut snapshot.partitions.opened {
            let of_partition = opened.first.iter_mut().chain(&mut opened.traces);
            of_partition.for_each(|trace| *trace = known(traces, trace, steady_trace));
            opened.values = (60_u64..)
                .zip(&opened.values)
                .map(|(at, (_, value))| (Timestamp(2 * at * 1_000_000_000), *value))
                .collect();
            if let Some(row) = &mut opened.row {
                row.rate = snapshot.past.is_none().then_some(60.0);
                row.row.created = Some(Timestamp(61_000_000_000));
            }
        }
        if let Some(past) = &mut snapshot.past {
            past.trace = past.trace.take().map(|trace| known(traces, &trace, steady_trace));
        }
        if self.saved.is_some() {
            // How many checkpoints there were depends on how fast it went.
            (snapshot.safety, snapshot.events) = (None, Vec::new());
        }
        if let Some(shrinking) = &mut snapshot.shrinking {
            shrinking.took = Duration::from_millis(300);
        }
        for output in &mut snapshot.outputs {
            *output = known(&mut self.outputs, output, |output| OutputShown {
                read_at: Timestamp(61_000_000_000),
                at: Timestamp(61_000_018_000),
                ..output.clone()
            });
        }
        steady(snapshot)
    }
}

/// What is shown of a thing of the engine.
fn known<T>(all: &mut Vec<[Arc<T>; 2]>, thing: &Arc<T>, steady: impl Fn(&T) -> T) -> Arc<T> {
    if let Some([_, steady]) = all.iter().find(|[known, _]| Arc::ptr_eq(known, thing)) {
        return Arc::clone(steady);
    }
    let steady = Arc::new(steady(thing));
    all.push([Arc::clone(thing), Arc::clone(&steady)]);
    steady
}

/// The figures of a snapshot that are fixed.
fn steady(snapshot: Snapshot) -> Snapshot {
    let mut snapshot = Snapshot { uptime: Duration::from_secs(183), ..snapshot };
    if snapshot.totals.messages_in > 0 {
        snapshot.throughput = Throughput::of_seconds((0..75).map(wave));
        let latency = LatencySummary {
            p50: 18.0,
            p90: 31.0,
            p99: 74.0,
            p999: 210.0,
            max: 940.0,
            count: snapshot.totals.messages_out,
        };
        let counts = [0, 2, 190, 640, 85, 21, 0, 0, 0, 0, 0, 0];
        for shown in &mut snapshot.latencies {
            let bars = shown.bars.iter().zip(counts);
            let bars = bars.map(|(bar, count)| Bar { count, ..*bar }).collect();
            *shown = LatencyShown { summary: latency, bars };
        }
        let rates = [1_800, 1_200];
        for (worker, rate) in snapshot.workers.iter_mut().zip(rates) {
            worker.rate = rate;
        }
    }
    // Whether a second has passed since the messages entered is chance.
    snapshot.traced.last_second = TracedShare::default();
    // How many dead letters are lines of the log depends on how fast they came: the first is one.
    let is_dead_letter = |line: &LogLine| line.text.contains("dead letter");
    let first = snapshot.log.lines.iter().rposition(|line| is_dead_letter(line));
    let mut place = 0..;
    snapshot.log.lines.retain(|line| place.next() == first || !is_dead_letter(line));
    let warnings = snapshot.log.lines.iter().filter(|line| line.level >= LogLevel::Warn);
    snapshot.log.warnings = u64::try_from(warnings.count()).unwrap();
    let oldest = snapshot.log.lines.len().saturating_sub(1);
    for (at, line) in snapshot.log.lines.iter_mut().enumerate() {
        let since_start = Duration::from_secs(u64::try_from(oldest - at).unwrap() * 61);
        let at = SystemTime::UNIX_EPOCH + since_start;
        *line = Arc::new(LogLine { at, since_start, ..LogLine::clone(line) });
    }
    // Of the past, they are not known.
    let rows = snapshot.partitions.rows.iter_mut().filter(|_| snapshot.past.is_none());
    for (at, row) in rows.enumerate() {
        row.rate = Some(60.0 / f64::from(u32::try_from(at + 1).unwrap()));
        let slower = u64::try_from(at + 1).unwrap();
        row.history = (0..30).map(|second| (40 + second % 7 * 4) / slower).collect();
        // One of them is new.
        let new = row.row.messages == 1;
        row.row.created = new.then_some(Timestamp(182_500_000_000));
    }
    snapshot
}

/// Messages in a second: a valley with a rough edge.
fn wave(second: u64) -> u64 {
    let from_middle = second.abs_diff(48);
    2_000 + from_middle * from_middle * 6 + second * 7_919 % 1_100
}

/// The trace with every hop a few microseconds after the one before.
fn steady_trace(trace: &Trace) -> Trace {
    let mut steady = Trace::new(
        Arc::clone(&trace.pipeline),
        Arc::clone(&trace.source),
        trace.sequence,
        &trace.frame,
        Timestamp(0),
    );
    steady.frame_length = trace.frame_length;
    for (at, hop) in (1_u64..).zip(trace.hops()) {
        steady.push(Hop { at: Timestamp(at * 3_400), ..hop });
    }
    steady
}
