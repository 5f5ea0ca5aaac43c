//! Two segments that one worker runs as one.

use std::sync::Arc;

use crate::core::frames::Frames;
use crate::core::steps::batch::{Payload, Produced};
use crate::core::steps::context::Context;
use crate::core::steps::{Progress, Segment};

/// A segment that ends in a partition step, and the pipeline's last segment, which is given the messages that stay on
/// this worker at once: a piece is in the processor's first cache then. Messages of other workers come through the
/// exchange to another instance of the last segment, with the same partition tables.
///
/// The messages of a key keep their order: those of a source are all made by one worker, and so take one of the two ways.
pub(crate) struct Joined {
    first: Box<dyn Segment>,
    last: Box<dyn Segment>,
    /// While the last segment is at work: whether more comes of the first.
    working: Option<Progress>,
}

impl Joined {
    pub fn new(first: Box<dyn Segment>, last: Box<dyn Segment>) -> Self {
        Self { first, last, working: None }
    }
}

impl Segment for Joined {
    fn begin(&mut self, frames: &Frames, payload: Payload, context: &mut Context<'_>) {
        debug_assert!(self.working.is_none(), "a batch begins when the one before is done");
        self.first.begin(frames, payload, context);
    }

    fn next(
        &mut self,
        frames: &Arc<Frames>,
        context: &mut Context<'_>,
        produced: &mut Produced,
    ) -> Progress {
        if self.working.is_none() {
            let progress = self.first.next(frames, context, produced);
            let Some(expected) = produced.own.take() else { return progress };
            self.last.begin(frames, Payload::Own(expected), context);
            self.working = Some(progress);
        }
        match self.last.next(frames, context, produced) {
            Progress::More => Progress::More,
            Progress::Done => self.working.take().unwrap_or(Progress::Done),
        }
    }

    fn finish(&mut self, frames: &Arc<Frames>, produced: &mut Produced) {
        self.first.finish(frames, produced);
        self.last.finish(frames, produced);
    }
}
