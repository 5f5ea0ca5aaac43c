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

/// Up to how many workers the messages of a piece are looked through once for each.
const FEW_WORKERS: usize = 8;

/// Finds every message's key and sends the message to the key's owner.
pub(crate) struct PartitionEnd<M, P> {
    before: Box<dyn Flow<M>>,
    owners: Owners<P>,
    /// A piece of the flow's messages; kept so that its memory is used again.
    input: Vec<Item<M>>,
    /// The same with their owners, if there are several workers.
    owned: Owned<M>,
    /// By worker, what is to be sent to it.
    gathered: Vec<Addressed<M>>,
}

/// Finds keys and their owners.
struct Owners<P> {
    name: StepName,
    function: Arc<P>,
    placement: Placement,
}

impl<P> Owners<P> {
    /// Gives each message with its address and its owner to `take`. Returns how many there were.
    fn find<M: Message>(
        &self,
        frames: &Frames,
        context: &mut Context<'_>,
        input: &mut Vec<Item<M>>,
        mut take: impl FnMut(WorkerIndex, Address, M),
    ) -> usize
    where
        P: PartitionFunction<M>,
    {
        let name = &self.name;
        // The only worker owns everything, whatever the hash.
        let alone = self.placement.workers().get() == 1;
        let (traced, mut taken) = (frames.any_traced(), 0);
        for_each_guarded(
            &mut input.drain(..),
            context,
            |item| item.frame,
            |context, Item { frame, message }| {
                let key = self.function.partition(&message);
                let length = key.as_bytes().len();
                if length > MAX_KEY {
                    let reason =
                        format!("its key has {length} bytes, and a key has at most {MAX_KEY}");
                    return context.dead_letter(name, frames, frame, None, Cause::TooLong, reason);
                }
                let owner = if alone { WorkerIndex(0) } else { self.placement.worker(&key) };
                if traced {
                    context.trace(name, frames, frame, || HopEvent::Partitioned {
                        key: key.clone(),
                        owner,
                    });
                }
                take(owner, Address { frame, key }, message);
                taken += 1;
            },
            |context, frame, reason| {
                context.dead_letter(name, frames, frame, None, Cause::Panicked, reason);
            },
        );
        taken
    }
}

/// The messages of a piece with their owners. All owners are found before any message goes to its batch: which
/// batch that is depends on a hash, and a processor that guesses it is wrong half of the time.
struct Owned<M> {
    owners: Vec<WorkerIndex>,
    /// `None` where it has been given.
    messages: Vec<Option<(Address, M)>>,
    /// By worker, which of the messages are its own, in their order.
    places: Vec<Vec<usize>>,
}

impl<M> Owned<M> {
    fn new(workers: usize) -> Self {
        let places = (0..workers).map(|_| Vec::new()).collect();
        Self { owners: Vec::new(), messages: Vec::new(), places }
    }

    /// Finds the places of each worker's messages.
    fn sort(&mut self) {
        let Self { owners, places, .. } = self;
        if places.len() > FEW_WORKERS {
            places.iter_mut().for_each(Vec::clear);
            for (at, owner) in owners.iter().enumerate() {
                if let Some(places) = places.get_mut(owner.0) {
                    places.push(at);
                }
            }
            return;
        }
        for (worker, places) in places.iter_mut().enumerate() {
            places.resize(owners.len(), 0);
            let mut own = 0;
            // Without a branch: each is written, and stays if it is this worker's.
            for (at, owner) in owners.iter().enumerate() {
                if let Some(place) = places.get_mut(own) {
                    *place = at;
                }
                own += usize::from(owner.0 == worker);
            }
            places.truncate(own);
        }
    }

