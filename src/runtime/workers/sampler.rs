//! Which frames are traced, and which of them are examined.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::common::Common;
use super::examination::Examination;
use crate::core::frames::Frames;
use crate::core::numbers::{Epoch, PipelineIndex};
use crate::runtime::examiner::Extent;
use crate::runtime::shared::Shared;

/// Chooses the frames that are traced.
pub(super) struct Sampler {
    index: PipelineIndex,
    pipeline: Arc<str>,
    shared: Arc<Shared>,
    /// Whether the last frames are examined.
    examines: Cell<bool>,
}

impl Sampler {
    pub fn new(index: PipelineIndex, pipeline: Arc<str>, common: &Common) -> Self {
        let examines = Cell::new(false);
        Self { index, pipeline, shared: Arc::clone(&common.shared), examines }
    }

    /// How many frames may be taken together. Asked before they are taken: whether they are examined is found out then.
    pub fn together(&self) -> usize {
        let examiner = self.shared.settings.examiner.as_ref();
        let together = examiner.and_then(|examiner| examiner.together());
        self.examines.set(together.is_some());
        together.unwrap_or(usize::MAX)
    }

    /// Whether no frames may be taken now, because too many are still to be examined.
    pub fn waits(&self) -> bool {
        let examiner = || self.shared.settings.examiner.as_ref();
        self.examines.get() && examiner().is_some_and(|examiner| examiner.is_full())
    }

    /// Traces every frame if that is wanted, otherwise as many as the pipeline's budget has now.
    pub fn start_traces(&self, mut frames: Frames, trace_all: bool, epoch: Epoch) -> Frames {
        let Shared { traces, tracing, pins, observer, settings, .. } = &*self.shared;
        let examiner = settings.examiner.as_ref().filter(|_| self.examines.get());
        let begun = examiner.and_then(|examiner| examiner.begin(frames.len()));
        let (extent, counted) = begun.unzip();
        let watch = match &extent {
            Some(Extent::Keys(keys)) => Some(pins.watch_all_of(Arc::clone(keys))),
            Some(Extent::All) | None => pins.watch(),
        };
        if let Some(watch) = &watch {
            frames.watch(Arc::clone(watch));
        }
        let budget = || traces.get(self.index.0).filter(|_| tracing.load(Ordering::Relaxed));
        let traced = if trace_all || extent == Some(Extent::All) {
            frames.len()
        } else {
            budget().map_or(0, |budget| budget.take(frames.len(), frames.read_at()))
        };
        let mut all = Vec::new();
        for frame in (0_u32..).take(traced) {
            let trace = frames.begin_trace(&self.pipeline, frame);
            observer.trace_started(&trace);
            if counted.is_some() {
                all.push(trace);
            }
        }
        let Some(counted) = counted else { return frames };
        let place = (epoch, self.index);
        let examination = Examination::new(&self.shared, place, &frames, (all, watch), counted);
        frames.with_work_hold(Arc::new(examination))
    }
}
