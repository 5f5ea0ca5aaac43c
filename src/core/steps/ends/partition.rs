//! The end of a segment where messages go to the worker that owns their partition.

use std::mem;
use std::sync::Arc;

use crate::application::{Message, PartitionFunction};
use crate::core::frames::Frames;
use crate::core::guard::for_each_guarded;
use crate::core::numbers::WorkerIndex;
use crate::core::steps::batch::{Item, Payload, Produced, RoutedBatch};
use crate::core::steps::context::Context;
use crate::core::steps::keys::Keys;
use crate::core::steps::mailbox::Mailbox;
use crate::core::steps::{Flow, MAX_TOGETHER, Progress, Segment};

/// Up to this many workers, the messages of a piece are passed through once per worker.
const FEW_WORKERS: usize = 8;

/// Sends every message to the owner of its key.
pub(crate) struct PartitionEnd<M, P> {
    before: Box<dyn Flow<M>>,
    keys: Keys<P>,
    worker: WorkerIndex,
    mailbox: Mailbox<M>,
    /// Whether this worker's own messages go into the mailbox.
    joined: bool,
    /// About how many messages of the batch each worker owns.
    share: usize,
    /// A piece of the flow's messages; kept so that its memory is used again.
    input: Vec<Item<M>>,
    /// The same with their owners, if there are several workers.
    owned: Owned<M>,
    /// By worker, what is to be sent to it.
    gathered: Vec<Vec<Item<M>>>,
}

/// The messages of a piece with their owners. All owners are found before any message goes to its batch: the batch
/// depends on a hash, so the processor would mispredict a branch per message.
struct Owned<M> {
    owners: Vec<WorkerIndex>,
    /// `None` if the message has been given away.
    messages: Vec<Option<Item<M>>>,
    /// By worker, which of the messages are its own, in their order.
    places: Vec<Vec<usize>>,
}

impl<M> Owned<M> {
    fn new(workers: usize) -> Self {
        let places = (0..workers).map(|_| Vec::new()).collect();
        Self { owners: Vec::new(), messages: Vec::new(), places }
    }

    /// Finds the owners of these messages. Returns how many have one.
    fn find<P: PartitionFunction<M>>(
        &mut self,
        keys: &Keys<P>,
        frames: &Frames,
        input: &mut Vec<Item<M>>,
        context: &mut Context<'_>,
    ) -> usize {
        let traced = frames.any_traced();
        for_each_guarded(
            &mut input.drain(..),
            context,
            |item| item.frame,
            |context, item| {
                let Some(key) = keys.key_of(frames, &item, context) else { return };
                if traced {
                    keys.trace(frames, item.frame, &key, context);
                }
                self.owners.push(keys.owner(&key));
                self.messages.push(Some(item));
            },
            |context, frame, reason| keys.panicked(frames, frame, reason, context),
        );
        self.owners.len()
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
            // Without a branch: each place is written, and kept if it is this worker's.
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
        gathered: &mut [Vec<Item<M>>],
        mut full: impl FnMut(WorkerIndex, &mut Vec<Item<M>>),
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
                    full(WorkerIndex(worker), batch);
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
        before: Box<dyn Flow<M>>,
        keys: Keys<P>,
        worker: WorkerIndex,
        mailbox: Mailbox<M>,
    ) -> Self {
        let (owned, joined) = (Owned::new(keys.workers()), false);
        let (share, input, gathered) = (0, Vec::new(), Vec::new());
        Self { before, keys, worker, mailbox, joined, share, input, owned, gathered }
    }
}

impl<M: Message, P: PartitionFunction<M>> Segment for PartitionEnd<M, P> {
    fn begin(&mut self, frames: &Frames, payload: Payload, context: &mut Context<'_>) {
        debug_assert!(self.gathered.is_empty(), "all of a batch is sent when it is done");
        let expected = self.before.begin(frames, payload, context);
        let workers = self.keys.workers();
        self.share = (expected / workers + expected / 8).min(expected);
        let capacity = self.share.min(MAX_TOGETHER);
        let mut letters = self.mailbox.borrow_mut();
        self.gathered.extend((0..workers).map(|worker| {
            let waits = !self.joined || worker != self.worker.0;
            if waits { letters.empty(capacity) } else { Vec::new() }
        }));
    }

