//! Notes what a worker does, for the recording of the run.
//!
//! Invariant: what is noted between two checkpoints is whole, or it is said to be missing.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Notify;

use crate::application::Key;
use crate::core::frames::Frames;
use crate::core::frames::pieces::Pieces;
use crate::core::frames::wrapping::Wrapping;
use crate::core::numbers::PipelineIndex;
use crate::core::replay::recording::{Content, Entered, WorkerLog};
use crate::core::replay::schedule::{Begun, Entry, Ran, StageIndex, append, append_run};
use crate::runtime::ingress::taken::Rereadable;

/// The max bytes of frames and schedule that a worker keeps between two checkpoints: 256 MiB.
const MAX_KEPT: usize = 256 * 1024 * 1024;

/// With so many, the next checkpoint is made at once: 32 MiB.
const MANY: usize = 32 * 1024 * 1024;

/// Fewer bytes than this are copied: 16 KiB.
const FEW: usize = 16 * 1024;

/// What a batch of frames takes beside its bytes.
const ENTERED: usize = size_of::<Entered>();

/// What a worker does between two checkpoints.
pub(crate) struct Recorder {
    noted: RefCell<Noted>,
    /// Told if much was noted.
    much: Arc<Notify>,
}

#[derive(Default)]
struct Noted {
    log: WorkerLog,
    /// How many bytes it takes, without the schedule.
    kept: usize,
    /// It would have been too long.
    is_missing: bool,
}

impl Noted {
    /// Whether there is room for so many more bytes.
    fn has_room(&mut self, bytes: usize) -> bool {
        self.kept = self.kept.saturating_add(bytes);
        if self.kept.saturating_add(self.log.schedule.len()) > MAX_KEPT {
            self.is_missing = true;
            self.log = WorkerLog::default();
        }
        !self.is_missing
    }
}

impl Recorder {
    /// Nothing yet. `much` is told if much was noted.
    pub fn new(much: Arc<Notify>) -> Self {
        Self { noted: RefCell::default(), much }
    }

    /// A segment has run.
    pub fn ran(&self, stage: StageIndex, begun: Begun, ran: Ran) {
        let mut noted = self.noted.borrow_mut();
        if noted.has_room(0) {
            append_run(&mut noted.log.schedule, stage, begun, ran);
        }
    }

    /// A person has given a partition back to its computations.
    pub fn revived(&self, state: usize, key: &Key) {
        let mut noted = self.noted.borrow_mut();
        if noted.has_room(0) {
            append(&mut noted.log.schedule, &Entry::Revived { state, key: key.clone() });
        }
    }

    /// The worker has taken frames.
    pub fn entered(&self, pipeline: PipelineIndex, frames: &Frames, again: Rereadable) {
        let length = usize::try_from(frames.byte_length()).unwrap_or(usize::MAX);
        let bytes = frames.bytes().get(..length).unwrap_or(frames.bytes());
        let (content, size) = match again {
            _ if frames.wrapping() == Wrapping::Number => {
                (Content::Numbers { from: frames.offset(0) }, 0)
            }
            Rereadable::Yes => {
                let checksum = crc32fast::hash(bytes);
                let (offset, length) = (frames.byte_offset(), frames.byte_length());
                (Content::File { offset, length, checksum }, 0)
            }
            Rereadable::No => {
                let ends = frames.ends().to_vec();
                let size = length.saturating_add(ends.len() * size_of::<u32>());
                // A few bytes would keep the whole buffer into which they were read.
                let bytes = if length < FEW {
                    Bytes::copy_from_slice(bytes)
                } else {
                    frames.bytes().slice(..length.min(frames.bytes().len()))
                };
                (Content::Frames(Pieces::new(bytes, ends, frames.byte_offset())), size)
            }
        };
        let mut noted = self.noted.borrow_mut();
        let before = noted.kept;
        if noted.has_room(ENTERED + size) {
            if before < MANY && noted.kept >= MANY {
                self.much.notify_one();
            }
            noted.log.entered.push(Entered {
                pipeline,
                source: Arc::clone(frames.source()),
                first: frames.numbers().0,
                read_at: frames.read_at(),
                count: frames.len() as u64,
                content,
            });
        }
    }

    /// What was noted since this was asked last. `None` if it would have been too long.
    pub fn take(&self) -> Option<WorkerLog> {
        let Noted { log, is_missing, .. } = self.noted.take();
        (!is_missing).then_some(log)
    }
}
