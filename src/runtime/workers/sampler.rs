//! Which frames are traced.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::common::Common;
use crate::core::frames::Frames;
use crate::core::numbers::PipelineIndex;
use crate::runtime::shared::Shared;

/// Chooses the frames that are traced.
pub(super) struct Sampler {
    index: PipelineIndex,
    pipeline: Arc<str>,
    shared: Arc<Shared>,
}

impl Sampler {
    pub fn new(index: PipelineIndex, pipeline: Arc<str>, common: &Common) -> Self {
        Self { index, pipeline, shared: Arc::clone(&common.shared) }
    }

    /// Traces every frame if that is wanted, otherwise as many as the pipeline's budget has now.
    pub fn start_traces(&self, frames: &mut Frames, trace_all: bool) {
        let Shared { traces, tracing, pins, observer, .. } = &*self.shared;
        if let Some(watch) = pins.watch() {
            frames.watch(watch);
        }
        let budget = || traces.get(self.index.0).filter(|_| tracing.load(Ordering::Relaxed));
        let traced = if trace_all {
            frames.len()
        } else {
            budget().map_or(0, |budget| budget.take(frames.len(), frames.read_at()))
        };
        for frame in (0_u32..).take(traced) {
            observer.trace_started(&frames.begin_trace(&self.pipeline, frame));
        }
    }
}
