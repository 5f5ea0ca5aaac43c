//! What `run` says of itself.

use std::collections::BTreeSet;

use super::progress::console::Console;
use crate::core::frames::preview::one_line;
use crate::core::text::counted;
use crate::telemetry::{SinkState, Snapshot, Summary};

/// Writes which sinks keep a run from ending, and how to end it without. Returns whether there are any.
pub(super) fn say_what_is_waited_for(snapshot: &Snapshot, how: &str, console: &Console) -> bool {
    // Pipelines may share one.
    let mut said = BTreeSet::new();
    for sink in snapshot.pipelines.iter().flat_map(|pipeline| &pipeline.sinks) {
        let (what, waits) = match sink.state {
            SinkState::Writing => continue,
            SinkState::Waiting => ("to write the last outputs", "has no receiver"),
            SinkState::Stalled => ("to write the last outputs", "takes no outputs"),
            SinkState::Closing => ("for the receiver's end", "has not closed the connection"),
        };
        let line = format!("waiting {what}: {} {waits}; {how} to end without", sink.endpoint);
        if said.insert(line.clone()) {
            console.progress().say(&one_line(&line));
        }
    }
    !said.is_empty()
}

/// How far a run is, in a line.
pub(super) fn in_progress(snapshot: &Snapshot) -> String {
    let totals = snapshot.totals;
    let lost = match snapshot.dead_letters_lost {
        0 => String::new(),
        lost => format!(" ({lost} lost)"),
    };
    format!(
        "{}: {} in, {} out, {}{lost}, {}/s",
        snapshot.application,
        totals.messages_in,
        totals.messages_out,
        counted(totals.dead_letters, "dead letter"),
        snapshot.throughput.last()
    )
}

/// What a run has done, in a line.
pub(super) fn in_words(summary: &Summary) -> String {
    format!(
        "{}: {} in, {} out, {} filtered, {}; {}; {:.3} s, {:.0} messages/s, p99 {:.0} us",
        summary.app,
        counted(summary.messages_in, "message"),
        summary.messages_out,
        summary.filtered,
        counted(summary.dead_letters, "dead letter"),
        counted(summary.partitions as u64, "partition"),
        summary.seconds,
        summary.messages_per_second,
        summary.latency_us.p99,
    )
}
