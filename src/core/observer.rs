//! What the engine reports to its observer: traces and dead letters per message, all else per batch or more rarely.
//! Each method does nothing unless it is overridden.

use std::sync::Arc;
use std::time::Duration;

use super::event::EngineEvent;
use super::frames::dead_letter::DeadLetter;
use super::frames::trace::Trace;
use super::numbers::{PipelineIndex, ProcessIndex, Timestamp, WorkerIndex};
use super::steps::batch::Output;
use super::steps::context::Report;

/// Watches the engine. Called from many threads at once.
pub trait Observer: Send + Sync {
    /// A worker has processed a batch or a part of one: the report counts what happened since the last.
    fn processed(&self, pipeline: PipelineIndex, worker: WorkerIndex, report: &mut Report) {
        let _ = (pipeline, worker, report);
    }

    /// A frame's trace begins; its hops are added while the message moves.
    fn trace_started(&self, trace: &Arc<Trace>) {
        let _ = trace;
    }

    /// A sink has written these outputs.
    fn written(&self, pipeline: PipelineIndex, output: &Output, at: Timestamp) {
        let _ = (pipeline, output, at);
    }

    /// A pipeline without a sink has finished this many messages, read this long ago.
    fn finished(&self, pipeline: PipelineIndex, messages: u64, latency: Duration) {
        let _ = (pipeline, messages, latency);
    }

    /// Bytes that are no frame.
    fn dead_letter(&self, pipeline: PipelineIndex, letter: DeadLetter) {
        let _ = (pipeline, letter);
    }

    /// A checkpoint is about to count. Returns when all earlier reports are stored, or cannot be stored for
    /// now. It may block for a moment.
    fn settle(&self) {}

    /// One more of the pipeline's sources has been waiting for room for a while, or one less.
    fn held(&self, pipeline: PipelineIndex, held: bool) {
        let _ = (pipeline, held);
    }

    /// So many clients are connected to the pipeline's source at this process now.
    fn clients(&self, pipeline: PipelineIndex, process: ProcessIndex, clients: usize) {
        let _ = (pipeline, process, clients);
    }

    /// Frames have come that wait, because the engine is paused.
    fn waits(&self) {}

    /// Something happened beside the messages.
    fn event(&self, event: EngineEvent) {
        let _ = event;
    }
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Observer for Unwatched {}
