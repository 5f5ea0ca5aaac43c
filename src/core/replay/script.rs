//! A chapter with all of its frames: what a machine does.

use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::recording::{Chapter, Crew, Entered};
use crate::core::frames::Frames;
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::PipelineIndex;
use crate::core::topology::Topology;

/// A chapter with all of its frames. Its messages are numbered from 0, in the order in which they were read.
#[derive(Clone)]
pub struct Script {
    /// The workers.
    pub crew: Crew,
    /// What each of them does.
    pub workers: Vec<Part>,
    /// Whether only the first messages enter.
    pub(super) is_cut: bool,
}

/// What a worker does.
#[derive(Clone)]
pub struct Part {
    /// What it runs in which order.
    pub schedule: Arc<[u8]>,
    /// The frames that it takes.
    pub entering: Vec<Entering>,
}

/// Frames that a worker takes together. There may be none: they were left out.
#[derive(Clone)]
pub struct Entering {
    /// Their pipeline.
    pub pipeline: PipelineIndex,
    /// The number of the first in the chapter.
    pub number: u64,
    /// The frames.
    pub frames: Frames,
}

impl Entering {
    /// The name of their pipeline.
    pub fn name<'a>(&self, topology: &'a Topology) -> &'a Arc<str> {
        let plan = topology.pipelines().get(self.pipeline.0);
        debug_assert!(plan.is_some(), "frames enter pipelines of the application");
        plan.map_or_else(|| topology.name(), |plan| &plan.name)
    }
}

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// It enters as it did.
    Keep,
    /// It does not enter.
    LeaveOut,
    /// This frame enters in its place.
    Replace(Bytes),
}

impl Script {
    /// A chapter whose frames are found like this.
    ///
    /// # Errors
    ///
    /// As `frames` says.
    pub fn new<E>(
        chapter: &Chapter,
        mut frames: impl FnMut(&Entered) -> Result<Frames, E>,
    ) -> Result<Self, E> {
        let parts = chapter.workers.iter().map(|log| {
            let entering = log.entered.iter().map(|entered| {
                let (pipeline, number) = (entered.pipeline, 0);
                Ok(Entering { pipeline, number, frames: frames(entered)? })
            });
            let schedule = Arc::from(log.schedule.as_slice());
            Ok(Part { schedule, entering: entering.collect::<Result<_, E>>()? })
        });
        let workers = parts.collect::<Result<_, E>>()?;
        let mut script = Self { crew: chapter.crew, workers, is_cut: false };
        script.number();
        Ok(script)
    }

    /// Numbers the messages.
    fn number(&mut self) {
        let parts = self.workers.iter_mut();
        let mut all: Vec<_> = parts.flat_map(|part| &mut part.entering).collect();
        all.sort_by_key(|entering| {
            (entering.frames.read_at(), entering.pipeline, entering.frames.numbers().0)
        });
        let mut next = 0;
        for entering in all {
            entering.number = next;
            next += entering.frames.len() as u64;
        }
    }

    /// How many messages enter.
    pub fn messages(&self) -> u64 {
        self.entering().map(|entering| entering.frames.len() as u64).sum()
    }

    /// All frames, worker by worker.
    pub fn entering(&self) -> impl Iterator<Item = &Entering> {
        self.workers.iter().flat_map(|part| &part.entering)
    }

    /// The frames of which this message is one, and its place among them. `None` if there are fewer messages.
    pub fn find(&self, message: u64) -> Option<(&Entering, u32)> {
        self.entering().find_map(|entering| {
            let place = message.checked_sub(entering.number)?;
            let place = u32::try_from(place).ok()?;
            ((place as usize) < entering.frames.len()).then_some((entering, place))
        })
    }

    /// The chapter if no more than its first messages had entered.
    #[must_use]
    pub fn until(&self, messages: u64) -> Self {
        let mut cut = self.clone();
        for entering in cut.workers.iter_mut().flat_map(|part| &mut part.entering) {
            let left = messages.saturating_sub(entering.number);
            if left < entering.frames.len() as u64 {
                cut.is_cut = true;
                entering.frames.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            }
        }
        cut
    }

    /// The chapter with other messages. What is left out or replaced is in no frame any more; the numbers of the frames
    /// behind it in their source are smaller by what was left out.
    #[must_use]
    pub fn edited(&self, mut edit: impl FnMut(u64, &[u8]) -> Edit) -> Self {
        let mut edited = self.clone();
        for entering in edited.workers.iter_mut().flat_map(|part| &mut part.entering) {
            let (mut bytes, mut ends) = (BytesMut::new(), Vec::new());
            let mut is_same = true;
            for (number, frame) in (entering.number..).zip(0..frame_count(&entering.frames)) {
                let frame = entering.frames.frame(frame);
                match edit(number, frame) {
                    Edit::Keep => bytes.extend_from_slice(frame),
                    Edit::LeaveOut => {
                        is_same = false;
                        continue;
                    }
                    Edit::Replace(other) => {
                        is_same = false;
                        bytes.extend_from_slice(&other);
                    }
                }
                ends.extend(u32::try_from(bytes.len()));
            }
            if !is_same {
                let offset = entering.frames.byte_offset();
                entering.frames.replace(Pieces::new(bytes.freeze(), ends, offset));
            }
        }
        edited
    }

    /// Gives all messages in order to `look`, until it breaks.
    pub fn each<B>(
        &self,
        mut look: impl FnMut(u64, PipelineIndex, &[u8]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let mut all: Vec<_> = self.entering().collect();
        all.sort_by_key(|entering| entering.number);
        for Entering { pipeline, number, frames } in all {
            for (number, frame) in (*number..).zip(0..frame_count(frames)) {
                look(number, *pipeline, frames.frame(frame))?;
            }
        }
        ControlFlow::Continue(())
    }
}

fn frame_count(frames: &Frames) -> u32 {
    u32::try_from(frames.len()).unwrap_or(u32::MAX)
}
