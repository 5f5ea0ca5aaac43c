//! Which frames are traced.

use std::sync::Arc;
use std::time::Duration;

use super::stage::Common;
use crate::core::frames::Frames;
use crate::core::numbers::Timestamp;
use crate::core::observer::Observer;
use crate::runtime::shared::Shared;

/// Chooses the frames that are traced.
pub(super) struct Sampler {
    pipeline: Arc<str>,
    observer: Arc<dyn Observer>,
    every: Option<Duration>,
    last: Option<Timestamp>,
}

impl Sampler {
    pub fn new(pipeline: Arc<str>, common: &Common) -> Self {
        let Shared { observer, settings, .. } = &*common.shared;
        Self { pipeline, observer: Arc::clone(observer), every: settings.sample_every, last: None }
    }

    /// Traces every frame if that is wanted, otherwise a frame now and then.
    pub fn start_traces(&mut self, frames: &mut Frames, trace_all: bool) {
        let traced =
            if trace_all { frames.len() } else { usize::from(self.is_due(frames.read_at())) };
        for frame in (0_u32..).take(traced.min(frames.len())) {
            self.observer.trace_started(&frames.begin_trace(&self.pipeline, frame));
        }
    }

    fn is_due(&mut self, now: Timestamp) -> bool {
        let Some(every) = self.every else { return false };
        let due = self.last.is_none_or(|last| now.since(last) >= every);
        if due {
            self.last = Some(now);
        }
        due
    }
}
