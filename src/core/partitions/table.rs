//! The partitions of one state that one worker owns.
//!
//! Invariants: a key has one partition; a partition keeps its place for as long as the table lives
//! (so that a scan can go on where it stopped); a poisoned partition is not touched by computations; the
//! hash of a look-up has a random secret, so that no client can send keys that collide; nothing that is
//! done for one message takes long, however many partitions there are.

mod erased;
mod key_hash;
#[cfg(test)]
mod model;
mod near;
mod slots;
mod steady_vec;

use std::collections::BTreeSet;
use std::hint::black_box;

use key_hash::KeyHash;
use near::Near;
use slots::Slots;
use steady_vec::SteadyVec;

use super::partition::{Health, Partition, Round};
use super::saved::{Collected, MAX_STATE};
use crate::application::Key;
use crate::core::numbers::{Timestamp, WorkerIndex};

/// How many slots a look-up may pass over. With hashes that are as good as random, a look-up passes over
/// that many in one of 10^13 tables: so if it happens, a client has found keys that collide.
const FARTHEST: usize = 512;

/// The last place of a table: a slot holds a place plus one.
const LAST_PLACE: u32 = u32::MAX - 1;

/// The index of a partition in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u32);

/// The partitions of one state that one worker owns.
#[derive(Debug)]
pub struct PartitionTable<S> {
    worker: WorkerIndex,
    hash: KeyHash,
    slots: Slots,
    partitions: SteadyVec<Partition<S>>,
    dynamic: usize,
    /// `None` if nothing is ever saved.
    changes: Option<Changes>,
    round: Round,
    /// The longest state that is saved, in bytes.
    longest: usize,
    /// The hashes of the keys that are looked up together, and what is at their homes; kept so that its memory
    /// is used again.
    peeked: Vec<(u32, u64)>,
    near: Near,
}

/// The partitions that have changed since they were saved.
#[derive(Debug, Default)]
struct Changes {
    /// Those with a change in this round that asked to be saved.
    to_save: Vec<Place>,
    /// Those with other changes, since all changes were saved.
    touched: Vec<Place>,
    /// Those that a checkpoint of everything waits for though nobody has asked to save them.
    not_asked: BTreeSet<Place>,
    /// Those that the checkpoint which has begun waits for; and some that it has got.
    awaited: Vec<Place>,
    /// What it has got.
    collected: Collected,
}

impl<S> PartitionTable<S> {
    /// An empty table of this worker.
    pub fn new(worker: WorkerIndex) -> Self {
        Self {
            worker,
            hash: KeyHash::new(),
            slots: Slots::new(),
            partitions: SteadyVec::new(),
            dynamic: 0,
            changes: None,
            round: Round::MIN,
            longest: MAX_STATE,
            peeked: Vec::new(),
            near: Near::new(),
        }
    }

    /// Whether its partitions fit into the processor's first cache, so that [`find_near`](Self::find_near) is fast.
    #[inline]
    pub fn is_small(&self) -> bool {
        self.partitions.len() <= near::NOTED
    }

    /// The place of the partition of a key: in a small table faster than [`find`](Self::find), because it needs no hash.
    #[inline]
    pub fn find_near(&mut self, key: &Key) -> Option<Place> {
        let Some(words) = key.words() else { return self.find(key) };
        match self.near.place(words) {
            Some(place) => Some(Place(place)),
            None => self.find_and_note(key, words),
        }
    }

    #[cold]
    fn find_and_note(&mut self, key: &Key, words: [u64; 3]) -> Option<Place> {
        let found = self.find(key)?;
        self.near.note(words, found.0);
        Some(found)
    }

    /// The place of the partition of a key.
    #[inline]
    pub fn find(&self, key: &Key) -> Option<Place> {
        self.find_hashed(self.hash.hash(key), key)
    }

    #[inline]
    fn find_hashed(&self, hash: u32, key: &Key) -> Option<Place> {
        self.slots.find(hash, |place| self.is_at(place, key)).map(Place)
    }

    #[inline]
    fn is_at(&self, place: u32, key: &Key) -> bool {
        let found = self.partitions.get(place as usize);
        debug_assert!(found.is_some(), "each place that is looked up has a partition");
        found.is_some_and(|found| found.key == *key)
    }

