//! What is asked of a table whatever its state's type: rows, changes to save, what is restored.

use serde_json::Value;

use super::steady_vec::SteadyVec;
use super::{Changes, PartitionTable, Place};
use crate::application::{Key, State};
use crate::core::frames::preview::to_json;
use crate::core::guard::guarded;
use crate::core::numbers::{Timestamp, WorkerIndex};
use crate::core::partitions::partition::{Health, Partition};
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
        let mut save = |place: Place, partitions: &mut SteadyVec<Partition<S>>| {
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