    /// Gives all messages to their owners' batches; `full` gets those that are full.
    fn give(
        &mut self,
        gathered: &mut [Addressed<M>],
        mut full: impl FnMut(WorkerIndex, Addressed<M>),
    ) {
        self.sort();
        let Self { owners, messages, places } = self;
        for (worker, (places, batch)) in places.iter().zip(gathered).enumerate() {
            let mut places = places.as_slice();
            while !places.is_empty() {
                let room = MAX_TOGETHER.saturating_sub(batch.len()).min(places.len());
                let (now, later) = places.split_at(room);
                batch.extend(now.iter().filter_map(|at| messages.get_mut(*at)?.take()));
                if batch.len() >= MAX_TOGETHER {
                    full(WorkerIndex(worker), mem::take(batch));
                }
                places = later;
            }
        }
        debug_assert!(messages.iter().all(Option::is_none), "a message has one owner");
        owners.clear();
        messages.clear();
    }
}

impl<M: Message, P: PartitionFunction<M>> PartitionEnd<M, P> {
    pub fn new(
        name: StepName,
        before: Box<dyn Flow<M>>,
        function: Arc<P>,
        placement: Placement,
    ) -> Self {
        let owned = Owned::new(placement.workers().get());
        let owners = Owners { name, function, placement };
        Self { before, owners, input: Vec::new(), owned, gathered: Vec::new() }
    }
}

impl<M: Message, P: PartitionFunction<M>> Segment for PartitionEnd<M, P> {
    fn begin(&mut self, frames: &Frames, payload: Payload, context: &mut Context<'_>) {
        debug_assert!(self.gathered.is_empty(), "all of a batch is sent when it is done");
        let expected = self.before.begin(frames, payload, context);
        let workers = self.owners.placement.workers().get();
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
        let Self { before, owners, input, owned, gathered } = self;
        let progress = before.next(frames, context, input);
        let mut full = |worker, batch| outlet.parcels.push(parcel(worker, frames, batch));
        let sent = if let [only] = gathered.as_mut_slice() {
            owners.find(frames, context, input, |owner, address, message| {
                only.push(address, message);
                if only.len() >= MAX_TOGETHER {
                    full(owner, mem::take(only));
                }
            })
        } else {
            let sent = owners.find(frames, context, input, |owner, address, message| {
                owned.owners.push(owner);
                owned.messages.push(Some((address, message)));
            });
            owned.give(gathered, full);
            sent
        };
        context.report.count_step(owners.name.index, sent);
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
    use proptest::prelude::*;

    use super::*;
    use crate::application::{Key, Reason, Source};
    use crate::core::test_driver::TestDriver;
    use crate::core::topology::Application;

    proptest! {
        #[test]
        fn each_owner_is_given_its_messages_in_their_order(
            workers in 2_usize..=2 * FEW_WORKERS,
            pieces in prop::collection::vec(prop::collection::vec(0..64_usize, 0..100), 0..4),
            gathered in prop_oneof![Just(0), Just(MAX_TOGETHER - 1), MAX_TOGETHER - 60..MAX_TOGETHER],
        ) {
            let address = |frame| Address { frame, key: Key::default() };
            let (mut owned, mut sent) = (Owned::new(workers), vec![Vec::new(); workers]);
            let mut batches: Vec<Addressed<u32>> =
                (0..workers).map(|_| Addressed::with_capacity(0)).collect();
            batches[0].extend((0..gathered).map(|_| (address(0), 0)));
            let mut expected = vec![Vec::new(); workers];
            expected[0].resize(gathered, 0);
            let mut number = 0;
            for piece in pieces {
                for owner in piece {
                    number += 1;
                    owned.owners.push(WorkerIndex(owner % workers));
                    owned.messages.push(Some((address(number), number)));
                    expected[owner % workers].push(number);
                }
                owned.give(&mut batches, |worker, batch| {
                    assert_eq!(batch.len(), MAX_TOGETHER);
                    sent[worker.0].extend(batch.messages);
                });
            }
            for (sent, batch) in sent.iter_mut().zip(batches) {
                prop_assert!(batch.len() < MAX_TOGETHER);
                prop_assert!(batch.addresses.iter().map(|it| it.frame).eq(batch.messages.iter().copied()));
                sent.extend(batch.messages);
            }
            prop_assert_eq!(sent, expected);
        }
    }

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
