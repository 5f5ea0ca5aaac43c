//! What is asked of a table whatever its state's type: rows, changes to save, what is restored.

use std::mem;

use serde_json::Value;

use super::{Changes, PartitionTable, Place};
use crate::application::{Key, State};
use crate::core::frames::preview::to_json;
use crate::core::guard::guarded;
use crate::core::numbers::{Timestamp, WorkerIndex};
use crate::core::partitions::field::json_field;
use crate::core::partitions::partition::{Health, RECOVERED};
use crate::core::partitions::query::{PartitionRow, Partitions, Revival, SortBy};
use crate::core::partitions::saved::{self, Collected, Extent, SavedPartition};
use crate::core::partitions::sort_value::SortValue;

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
            created: Some(partition.created).filter(|created| *created != RECOVERED),
            to_save: partition.changed.is_some(),
            poisoned: partition.health == Health::Poisoned,
            value: to_json(&partition.state).unwrap_or_else(Value::String),
        })
    }

    fn place_of(&self, key: &Key) -> Option<usize> {
        self.find(key).map(|place| place.0 as usize)
    }

    fn remember_changes(&mut self) {
        self.changes = Some(Changes::default());
    }

    fn begin_collecting(&mut self, extent: Extent) {
        let Some(changes) = &mut self.changes else {
            unreachable!("only a run that saves makes checkpoints, and its tables remember changes")
        };
        debug_assert!(changes.awaited.is_empty(), "one checkpoint is collected at a time");
        let before = self.round;
        let Some(next) = before.checked_add(1) else {
            // Changes before and after the checkpoint would be mixed up.
            unreachable!("a run makes less than 2^32 checkpoints");
        };
        self.round = next;
        changes.awaited = mem::take(&mut changes.to_save);
        if extent == Extent::Everything {
            for place in changes.touched.drain(..) {
                let partition = self.partitions.get_mut(place.0 as usize);
                debug_assert!(partition.is_some(), "a change is of a partition of this table");
                let Some(partition) = partition else { continue };
                partition.touched = false;
                if partition.changed.is_none() {
                    partition.changed = Some(before);
                    changes.awaited.push(place);
                    changes.not_asked.insert(place);
                }
            }
        }
        changes.collected.saved.reserve(changes.awaited.len());
    }

    fn collect(&mut self, at_most: usize) -> bool {
        for _ in 0..at_most {
            let Some(place) = self.changes.as_mut().and_then(|changes| changes.awaited.pop())
            else {
                return false;
            };
            self.collect_awaited(place);
        }
        true
    }

    fn take_collected(&mut self) -> Collected {
        self.changes.as_mut().map(|changes| mem::take(&mut changes.collected)).unwrap_or_default()
    }

    fn restore(&mut self, saved: &SavedPartition) -> Result<u32, String> {
        let state: S = guarded(|| saved::decode(&saved.value))?;
        let place = self.put(&saved.key, state, saved.dynamic);
        if let Some(partition) = self.at(place) {
            partition.messages = saved.messages;
            partition.health = if saved.poisoned { Health::Poisoned } else { Health::Good };
        }
        Ok(place.0)
    }

    fn restore_json(&mut self, key: &Key, json: &str) -> Result<u32, String> {
        let read = || serde_json::from_str(json).map_err(|error| error.to_string());
        let state: S = guarded(read)?;
        Ok(self.put(key, state, true).0)
    }

    fn copy(&self, key: &Key, longest: usize) -> Option<Result<SavedPartition, String>> {
        let place = self.find(key)?;
        let partition = self.partitions.get(place.0 as usize)?;
        let value = guarded(|| saved::encode_at_most(&partition.state, longest));
        Some(value.map(|value| partition.as_saved(place.0, value)))
    }

    fn key(&self, at: usize) -> Option<&Key> {
        self.partitions.get(at).map(|partition| &partition.key)
    }

    fn state(&self, at: usize) -> Option<Value> {
        to_json(&self.partitions.get(at)?.state).ok()
    }

    fn field(&self, at: usize, name: &str) -> Option<Value> {
        json_field(&self.partitions.get(at)?.state, name)
    }

    fn messages(&self, at: usize) -> u64 {
        self.partitions.get(at).map_or(0, |partition| partition.messages)
    }

    fn sort_value(&self, at: usize, by: &SortBy) -> SortValue {
        let Some(partition) = self.partitions.get(at) else { return SortValue::Nothing };
        match by {
            SortBy::Key | SortBy::Rate => SortValue::Nothing,
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
        if let Some(place) = place {
            self.set_health(place, Health::Good);
        }
        Revival::Revived
    }
}

