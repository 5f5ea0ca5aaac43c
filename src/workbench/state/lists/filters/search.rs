//! The search in the lists of messages, outputs and lines of the log: only rows that contain a text are
//! shown.

use std::borrow::Cow;
use std::sync::Arc;

use super::filter_line::Filter;
use crate::application::text_of_bytes;
use crate::core::frames::trace::{HopEvent, Trace};
use crate::core::text::has;
use crate::telemetry::{LogLine, OutputShown};
use crate::workbench::state::Workbench;
use crate::workbench::words;

impl Workbench {
    /// The traces that the search lets through, newest first.
    #[must_use]
    pub(in crate::workbench) fn shown_traces(&self) -> Cow<'_, [Arc<Trace>]> {
        let search = &self.searches.messages;
        search.found(&self.snapshot.traces, Trace::length, |trace| match search.line.filter() {
            Filter::Text(text) => trace_has(trace, text),
            Filter::Expression(expression) => expression.holds(trace),
        })
    }

    /// The outputs that the search lets through, newest first.
    #[must_use]
    pub(in crate::workbench) fn shown_outputs(&self) -> Cow<'_, [Arc<OutputShown>]> {
        let search = &self.searches.outputs;
        search.found(
            &self.snapshot.outputs,
            |_| 0,
            |output| has(&text_of_bytes(&output.bytes), search.line.text()),
        )
    }

    /// The lines of the log that the search lets through, newest first.
    #[must_use]
    pub(in crate::workbench) fn shown_log(&self) -> Cow<'_, [Arc<LogLine>]> {
        let search = &self.searches.log;
        search.found(&self.snapshot.log.lines, |_| 0, |line| has(&line.text, search.line.text()))
    }
}

fn trace_has(trace: &Trace, text: &str) -> bool {
    let number = trace.sequence.to_string();
    [&*trace.pipeline, &*trace.source, &number].iter().any(|word| has(word, text))
        || trace.hops().iter().any(|hop| has(&hop.step, text) || event_has(&hop.event, text))
}

fn event_has(event: &HopEvent, text: &str) -> bool {
    match event {
        HopEvent::Decoded(json) => has(&words::message(json), text),
        HopEvent::Computed(all) => all.iter().any(|json| has(&words::message(json), text)),
        HopEvent::Partitioned { key, .. } => has(&words::key(key), text),
        HopEvent::StateChanged { key, before, after, .. } => {
            has(&words::key(key), text)
                || [before, after].iter().any(|json| has(&words::message(json), text))
        }
        HopEvent::Encoded(bytes) => has(&text_of_bytes(bytes), text),
        HopEvent::Written(sink) => has(sink, text),
        HopEvent::DeadLetter(reason) => has(reason, text),
        HopEvent::Filtered => has("filtered", text),
    }
}