    /// Appends the places of the partitions of these keys, in their order; `None` for each key that is missing.
    ///
    /// Faster than one after the other: the reads of each loop do not depend on each other, so the processor
    /// waits for many of them at a time.
    pub fn find_all<'a>(
        &mut self,
        keys: impl Iterator<Item = Option<&'a Key>> + Clone,
        places: &mut Vec<Option<Place>>,
    ) {
        let mut peeked = std::mem::take(&mut self.peeked);
        peeked.extend(keys.clone().map(|key| {
            let hash = key.map_or(0, |key| self.hash.hash(key));
            (hash, if key.is_some() { self.slots.peek(hash) } else { 0 })
        }));
        let first = places.len();
        let guess = |(hash, peeked): &(u32, u64)| self.slots.guess(*hash, *peeked).map(Place);
        places.extend(peeked.iter().map(guess));
        let guessed = places.get_mut(first..).unwrap_or_default();
        for ((place, key), (hash, _)) in guessed.iter_mut().zip(keys).zip(&peeked) {
            let (Some(key), Some(guess)) = (key, *place) else { continue };
            match self.partitions.get(guess.0 as usize) {
                // Its end may be in another line of memory: this reads that line early.
                Some(found) if found.key == *key => {
                    black_box(found.messages);
                }
                _ => *place = self.find_hashed(*hash, key),
            }
        }
        peeked.clear();
        self.peeked = peeked;
    }

    /// Adds the partition of a key that has none. `dynamic` says that a message asked for it.
    pub fn create(&mut self, key: Key, state: S, created: Timestamp, dynamic: bool) -> Place {
        let hash = self.hash.hash(&key);
        debug_assert!(self.find_hashed(hash, &key).is_none(), "a key has one partition");
        let Ok(place @ ..=LAST_PLACE) = u32::try_from(self.partitions.len()) else {
            // Two partitions of one place would mix up their states.
            unreachable!("a worker has less than 2^32 partitions of a state");
        };
        self.partitions.push(Partition {
            key,
            state,
            created,
            messages: 0,
            changed: None,
            touched: false,
            dynamic,
            health: Health::Good,
        });
        if self.slots.insert(hash, place) > FARTHEST && !self.hash.is_strong() {
            self.strengthen();
        }
        self.dynamic += usize::from(dynamic);
        Place(place)
    }

    /// Hashes all keys again, more strongly: the one pause in the life of a table under attack.
    #[cold]
    fn strengthen(&mut self) {
        self.hash.strengthen();
        self.slots = Slots::new();
        for (place, partition) in (0..).zip(self.partitions.iter()) {
            self.slots.insert(self.hash.hash(&partition.key), place);
        }
    }

    /// The present round: another one begins with each checkpoint.
    #[inline]
    pub fn round(&self) -> Round {
        self.round
    }

    /// Whether a computation may change the partition at a place. If not, [`prepare`](Self::prepare) it.
    #[inline]
    pub fn is_ready(&self, place: Place) -> bool {
        self.assert_has(place);
        self.partitions.get(place.0 as usize).is_some_and(|it| it.is_ready(self.round))
    }

    /// Notes that the partition at a place has a change to save.
    #[inline]
    pub fn save(&mut self, place: Place) {
        self.assert_has(place);
        if let Some(partition) = self.partitions.get_mut(place.0 as usize)
            && partition.changed != Some(self.round)
        {
            debug_assert!(
                partition.changed.is_none(),
                "what a checkpoint waits for does not change"
            );
            partition.changed = Some(self.round);
            if let Some(changes) = &mut self.changes {
                changes.to_save.push(place);
            }
        }
    }

    /// Notes that the partition at a place may have changed, but did not ask to be saved.
    #[inline]
    pub fn touch(&mut self, place: Place) {
        self.assert_has(place);
        if let Some(changes) = &mut self.changes
            && let Some(partition) = self.partitions.get_mut(place.0 as usize)
            && !partition.touched
        {
            partition.touched = true;
            changes.touched.push(place);
        }
    }

    /// The partition at a place.
    #[inline]
    pub fn at(&mut self, place: Place) -> Option<&mut Partition<S>> {
        self.assert_has(place);
        self.partitions.get_mut(place.0 as usize)
    }

    #[inline]
    fn assert_has(&self, place: Place) {
        debug_assert!(
            (place.0 as usize) < self.partitions.len(),
            "a place is of the table that gave it, and no partition is ever removed"
        );
    }
}
