//! The partitions of one state that one worker owns.
//!
//! Invariants: a key has one partition; a partition keeps its place for as long as the table lives
//! (so that a scan can go on where it stopped); a poisoned partition is not touched by computations; the
//! hash of a look-up has a random seed, so that no client can send keys that collide.

use std::hash::{BuildHasher, Hasher, RandomState};

use hashbrown::HashTable;
use serde_json::Value;

use super::partition::{Health, Partition};
use super::query::{PartitionRow, Partitions, Revival, SortBy};
use super::saved::{self, Collected, Extent, MAX_STATE, SavedPartition};
use super::sort_value::SortValue;
use crate::application::{Key, State};
use crate::core::frames::preview::to_json;
use crate::core::guard::guarded;
use crate::core::numbers::{Timestamp, WorkerIndex};

/// The index of a partition in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(u32);

/// The partitions of one state that one worker owns.
#[derive(Debug)]
pub struct PartitionTable<S> {
    worker: WorkerIndex,
    /// `SipHash` with a seed from the system. Placement's hash is the same in every run, so anybody can
    /// compute keys that collide there; and foldhash, whatever its seed, promises nothing against a
    /// client who measures how long its answers take.
    hasher: RandomState,
    places: HashTable<u32>,
    partitions: Vec<Partition<S>>,
    dynamic: usize,
    /// `None` if nothing is ever saved.
    changes: Option<Changes>,
    /// The longest state that is saved, in bytes.
    longest: usize,
}

/// The partitions that have changed since they were saved.
#[derive(Debug, Default)]
struct Changes {
    /// Those with a change that asked to be saved.
    to_save: Vec<Place>,
    /// Those with other changes only; and some that have been saved meanwhile.
    touched: Vec<Place>,
}

impl<S> PartitionTable<S> {
    /// An empty table of this worker.
    #[must_use]
    pub fn new(worker: WorkerIndex) -> Self {
        Self {
            worker,
            hasher: RandomState::new(),
            places: HashTable::new(),
            partitions: Vec::new(),
            dynamic: 0,
            changes: None,
            longest: MAX_STATE,
        }
    }