impl<S: State> PartitionTable<S> {
    /// Prepares the partition at a place for a change: if a checkpoint waits for it, it is collected as it is.
    /// Returns false if it is poisoned.
    #[cold]
    pub fn prepare(&mut self, place: Place) -> bool {
        self.collect_awaited(place);
        self.at(place).is_some_and(|partition| partition.health == Health::Good)
    }

    /// From now on, no computation touches the partition at a place.
    pub fn poison(&mut self, place: Place) {
        self.set_health(place, Health::Poisoned);
    }

    /// Puts a state in place of a key's, or creates its partition.
    fn put(&mut self, key: &Key, state: S, dynamic: bool) -> Place {
        let place = match self.find(key) {
            // Declared, and created before the first message.
            Some(place) => {
                if let Some(partition) = self.at(place) {
                    partition.state = state;
                }
                place
            }
            None => self.create(key.clone(), state, Timestamp::default(), dynamic),
        };
        if let Some(partition) = self.at(place) {
            partition.created = RECOVERED;
        }
        place
    }

    /// The next checkpoint will hold the partition's new health.
    fn set_health(&mut self, place: Place, health: Health) {
        self.collect_awaited(place);
        if let Some(partition) = self.at(place) {
            partition.health = health;
            self.save(place);
        }
    }

    /// Collects the partition at a place if a checkpoint waits for it.
    fn collect_awaited(&mut self, place: Place) {
        let Self { partitions, changes: Some(changes), longest, round, .. } = self else { return };
        let partition = partitions.get_mut(place.0 as usize);
        debug_assert!(partition.is_some(), "a change is of a partition of this table");
        if let Some(partition) = partition.filter(|partition| partition.is_awaited(*round)) {
            let asked = !changes.not_asked.remove(&place);
            partition.take_changes(place.0, *longest, asked, &mut changes.collected);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize, Serializer};

    use super::*;
    use crate::core::partitions::saved::Unsaved;

    fn take_changed<S: State>(table: &mut PartitionTable<S>) -> Collected {
        table.begin_collecting(Extent::Asked);
        while table.collect(1) {}
        table.take_collected()
    }

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
        let told = take_changed(&mut table);
        let reason = "it is half changed".to_owned();
        let unsaved = |is_told| {
            let (key, reason) = (key.clone(), reason.clone());
            Collected { saved: Vec::new(), unsaved: vec![Unsaved { key, reason, is_told }] }
        };
        assert_eq!(told, unsaved(true));
        assert_eq!(table.at(place).unwrap().health, Health::Poisoned);
        table.save(place);
        assert_eq!(take_changed(&mut table), unsaved(false));
    }

    #[test]
    fn a_state_that_nobody_asked_to_save_is_not_poisoned_because_it_cannot_be() {
        let mut table = PartitionTable::new(WorkerIndex(0));
        table.remember_changes();
        let place = table.create(Key::from('a'), Whole(false), Timestamp(0), true);
        table.touch(place);
        table.begin_collecting(Extent::Everything);
        while table.collect(1) {}
        let Collected { saved, unsaved } = table.take_collected();
        assert_eq!(unsaved.iter().map(|one| one.is_told).collect::<Vec<_>>(), [false]);
        assert_eq!((saved, table.at(place).unwrap().health), (Vec::new(), Health::Good));
        table.touch(place);
        table.save(place);
        table.begin_collecting(Extent::Everything);
        while table.collect(1) {}
        assert_eq!(table.take_collected().unsaved.len(), 1);
        assert_eq!(table.at(place).unwrap().health, Health::Poisoned);
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
        let Collected { saved, unsaved } = take_changed(&mut table);
        assert_eq!(saved.iter().map(|saved| saved.place).collect::<Vec<_>>(), [2, 0]);
        let reason = "it takes 14 bytes, and the limit is 10".to_owned();
        assert_eq!(unsaved, [Unsaved { key: Key::from("1"), reason, is_told: true }]);
    }
}
