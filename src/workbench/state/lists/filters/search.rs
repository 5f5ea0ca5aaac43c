//! The search in the lists of messages, outputs and lines of the log: only rows that contain a text are
//! shown.

use std::borrow::Cow;
use std::sync::Arc;

use super::filter_line::{Filter, FilterLine};
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
        let all = &self.snapshot.traces;
        if let Filter::Expression(expression) = self.searches.messages.filter() {
            let mut judged = self.judged_traces.borrow_mut();
            let holds = |trace: &Trace| expression.holds(trace);
            return judged.keep(expression, all, Trace::length, holds).into();
        }
        found(all, &self.searches.messages, |trace, text| {
            let number = trace.sequence.to_string();
            [&*trace.pipeline, &*trace.source, &number].iter().any(|word| has(word, text))
                || trace
                    .hops()
                    .iter()
                    .any(|hop| has(&hop.step, text) || event_has(&hop.event, text))
        })
    }

    /// The outputs that the search lets through, newest first.
    #[must_use]
    pub(in crate::workbench) fn shown_outputs(&self) -> Cow<'_, [Arc<OutputShown>]> {
        let has = |output: &OutputShown, text: &str| has(&text_of_bytes(&output.bytes), text);
        found(&self.snapshot.outputs, &self.searches.outputs, has)
    }

    /// The lines of the log that the search lets through, newest first.
    #[must_use]
    pub(in crate::workbench) fn shown_log(&self) -> Cow<'_, [Arc<LogLine>]> {
        let has = |line: &LogLine, text: &str| has(&line.text, text);
        found(&self.snapshot.log.lines, &self.searches.log, has)
    }
}

fn found<'a, T>(
    all: &'a [Arc<T>],
    search: &FilterLine,
    has: impl Fn(&T, &str) -> bool,
) -> Cow<'a, [Arc<T>]> {
    match search.filter() {
        Filter::Text(text) if !text.is_empty() => {
            all.iter().filter(|item| has(item, text)).cloned().collect()
        }
        Filter::Text(_) | Filter::Expression(_) => Cow::Borrowed(all),
    }
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