    fn hash(&self, key: &Key) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(key.as_bytes());
        hasher.finish()
    }

    /// The place of the partition of a key.
    #[must_use]
    pub fn find(&self, key: &Key) -> Option<Place> {
        let hash = self.hash(key);
        let partitions = &self.partitions;
        self.places
            .find(hash, |place| {
                partitions.get(*place as usize).is_some_and(|found| found.key == *key)
            })
            .map(|place| Place(*place))
    }

    /// Adds the partition of a key that has none. `dynamic` says that a message asked for it.
    pub fn create(&mut self, key: Key, state: S, created: Timestamp, dynamic: bool) -> Place {
        debug_assert!(self.find(&key).is_none(), "a key has one partition");
        let hash = self.hash(&key);
        let Ok(place) = u32::try_from(self.partitions.len()) else {
            // Two partitions of one place would mix up their states.
            unreachable!("a worker has less than 2^32 partitions of a state");
        };
        self.partitions.push(Partition {
            key,
            hash,
            state,
            messages: 0,
            created: Some(created),
            dynamic,
            to_save: false,
            touched: false,
            health: Health::Good,
        });
        let partitions = &self.partitions;
        self.places.insert_unique(hash, place, |place| {
            let partition = partitions.get(*place as usize);
            debug_assert!(partition.is_some(), "each place that is looked up has a partition");
            partition.map_or(0, |partition| partition.hash)
        });
        self.dynamic += usize::from(dynamic);
        Place(place)
    }

    /// Notes that the partition at a place has a change to save.
    #[inline]
    pub fn save(&mut self, place: Place) {
        self.assert_has(place);
        if let Some(partition) = self.partitions.get_mut(place.0 as usize)
            && !partition.to_save
        {
            partition.to_save = true;
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

    /// From now on, no computation touches the partition at a place.
    pub fn poison(&mut self, place: Place) {
        if let Some(partition) = self.at(place) {
            partition.health = Health::Poisoned;
            self.save(place);
        }
    }

    /// The partition at a place.
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

impl<S: State> Partitions for PartitionTable<S> {
    fn len(&self) -> usize {
        self.partitions.len()
    }

    fn dynamic(&self) -> usize {
        self.dynamic
    }

    fn worker(&self) -> WorkerIndex {
        self.worker
    }

    fn row(&self, at: usize) -> Option<PartitionRow> {
        let partition = self.partitions.get(at)?;
        Some(PartitionRow {
            state: String::new(),
            key: partition.key.clone(),
            worker: self.worker,
            dynamic: partition.dynamic,
            messages: partition.messages,
            created: partition.created,
            to_save: partition.to_save,
            poisoned: partition.health == Health::Poisoned,
            value: to_json(&partition.state).unwrap_or_else(Value::String),
        })
    }

    fn remember_changes(&mut self) {
        self.changes = Some(Changes::default());
    }

    fn take_changed(&mut self, extent: Extent) -> Collected {
        let mut collected = Collected::default();
        let Self { partitions, changes: Some(changes), longest, .. } = self else {
            return collected;
        };
        collected.saved.reserve(changes.to_save.len());
        // Nothing can change meanwhile, so each partition is looked at once.
        let mut save = |place: Place, partitions: &mut [Partition<S>]| {
            let partition = partitions.get_mut(place.0 as usize);
            debug_assert!(partition.is_some(), "a change is of a partition of this table");
            if let Some(partition) = partition {
                partition.take_changes(place.0, *longest, &mut collected);
            }
        };
        changes.to_save.drain(..).for_each(|place| save(place, partitions));
        // Saved partitions leave the list, so that it does not grow.
        let is_touched = |place: &Place| {
            partitions.get(place.0 as usize).is_some_and(|partition| partition.touched)
        };
        changes.touched.retain(is_touched);
        if extent == Extent::Everything {
            changes.touched.drain(..).for_each(|place| save(place, partitions));
        }
        collected
    }

    fn restore(&mut self, saved: &SavedPartition) -> Result<u32, String> {
        let state: S = guarded(|| saved::decode(&saved.value))?;
        let key = saved.key.clone();
        let place = match self.find(&key) {
            // Declared, and created before the first message.
            Some(place) => {
                if let Some(partition) = self.at(place) {
                    partition.state = state;
                }
                place
            }
            None => self.create(key, state, Timestamp::default(), saved.dynamic),
        };
        if let Some(partition) = self.at(place) {
            partition.messages = saved.messages;
            partition.created = None;
            partition.health = if saved.poisoned { Health::Poisoned } else { Health::Good };
        }
        Ok(place.0)
    }

    fn key(&self, at: usize) -> Option<&Key> {
        self.partitions.get(at).map(|partition| &partition.key)
    }

    fn sort_value(&self, at: usize, by: &SortBy) -> SortValue {
        let Some(partition) = self.partitions.get(at) else { return SortValue::Nothing };
        match by {
            SortBy::Key => SortValue::Nothing,
            SortBy::Worker => SortValue::Integer(self.worker.0 as i128),
            SortBy::Messages => SortValue::Integer(partition.messages.into()),
            SortBy::Field(name) => SortValue::of_field(&partition.state, name),
        }
    }

    fn revive(&mut self, key: &Key) -> Revival {
        let place = self.find(key);
        let Some(partition) = place.and_then(|place| self.at(place)) else {
            return Revival::NotFound;
        };
        if partition.health == Health::Good {
            return Revival::WasGood;
        }
        partition.health = Health::Good;
        // The next checkpoint must hold its new health.
        if let Some(place) = place {
            self.save(place);
        }
        Revival::Revived
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize, Serializer};

    use super::*;
    use crate::core::partitions::saved::Unsaved;

    /// A state that can be saved only while it is whole.
    #[derive(Deserialize)]
    struct Whole(bool);

    impl Serialize for Whole {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            if self.0 {
                serializer.serialize_bool(true)
            } else {
                Err(serde::ser::Error::custom("it is half changed"))
            }
        }
    }

    #[test]
    fn a_state_that_cannot_be_saved_poisons_its_partition_and_is_told_once() {
        let mut table = PartitionTable::new(WorkerIndex(0));
        table.remember_changes();
        let key = Key::from('a');
        let place = table.create(key.clone(), Whole(false), Timestamp(0), true);
        table.save(place);
        let told = table.take_changed(Extent::Asked);
        let reason = "it is half changed".to_owned();
        assert_eq!(told, Collected { saved: Vec::new(), unsaved: vec![Unsaved { key, reason }] });
        assert_eq!(table.at(place).unwrap().health, Health::Poisoned);
        table.save(place);
        assert_eq!(table.take_changed(Extent::Asked), Collected::default());
    }

    #[test]
    fn a_state_that_is_too_long_to_be_saved_leaves_all_others_to_be_saved() {
        let mut table = PartitionTable::new(WorkerIndex(0));
        table.remember_changes();
        table.longest = 10;
        for (number, state) in (0..).zip(["short", "much too long", "short"]) {
            let state = state.to_owned();
            let place = table.create(Key::from(number.to_string()), state, Timestamp(0), true);
            table.save(place);
        }
        let Collected { saved, unsaved } = table.take_changed(Extent::Asked);
        assert_eq!(saved.iter().map(|saved| saved.place).collect::<Vec<_>>(), [0, 2]);
        let reason = "it takes 14 bytes, and the limit is 10".to_owned();
        assert_eq!(unsaved, [Unsaved { key: Key::from("1"), reason }]);
    }
}
