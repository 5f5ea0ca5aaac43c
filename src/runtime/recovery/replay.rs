//! Lets the frames of the journal enter again.
//!
//! Rows enter one after another as the budget has room. If an earlier start ended in its replay, this one is careful:
//! each part of a row enters alone, and a frame on which starts have ended too often becomes a dead letter. See
//! `resilience/journal/attempts.rs`.

use std::ops::Range;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::trial::{SharedAttempts, Trial};
use crate::core::event::EngineEvent;
use crate::core::frames::dead_letter::{Cause, DeadLetter, Failure, JOURNAL_STEP};
use crate::core::frames::{Frames, Hold};
use crate::endpoints::Intake;
use crate::resilience::{
    Care, DEATHS, JournalPosition, Part, Replayed, ResilienceError, Slot, Unit,
};
use crate::runtime::ingress::queue::{Coming, Waiting};
use crate::runtime::ingress::queues::Queues;
use crate::runtime::ingress::taken::Origin;

/// A pipeline, as the journal writer knows it.
pub(crate) struct WrittenPipeline {
    pub name: Arc<str>,
    pub intake: Arc<Intake>,
    pub queues: Arc<Queues>,
}

/// A replay of the journal.
pub(crate) struct Replay<'a> {
    pub pipelines: &'a [WrittenPipeline],
    pub attempts: &'a SharedAttempts,
    pub io: &'a Handle,
    /// Becomes true when the replay must not wait any more.
    pub gone: &'a watch::Receiver<bool>,
    pub care: Care,
    /// Held until everything made of the frames is dropped.
    pub hold: Arc<dyn Hold>,
}

/// Some frames of a row.
struct Piece<'a> {
    of: &'a WrittenPipeline,
    slot: Slot,
    /// The row, and which of its frames is the first.
    at: JournalPosition,
    frames: Frames,
}

impl Replay<'_> {
    /// Reports a replay that is careful.
    pub fn begin(&self) {
        if let (Care::OneAtATime, Some(any)) = (self.care, self.pipelines.first()) {
            any.intake.observer.event(EngineEvent::ReplaysOneAtATime);
        }
    }

    /// Lets the frames of a row enter. `None` if the engine ends meanwhile.
    pub fn row(&self, found: Replayed) -> Result<Option<()>, ResilienceError> {
        let Replayed { row, pipeline, slot, source, pieces: whole, done } = found;
        // Frames of a pipeline that the application does not have wait until it has it again.
        let Some(of) = self.pipelines.iter().find(|known| known.name == pipeline) else {
            return Ok(Some(()));
        };
        let parts = self.attempts.lock().parts(self.care, row, done, whole.len() as u64);
        for part in parts {
            let (range, aside) = match part {
                Part::Enters(range) => (range, false),
                Part::SetAside(frame) => (frame..frame + 1, true),
            };
            let at = JournalPosition { row, frames: range.start };
            let cut = whole.slice(usize_range(&range));
            // Blocks until there is room: this is not the thread of an asynchronous task.
            let admit = of.intake.admit(&source, cut, of.intake.clock.now());
            let Some(frames) = self.wait_for(admit) else { return Ok(None) };
            let piece = Piece { of, slot, at, frames };
            if aside {
                self.set_aside(piece);
            } else if self.enter(piece)?.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(()))
    }

    fn enter(&self, piece: Piece<'_>) -> Result<Option<()>, ResilienceError> {
        let count = piece.frames.len() as u64;
        match self.care {
            Care::FullSpeed => {
                self.push(piece, Coming::Replayed);
                Ok(Some(()))
            }
            Care::OneAtATime => {
                let JournalPosition { row, frames: first } = piece.at;
                let unit = Unit { row, first, count };
                let (trial, ended) = Trial::new(self.attempts.clone(), unit);
                self.push(piece, Coming::OnTrial(trial));
                match self.wait_for(ended) {
                    Some(Ok(verdict)) => verdict.map(Some),
                    // The engine ends.
                    Some(Err(_)) | None => Ok(None),
                }
            }
        }
    }

    fn set_aside(&self, piece: Piece<'_>) {
        let Piece { of, at, frames, .. } = &piece;
        let intake = &of.intake;
        let reason = format!(
            "{DEATHS} starts of the program ended while this frame alone was processed: it is set aside"
        );
        intake.observer.event(EngineEvent::SetAside {
            pipeline: intake.pipeline,
            source: Arc::clone(frames.source()),
            offset: frames.offset(0),
            length: frames.frame(0).len(),
            row: at.row,
            frame: at.frames,
        });
        let failure = Failure {
            pipeline: Arc::clone(&of.name),
            step: JOURNAL_STEP.into(),
            cause: Cause::SetAside,
            reason,
            key: None,
            at: intake.clock.now(),
        };
        let letter = DeadLetter::of_frame(frames, 0, failure);
        intake.observer.dead_letter(intake.pipeline, letter);
        self.push(piece, Coming::SetAside);
    }

    fn push(&self, piece: Piece<'_>, coming: Coming) {
        let Piece { of, slot, at, frames } = piece;
        let (frames, origin) = (frames.with_hold(Arc::clone(&self.hold)), Origin::Journal(at));
        of.queues.push(Waiting { slot, frames, trace_all: false, origin, coming });
    }

    /// The result of a future. `None` if the engine ends meanwhile.
    fn wait_for<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut gone = self.gone.clone();
        self.io.block_on(async {
            tokio::select! {
                // First: a timer of the future panics if the runtime has been shut down.
                biased;
                _ = gone.wait_for(|gone| *gone) => None,
                value = future => Some(value),
            }
        })
    }
}

/// A range of frames as a range of indices: a row's frames are in memory.
fn usize_range(range: &Range<u64>) -> Range<usize> {
    let place = |frame| usize::try_from(frame).unwrap_or(usize::MAX);
    place(range.start)..place(range.end)
}
