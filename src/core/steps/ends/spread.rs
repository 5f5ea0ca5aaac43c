//! The two sides of an exchange that spreads messages over all workers, whatever their keys.

use std::sync::Arc;
use std::vec;

use super::encoded::decoded;
use crate::application::Message;
use crate::core::frames::Frames;
use crate::core::numbers::WorkerIndex;
use crate::core::partitions::placement::Placement;
use crate::core::steps::batch::{Item, Payload, Produced, RoutedBatch};
use crate::core::steps::context::{Context, StepName};
use crate::core::steps::{Flow, MAX_TOGETHER, Progress, Segment};

/// The end of a segment that deals a batch out to the workers in equal parts. It begins with another worker for frames of
/// another number, so that batches of few messages are spread, too. A replay of the batch alone deals it out equally.
pub(crate) struct SpreadEnd<M> {
    pub before: Box<dyn Flow<M>>,
    pub placement: Placement,
    /// The worker that is next.
    pub next: usize,
    /// The messages that are not dealt out yet.
    pub gathered: Vec<Item<M>>,
}

impl<M: Message> SpreadEnd<M> {
    /// Deals out what was gathered.
    fn deal(&mut self, frames: &Arc<Frames>, produced: &mut Produced) {
        let workers = self.placement.workers().get();
        let share = self.gathered.len().div_ceil(workers).max(1);
        let mut items = self.gathered.drain(..).peekable();
        while items.peek().is_some() {
            let part: Vec<Item<M>> = items.by_ref().take(share).collect();
            produced.routed.push(RoutedBatch {
                worker: WorkerIndex(self.next % workers),
                frames: Arc::clone(frames),
                messages: part.len(),
                payload: Payload::Messages(Box::new(part)),
            });
            self.next = (self.next + 1) % workers;
        }
    }
}

impl<M: Message> Segment for SpreadEnd<M> {
    fn begin(&mut self, frames: &Frames, payload: Payload, context: &mut Context<'_>) {
        let workers = self.placement.workers();
        // Mixed, because the numbers of first frames may be multiples of something. The factor is 2^64 by the golden ratio.
        let mixed = frames.numbers().0.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let first = usize::try_from(mixed % workers.get() as u64).unwrap_or(0);
        self.next = first + context.worker.0;
        self.before.begin(frames, payload, context);
    }

    fn next(
        &mut self,
        frames: &Arc<Frames>,
        context: &mut Context<'_>,
        produced: &mut Produced,
    ) -> Progress {
        let progress = self.before.next(frames, context, &mut self.gathered);
        match progress {
            Progress::More if self.gathered.len() >= MAX_TOGETHER => self.deal(frames, produced),
            Progress::More | Progress::Done => {}
        }
        progress
    }

    fn finish(&mut self, frames: &Arc<Frames>, _: &mut Context<'_>, produced: &mut Produced) {
        self.deal(frames, produced);
    }
}

/// The beginning of the segment behind it.
pub(crate) struct ReceiveStep<M> {
    /// The step that sent the messages.
    name: StepName,
    /// The messages that have not been given yet.
    part: vec::IntoIter<Item<M>>,
}

impl<M> ReceiveStep<M> {
    pub fn new(name: StepName) -> Self {
        Self { name, part: Vec::new().into_iter() }
    }
}

impl<M: Message> Flow<M> for ReceiveStep<M> {
    fn begin(&mut self, frames: &Frames, payload: Payload, context: &mut Context<'_>) -> usize {
        let part = match payload {
            Payload::Messages(part) => part.downcast::<Vec<Item<M>>>().ok().map(|part| *part),
            Payload::Encoded(bytes) => Some(decoded(&bytes, &self.name, frames, context)),
            Payload::Frames | Payload::Own(_) => None,
        };
        match part {
            Some(part) => self.part = part.into_iter(),
            None => unreachable!("the topology gives this step what the step before it made"),
        }
        self.part.len()
    }

    fn next(
        &mut self,
        _: &Arc<Frames>,
        context: &mut Context<'_>,
        output: &mut Vec<Item<M>>,
    ) -> Progress {
        output.extend(self.part.by_ref().take(context.piece));
        if self.part.len() > 0 {
            return Progress::More;
        }
        self.part = Vec::new().into_iter();
        Progress::Done
    }
}
