//! The end of a segment where messages go to the worker that owns their partition.

use std::sync::Arc;

use super::{Flow, Segment};
use crate::application::{Message, PartitionFunction};
use crate::core::batch::{Address, Addressed, Item, Outlet, Parcel, Payload};
use crate::core::context::{Context, StepName};
use crate::core::frames::Frames;
use crate::core::guard::for_each_guarded;
use crate::core::numbers::WorkerIndex;
use crate::core::placement::Placement;
use crate::core::trace::HopEvent;

/// Finds every message's key and sends the message to the key's owner.
pub(crate) struct PartitionEnd<M, P> {
    pub name: StepName,
    pub before: Box<dyn Flow<M>>,
    pub function: Arc<P>,
    pub placement: Placement,
    /// The flow's messages; kept so that its memory is used again.
    pub input: Vec<Item<M>>,
}

impl<M: Message, P: PartitionFunction<M>> Segment for PartitionEnd<M, P> {
    fn run(
        &mut self,
        frames: &Arc<Frames>,
        payload: Payload,
        context: &mut Context<'_>,
        outlet: &mut Outlet,
    ) {
        let Self { name, before, function, placement, input } = self;
        before.run(frames, payload, context, input);
        let traced = frames.any_traced();
        let workers = placement.workers().get();
        let share = input.len() / workers + input.len() / 8;
        let mut batches: Vec<Addressed<M>> =
            (0..workers).map(|_| Addressed::with_capacity(share.min(input.len()))).collect();
        for_each_guarded(
            &mut input.drain(..),
            &mut (&mut *context, &mut batches),
            |item| item.frame,
            |(context, batches), Item { frame, message }| {
                let key = function.partition(&message);
                let owner = placement.worker(&key);
                if traced {
                    context.trace(name, frames, frame, || HopEvent::Partitioned {
                        key: key.clone(),
                        owner,
                    });
                }
                if let Some(batch) = batches.get_mut(owner.0) {
                    batch.push(Address { frame, key }, message);
                }
            },
            |(context, _), frame, reason| context.dead_letter(name, frames, frame, None, reason),
        );
        let sent = batches.iter().map(Addressed::len).sum();
        context.report.count_step(name.index, sent);
        let parcels = batches.into_iter().enumerate().filter(|(_, batch)| !batch.is_empty());
        outlet.parcels.extend(parcels.map(|(worker, batch)| Parcel {
            worker: WorkerIndex(worker),
            frames: Arc::clone(frames),
            payload: Payload::Messages(Box::new(batch)),
        }));
    }
}