    fn next(
        &mut self,
        frames: &Arc<Frames>,
        context: &mut Context<'_>,
        produced: &mut Produced,
    ) -> Progress {
        let Self { before, keys, worker, mailbox, joined, share, input, owned, gathered } = self;
        let own = &mut mailbox.borrow_mut().messages;
        let mut full = |owner, batch: &mut Vec<Item<M>>| {
            if *joined && owner == *worker {
                own.append(batch);
            } else {
                produced.routed.push(routed(owner, frames, mem::take(batch)));
            }
        };
        let progress = match gathered.as_mut_slice() {
            // The only worker owns everything: the state step makes the keys, and counts them.
            [_] if *joined => before.next(frames, context, own),
            [only] => {
                let progress = before.next(frames, context, only);
                if only.len() >= MAX_TOGETHER {
                    full(*worker, only);
                }
                progress
            }
            gathered => {
                let progress = before.next(frames, context, input);
                let found = owned.find(keys, frames, input, context);
                context.report.count_step(keys.name.index, found);
                owned.give(gathered, &mut full);
                if let Some(rest) = gathered.get_mut(worker.0).filter(|_| *joined) {
                    full(*worker, rest);
                }
                progress
            }
        };
        produced.own = (!own.is_empty()).then_some(*share);
        progress
    }

    fn finish(&mut self, frames: &Arc<Frames>, _: &mut Context<'_>, produced: &mut Produced) {
        for (worker, batch) in self.gathered.drain(..).enumerate() {
            if batch.is_empty() {
                self.mailbox.borrow_mut().keep(batch);
            } else {
                produced.routed.push(routed(WorkerIndex(worker), frames, batch));
            }
        }
    }

    fn join(&mut self, joined: bool) -> bool {
        self.joined = joined;
        true
    }
}

fn routed<M: Message>(
    worker: WorkerIndex,
    frames: &Arc<Frames>,
    batch: Vec<Item<M>>,
) -> RoutedBatch {
    let (frames, messages) = (Arc::clone(frames), batch.len());
    RoutedBatch { worker, frames, messages, payload: Payload::Messages(Box::new(batch)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::application::{Key, Reason, Source};
    use crate::core::partitions::saved::MAX_KEY;
    use crate::core::test_driver::TestDriver;
    use crate::core::topology::Application;

    proptest! {
        #[test]
        fn each_owner_is_given_its_messages_in_their_order(
            workers in 2_usize..=2 * FEW_WORKERS,
            pieces in prop::collection::vec(prop::collection::vec(0..64_usize, 0..100), 0..4),
            gathered in prop_oneof![Just(0), Just(MAX_TOGETHER - 1), MAX_TOGETHER - 60..MAX_TOGETHER],
        ) {
            let item = |message| Item { frame: message, message };
            let (mut owned, mut sent) = (Owned::new(workers), (0..workers).map(|_| Vec::new()).collect::<Vec<_>>());
            let mut batches: Vec<Vec<Item<u32>>> = (0..workers).map(|_| Vec::new()).collect();
            batches[0].extend((0..gathered).map(|_| item(0)));
            let mut expected = vec![Vec::new(); workers];
            expected[0].resize(gathered, 0);
            let mut number = 0;
            for piece in pieces {
                for owner in piece {
                    number += 1;
                    owned.owners.push(WorkerIndex(owner % workers));
                    owned.messages.push(Some(item(number)));
                    expected[owner % workers].push(number);
                }
                owned.give(&mut batches, |worker, batch| {
                    assert_eq!(batch.len(), MAX_TOGETHER);
                    sent[worker.0].append(batch);
                });
            }
            for (sent, batch) in sent.iter_mut().zip(batches) {
                prop_assert!(batch.len() < MAX_TOGETHER);
                sent.extend(batch);
            }
            let numbers = |sent: Vec<Item<u32>>| -> Vec<u32> {
                sent.into_iter().map(|item| item.message).collect()
            };
            prop_assert_eq!(sent.into_iter().map(numbers).collect::<Vec<_>>(), expected);
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
