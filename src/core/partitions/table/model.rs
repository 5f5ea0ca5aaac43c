//! A table does what a sorted map does, while it grows, whatever its hashes.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::key_hash::KeyHash;
use super::{FARTHEST, PartitionTable};
use crate::application::Key;
use crate::core::numbers::{Timestamp, WorkerIndex};
use crate::core::partitions::partition::Health;
use crate::core::partitions::query::{Partitions, Revival};
use crate::core::partitions::saved::{Extent, SavedPartition};

/// What is done with a table. Keys are numbers.
#[derive(Debug, Clone)]
enum Act {
    Create(u16),
    CreateMany(u16),
    FindTogether(Vec<u16>),
    Save(u16),
    Touch(u16),
    Poison(u16),
    Revive(u16),
    /// A checkpoint begins: of everything, or of what asked to be saved.
    BeginCollecting(bool),
    /// So many partitions are collected.
    Collect(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let key = 0..600_u16;
    prop_oneof![
        8 => key.clone().prop_map(Act::Create),
        1 => key.clone().prop_map(Act::CreateMany),
        3 => prop::collection::vec(key.clone(), 0..50).prop_map(Act::FindTogether),
        8 => key.clone().prop_map(Act::Save),
        2 => key.clone().prop_map(Act::Touch),
        2 => key.clone().prop_map(Act::Poison),
        2 => key.prop_map(Act::Revive),
        1 => any::<bool>().prop_map(Act::BeginCollecting),
        3 => (0..100_usize).prop_map(Act::Collect),
    ]
}

/// Keys of all lengths, short and long.
fn key(number: u16) -> Key {
    match number % 3 {
        0 => Key::from(number.to_string()),
        1 => Key::from([u64::from(number).to_be_bytes(), [number.to_be_bytes()[1]; 8]].concat()),
        _ => Key::from(format!("a key that is longer than most {number}")),
    }
}

/// What the model knows of a partition.
#[derive(Debug, Clone, Default)]
struct Known {
    place: usize,
    state: u16,
    poisoned: bool,
    to_save: bool,
    touched: bool,
}

/// A partition as it is saved: its place, key, state, and whether it is poisoned.
type Saved = (usize, u16, u16, bool);

struct Both {
    table: PartitionTable<u16>,
    model: BTreeMap<u16, Known>,
    /// What the checkpoint that has begun must hold.
    expected: Option<BTreeSet<Saved>>,
}

impl Both {
    fn create(&mut self, number: u16) {
        let place = self.model.len();
        if let Entry::Vacant(free) = self.model.entry(number) {
            free.insert(Known { place, state: number, ..Known::default() });
            self.table.create(key(number), number, Timestamp(0), number.is_multiple_of(2));
        }
    }

    /// The model's partition and the table's, if there is one.
    fn change(&mut self, number: u16, known: impl Fn(&mut Known)) -> Option<super::Place> {
        let place = self.table.find(&key(number));
        assert_eq!(place.is_some(), self.model.contains_key(&number));
        assert_eq!(self.table.find_near(&key(number)), place);
        self.model.get_mut(&number).map(known);
        place
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Create(number) => self.create(*number),
            Act::CreateMany(number) => (0..200).for_each(|more| self.create(number + 600 + more)),
            Act::FindTogether(numbers) => {
                let keys: Vec<Key> = numbers.iter().map(|number| key(*number)).collect();
                let mut places = vec![None];
                self.table.find_all(keys.iter().map(Some), &mut places);
                let known = |number| self.model.get(number).map(|known| known.place);
                let expected: Vec<_> = numbers.iter().map(known).collect();
                let place = |place: &Option<super::Place>| place.map(|it| it.0 as usize);
                let found: Vec<_> = places[1..].iter().map(place).collect();
                assert_eq!((places[0], found), (None, expected));
            }
            Act::Save(number) => {
                if let Some(place) = self.compute(*number, |known| known.to_save = true) {
                    self.table.save(place);
                }
            }
            Act::Touch(number) => {
                if let Some(place) = self.compute(*number, |known| known.touched = true) {
                    self.table.touch(place);
                }
            }
            Act::Poison(number) => {
                let poison = |known: &mut Known| (known.poisoned, known.to_save) = (true, true);
                let place = self.change(*number, poison);
                if let Some(place) = place {
                    self.table.poison(place);
                }
            }
            Act::Revive(number) => self.revive(*number),
            Act::BeginCollecting(everything) => self.begin_collecting(*everything),
            Act::Collect(at_most) => self.collect(*at_most),
        }
    }

