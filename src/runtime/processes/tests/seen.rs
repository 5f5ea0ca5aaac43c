//! An observer that keeps what it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::numbers::{PipelineIndex, Timestamp, WorkerIndex};
use crate::core::observer::Observer;
use crate::core::steps::batch::Output;
use crate::core::steps::context::Report;

/// What the observer of a process was told.
#[derive(Default)]
pub struct Seen {
    pub letters: Mutex<Vec<DeadLetter>>,
    pub traces: Mutex<Vec<Arc<Trace>>>,
    /// Frames that were taken.
    pub frames: AtomicU64,
    /// Messages that state computations have processed.
    pub stateful: AtomicU64,
    /// Messages that have come to the end of a pipeline without a sink.
    pub ended: AtomicU64,
    /// Outputs that sinks have written.
    pub written: AtomicU64,
    /// Whether a source has waited for room for a while.
    pub held: AtomicBool,
}

impl Observer for Seen {
    fn processed(&self, _: PipelineIndex, _: WorkerIndex, report: &mut Report) {
        self.letters.lock().append(&mut report.dead_letters);
        self.frames.fetch_add(report.frames, Ordering::Relaxed);
        self.stateful.fetch_add(report.stateful, Ordering::Relaxed);
        self.ended.fetch_add(report.ended, Ordering::Relaxed);
    }

    fn trace_started(&self, trace: &Arc<Trace>) {
        self.traces.lock().push(Arc::clone(trace));
    }

    fn written(&self, _: PipelineIndex, output: &Output, _: Timestamp) {
        self.written.fetch_add(output.pieces.len() as u64, Ordering::Relaxed);
    }

    fn held(&self, _: PipelineIndex, held: bool) {
        self.held.fetch_or(held, Ordering::Relaxed);
    }
}
