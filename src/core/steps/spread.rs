//! The two sides of an exchange that spreads messages over all workers, whatever their keys.

use std::sync::Arc;

use super::batch::{Item, Outlet, Parcel, Payload};
use super::context::Context;
use super::{Flow, Segment, empty};
use crate::application::Message;
use crate::core::frames::Frames;
use crate::core::numbers::WorkerIndex;
use crate::core::partitions::placement::Placement;

/// The end of a segment where a batch is dealt out to the workers in equal parts. Where it has fewer
/// messages than there are workers, the next batch goes on with the next worker.
pub(crate) struct SpreadEnd<M> {
    pub before: Box<dyn Flow<M>>,
    pub placement: Placement,
    /// The worker that is next.
    pub next: usize,
    /// The flow's messages; kept so that its memory is used again.
    pub input: Vec<Item<M>>,
}

impl<M: Message> Segment for SpreadEnd<M> {
    fn run(
        &mut self,
        frames: &Arc<Frames>,
        payload: Payload,
        context: &mut Context<'_>,
        outlet: &mut Outlet,
    ) {
        self.before.run(frames, payload, context, &mut self.input);
        let workers = self.placement.workers().get();
        let share = self.input.len().div_ceil(workers).max(1);
        let mut items = self.input.drain(..).peekable();
        while items.peek().is_some() {
            let part: Vec<Item<M>> = items.by_ref().take(share).collect();
            outlet.parcels.push(Parcel {
                worker: WorkerIndex(self.next % workers),
                frames: Arc::clone(frames),
                payload: Payload::Messages(Box::new(part)),
            });
            self.next = (self.next + 1) % workers;
        }
        drop(items);
        empty(&mut self.input);
    }
}

/// The beginning of the segment behind it.
pub(crate) struct ReceiveStep;

impl<M: Message> Flow<M> for ReceiveStep {
    fn run(
        &mut self,
        _: &Arc<Frames>,
        payload: Payload,
        _: &mut Context<'_>,
        output: &mut Vec<Item<M>>,
    ) {
        let part = match payload {
            Payload::Messages(part) => part.downcast::<Vec<Item<M>>>().ok(),
            Payload::Frames => None,
        };
        match part {
            Some(part) => output.extend(*part),
            None => unreachable!("the topology gives this step what the step before it made"),
        }
    }
}
