//! The end of a segment where messages go to the worker that owns their partition.

use std::mem;
use std::sync::Arc;

use super::batch::{Address, Addressed, Item, Outlet, Parcel, Payload};
use super::context::{Context, StepName};
use super::{Flow, MAX_TOGETHER, Progress, Segment};
use crate::application::{Message, PartitionFunction};
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::Cause;
use crate::core::frames::trace::HopEvent;
use crate::core::guard::for_each_guarded;
use crate::core::numbers::WorkerIndex;
use crate::core::partitions::placement::Placement;
use crate::core::partitions::saved::MAX_KEY;

/// Finds every message's key and sends the message to the key's owner.
pub(crate) struct PartitionEnd<M, P> {
    pub name: StepName,
    pub before: Box<dyn Flow<M>>,
    pub function: Arc<P>,
    pub placement: Placement,
    /// A piece of the flow's messages; kept so that its memory is used again.
    pub input: Vec<Item<M>>,
    /// By worker, what is to be sent to it.
    pub gathered: Vec<Addressed<M>>,
}

impl<M: Message, P: PartitionFunction<M>> Segment for PartitionEnd<M, P> {
    fn begin(&mut self, frames: &Frames, payload: Payload, context: &mut Context<'_>) {
        debug_assert!(self.gathered.is_empty(), "all of a batch is sent when it is done");
        let expected = self.before.begin(frames, payload, context);
        let workers = self.placement.workers().get();
        let share = expected / workers + expected / 8;
        let capacity = share.min(expected).min(MAX_TOGETHER);
        self.gathered.extend((0..workers).map(|_| Addressed::with_capacity(capacity)));
    }

    fn next(
        &mut self,
        frames: &Arc<Frames>,
        context: &mut Context<'_>,
        outlet: &mut Outlet,
    ) -> Progress {
        let Self { name, before, function, placement, input, gathered } = self;
        let progress = before.next(frames, context, input);
        let traced = frames.any_traced();
        let mut sent = 0;
        for_each_guarded(
            &mut input.drain(..),
            &mut (&mut *context, &mut *gathered, &mut *outlet),
            |item| item.frame,
            |(context, gathered, outlet), Item { frame, message }| {
                let key = function.partition(&message);
                let length = key.as_bytes().len();
                if length > MAX_KEY {
                    let reason =
                        format!("its key has {length} bytes, and a key has at most {MAX_KEY}");
                    return context.dead_letter(name, frames, frame, None, Cause::TooLong, reason);
                }
                let owner = placement.worker(&key);
                if traced {
                    context.trace(name, frames, frame, || HopEvent::Partitioned {
                        key: key.clone(),
                        owner,
                    });
                }
                if let Some(batch) = gathered.get_mut(owner.0) {
                    batch.push(Address { frame, key }, message);
                    sent += 1;
                    if batch.len() == MAX_TOGETHER {
                        let full = mem::replace(batch, Addressed::with_capacity(0));
                        outlet.parcels.push(parcel(owner, frames, full));
                    }
                }
            },
            |(context, ..), frame, reason| {
                context.dead_letter(name, frames, frame, None, Cause::Panicked, reason);
            },
        );
        context.report.count_step(name.index, sent);
        if progress == Progress::Done {
            let rest = gathered.drain(..).enumerate().filter(|(_, batch)| !batch.is_empty());
            let parcels = rest.map(|(worker, batch)| parcel(WorkerIndex(worker), frames, batch));
            outlet.parcels.extend(parcels);
        }
        progress
    }
}

fn parcel<M: Message>(worker: WorkerIndex, frames: &Arc<Frames>, batch: Addressed<M>) -> Parcel {
    let (frames, messages) = (Arc::clone(frames), batch.len());
    Parcel { worker, frames, messages, payload: Payload::Messages(Box::new(batch)) }
}

#[cfg(test)]
mod tests {
    use super::MAX_KEY;
    use crate::application::{Key, Reason, Source};
    use crate::core::test_driver::TestDriver;
    use crate::core::topology::Application;

    #[test]
    fn a_key_that_is_too_long_to_be_saved_makes_its_message_a_dead_letter() {
        let topology = Application::new("x")
            .pipeline("p", Source::new(|payload: &[u8]| Ok::<_, Reason>(payload.first().copied())))
            .to_state_partition(
                |_: u8, (): &mut ()| (None::<u8>, true),
                |_: &Key| (),
                "nothing",
                |more: &u8| vec![0_u8; MAX_KEY + usize::from(*more)],
            )
            .done()
            .build()
            .unwrap();
        let mut driver = TestDriver::new(&topology);
        driver.push("p", b"\0\0\0\x01\x01\0\0\0\x01\0").unwrap();
        driver.run();
        assert_eq!(driver.partitions("nothing").len(), 1);
        let [letter] = driver.dead_letters() else { panic!("one letter") };
        assert_eq!(letter.reason, "its key has 16777217 bytes, and a key has at most 16777216");
    }
}
