//! Frames of which messages are examined when all steps are done with them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::{mem, thread};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::core::frames::dead_letter::{DeadLetter, Failure};
use crate::core::frames::pins::Watch;
use crate::core::frames::trace::Trace;
use crate::core::frames::{Frames, Hold};
use crate::core::numbers::{Epoch, PipelineIndex, SequenceNumber};
use crate::runtime::examiner::{Counted, Examined};
use crate::runtime::shared::Shared;

/// Is held by frames until all steps are done with them. Then what happened to their messages is given to the examiner.
pub(super) struct Examination {
    shared: Arc<Shared>,
    place: (Epoch, PipelineIndex),
    source: Arc<str>,
    first: SequenceNumber,
    /// The traces of whole messages.
    traces: Vec<Arc<Trace>>,
    /// Has those that begin where their key is made.
    watch: Option<Arc<Watch>>,
    /// What could not be processed, with the place of its frame.
    refused: Mutex<Vec<(u32, Failure)>>,
    /// `None` once it is given away.
    counted: Option<Counted>,
}

impl Examination {
    /// Of frames that have just been taken, with their traces so far.
    pub fn new(
        shared: &Arc<Shared>,
        place: (Epoch, PipelineIndex),
        frames: &Frames,
        (traces, watch): (Vec<Arc<Trace>>, Option<Arc<Watch>>),
        counted: Counted,
    ) -> Self {
        Self {
            shared: Arc::clone(shared),
            place,
            source: Arc::clone(frames.source()),
            first: frames.numbers().0,
            traces,
            watch,
            refused: Mutex::default(),
            counted: Some(counted),
        }
    }

    /// A dead letter without its bytes: nobody who examines asks for them.
    fn letter(&self, (frame, failure): (u32, Failure)) -> DeadLetter {
        let Failure { pipeline, step, cause, reason, key, at } = failure;
        DeadLetter {
            pipeline,
            step,
            cause,
            reason,
            header: Bytes::new(),
            end: Bytes::new(),
            bytes: Bytes::new(),
            source: Arc::clone(&self.source),
            sequence: self.first.plus(u64::from(frame)),
            offset: 0,
            key,
            at,
        }
    }
}

impl Hold for Examination {
    fn refused(&self, frame: u32, failure: &Failure) {
        self.refused.lock().push((frame, failure.clone()));
    }
}

impl Drop for Examination {
    fn drop(&mut self) {
        let Shared { abort, panicked, gate, settings, .. } = &*self.shared;
        // The steps are not done with frames that are dropped because the engine has ended, or because it panics here.
        let is_over = thread::panicking()
            || abort.load(Ordering::Acquire)
            || panicked.load(Ordering::Acquire);
        let counted = self.counted.take().filter(|_| !is_over);
        if let Some((examiner, counted)) = settings.examiner.as_ref().zip(counted) {
            let refused = mem::take(&mut *self.refused.lock());
            let (epoch, pipeline) = self.place;
            examiner.give(Examined {
                epoch,
                pipeline,
                traces: mem::take(&mut self.traces),
                late: self.watch.take().map_or_else(Vec::new, |watch| watch.traces()),
                letters: refused.into_iter().map(|refused| self.letter(refused)).collect(),
                gate: Arc::clone(gate),
                counted,
            });
        }
    }
}
