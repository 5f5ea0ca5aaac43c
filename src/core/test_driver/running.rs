//! A pipeline's source as the driver runs it.

use std::sync::Arc;

use super::error::NoSuchPipeline;
use crate::application::HasMessage;
use crate::core::frames::Frames;
use crate::core::frames::assembler::{Assembler, Broken};
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::framing::Framing;
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::{PipelineIndex, SequenceNumber, Timestamp};
use crate::core::topology::PipelinePlan;

/// The source's name in traces and dead letters.
const SOURCE: &str = "test";

/// A pipeline's source as the driver runs it.
pub(super) struct RunningSource {
    /// The pipeline's name.
    pub name: Arc<str>,
    pub assembler: Option<Assembler>,
    pub framing: Arc<dyn Framing>,
    frames: u64,
    /// Whether there is a message of a number, if the source makes its messages itself.
    has: Option<HasMessage>,
    /// The number of the message that it makes next.
    next: u64,
}

impl RunningSource {
    pub fn new(plan: &PipelinePlan) -> Self {
        Self {
            name: Arc::clone(&plan.name),
            assembler: None,
            framing: Arc::clone(&plan.source.framing),
            frames: 0,
            has: plan.source.has.clone(),
            next: 0,
        }
    }

    /// The number of the next frame, of which there are so many.
    fn count(&mut self, frames: usize) -> SequenceNumber {
        let first = SequenceNumber(self.frames + 1);
        self.frames += frames as u64;
        first
    }

    /// Frames that it has read now.
    pub fn frames(&mut self, pieces: Pieces, now: Timestamp) -> Frames {
        let first = self.count(pieces.len());
        Frames::new(SOURCE.into(), first, now, self.framing.wrapping(), pieces)
    }

    /// The next messages that the source makes, up to this many. `None` if it makes none itself.
    pub fn generate(&mut self, most: u64, now: Timestamp) -> Option<Frames> {
        let has = self.has.as_ref()?;
        let numbers = self.next..self.next.saturating_add(most);
        let count = numbers.take_while(|number| has(*number)).count();
        let pieces = Pieces::of_numbers(self.next, count as u64);
        self.next += count as u64;
        Some(self.frames(pieces, now))
    }

    /// The dead letter of bytes that are no frame.
    pub fn broken(&mut self, broken: Broken, now: Timestamp) -> DeadLetter {
        let number = self.count(1);
        DeadLetter::of_broken(Arc::clone(&self.name), SOURCE.into(), broken, number, now)
    }
}

/// The pipeline with this name, and its place.
pub(super) fn find_pipeline<'a>(
    running: &'a mut [RunningSource],
    pipeline: &str,
) -> Result<(PipelineIndex, &'a mut RunningSource), NoSuchPipeline> {
    let mut running = running.iter_mut().enumerate();
    let found = running.find(|(_, running)| &*running.name == pipeline);
    let found = found.map(|(at, running)| (PipelineIndex(at), running));
    found.ok_or_else(|| NoSuchPipeline(pipeline.to_owned()))
}