    fn revive(&mut self, number: u16) {
        let expected = match self.model.get_mut(&number) {
            None => Revival::NotFound,
            Some(Known { poisoned: false, .. }) => Revival::WasGood,
            Some(known) => {
                (known.poisoned, known.to_save) = (false, true);
                Revival::Revived
            }
        };
        assert_eq!(self.table.revive(&key(number)), expected);
    }

    /// What a computation does with a partition: it changes its state, unless it is poisoned.
    fn compute(&mut self, number: u16, known: impl Fn(&mut Known)) -> Option<super::Place> {
        let place = self.change(number, |_| {})?;
        let poisoned = self.model.get(&number).is_some_and(|known| known.poisoned);
        let may = self.table.is_ready(place) || self.table.prepare(place);
        assert_eq!(may, !poisoned);
        if poisoned {
            return None;
        }
        self.table.at(place).unwrap().state += 1;
        self.model.entry(number).and_modify(|it| it.state += 1).and_modify(known);
        Some(place)
    }

    fn begin_collecting(&mut self, everything: bool) {
        self.collect(usize::MAX);
        let extent = if everything { Extent::Everything } else { Extent::Asked };
        let mut expected = BTreeSet::new();
        for (number, known) in &mut self.model {
            if known.to_save || (everything && known.touched) {
                expected.insert((known.place, *number, known.state, known.poisoned));
                known.to_save = false;
            }
            known.touched &= !everything;
        }
        self.table.begin_collecting(extent);
        self.expected = Some(expected);
    }

    /// Goes on with the checkpoint, and looks at it if it is whole.
    fn collect(&mut self, at_most: usize) {
        if self.table.collect(at_most) {
            return;
        }
        let saved = self.table.take_collected().saved;
        let Some(expected) = self.expected.take() else { return assert!(saved.is_empty()) };
        let numbers: BTreeMap<Key, u16> =
            self.model.keys().map(|number| (key(*number), *number)).collect();
        let seen = |saved: &SavedPartition| {
            let state: u16 = rmp_serde::from_slice(&saved.value).unwrap();
            (saved.place as usize, numbers[&saved.key], state, saved.poisoned)
        };
        assert_eq!(saved.len(), expected.len());
        assert_eq!(saved.iter().map(seen).collect::<BTreeSet<_>>(), expected);
        let mut restored = PartitionTable::<u16>::new(WorkerIndex(1));
        for (partition, place) in saved.iter().chain(&saved).zip((0..saved.len()).cycle()) {
            assert_eq!(restored.restore(partition), Ok(u32::try_from(place).unwrap()));
        }
        assert_eq!(restored.len(), saved.len());
    }

    fn check(&mut self) {
        assert_eq!(self.table.len(), self.model.len());
        for (number, known) in &self.model {
            let place = self.table.find(&key(*number)).unwrap();
            assert_eq!(place.0 as usize, known.place);
            assert_eq!(self.table.key(known.place), Some(&key(*number)));
            let partition = self.table.at(place).unwrap();
            assert_eq!(partition.health == Health::Poisoned, known.poisoned);
            assert_eq!(partition.state, known.state);
        }
    }
}

proptest! {
    #[test]
    fn a_table_does_what_a_map_does(
        acts in prop::collection::vec(act(), 0..200),
        all_hashes_are_equal: bool,
    ) {
        let mut table = PartitionTable::new(WorkerIndex(0));
        table.remember_changes();
        if all_hashes_are_equal {
            table.hash = KeyHash::broken();
        }
        let mut both = Both { table, model: BTreeMap::new(), expected: None };
        for act in &acts {
            both.act(act);
        }
        both.check();
    }
}

#[test]
fn keys_that_collide_make_a_table_hash_more_strongly() {
    let mut table = PartitionTable::new(WorkerIndex(0));
    table.hash = KeyHash::broken();
    let key = |number: u64| Key::from(number.to_be_bytes());
    let count = FARTHEST as u64 + 2;
    for number in 0..count {
        assert!(!table.hash.is_strong(), "it is not done before it must be");
        table.create(key(number), number, Timestamp(0), true);
    }
    assert!(table.hash.is_strong());
    for number in 0..count {
        let place = table.find(&key(number)).unwrap();
        assert_eq!(table.at(place).unwrap().state, number);
    }
    assert_eq!(table.find(&key(count)), None);
}
