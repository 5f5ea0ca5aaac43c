//! A moment of the past, without what only its thread can have.

use std::sync::Arc;

use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::numbers::{PipelineIndex, SequenceNumber, Timestamp};
use crate::core::topology::Topology;
use crate::telemetry::{OutputShown, PastShown};

/// A moment of the past.
pub(in crate::session) struct Moment {
    /// The number of its message, and where the recording begins and ends.
    pub message: u64,
    pub first: u64,
    pub last: u64,
    pub trace: Option<Arc<Trace>>,
    /// The dead letters since the checkpoint before it, in their order.
    pub dead_letters: Vec<Arc<DeadLetter>>,
    /// By pipeline, the greatest number of the messages that had entered by then.
    pub entered: Vec<Option<SequenceNumber>>,
    /// How many messages the partitions had processed.
    pub stateful: u64,
}

impl Moment {
    /// What a front end is told of it. `trace` is what happened to its message.
    pub fn shown(&self, trace: Option<Arc<Trace>>, letters_known: bool) -> PastShown {
        let Self { message, first, last, .. } = *self;
        PastShown { message, first, last, trace, letters_known }
    }

    /// Whether a message had entered by then.
    fn has(
        &self,
        topology: &Topology,
        (read_at, pipeline, number): (Timestamp, Option<PipelineIndex>, SequenceNumber),
    ) -> bool {
        self.trace.as_ref().is_some_and(|last| {
            let then = (last.read_at, topology.pipeline_index(&last.pipeline), last.sequence);
            (read_at, pipeline, number) <= then
        })
    }

    /// Whether a trace is that of its own message.
    pub fn is_of(&self, trace: &Trace) -> bool {
        let name = |trace: &Trace| (Arc::clone(&trace.pipeline), trace.sequence, trace.read_at);
        self.trace.as_ref().is_some_and(|own| name(own) == name(trace))
    }

    /// Whether a message with this trace had entered before its own.
    pub fn is_after(&self, trace: &Trace, topology: &Topology) -> bool {
        let pipeline = topology.pipeline_index(&trace.pipeline);
        !self.is_of(trace) && self.has(topology, (trace.read_at, pipeline, trace.sequence))
    }

    /// Whether an output is of a message that had entered by then.
    pub fn has_output(&self, output: &OutputShown, topology: &Topology) -> bool {
        self.has(topology, (output.read_at, Some(output.pipeline), output.last))
    }

    /// Whether a dead letter is of a message that had entered by then.
    pub fn has_letter(&self, letter: &DeadLetter, topology: &Topology) -> bool {
        let pipeline = topology.pipeline_index(&letter.pipeline);
        let last = pipeline.and_then(|pipeline| self.entered.get(pipeline.0).copied().flatten());
        last.is_some_and(|last| letter.sequence <= last)
    }
}
