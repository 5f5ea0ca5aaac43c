//! A recording of some keys alone: it replays to the states that these keys had, at each checkpoint.

use std::sync::Arc;

use proptest::prelude::prop;
use tempfile::tempdir;
use wallaroo::core::partitions::query::PartitionRow;
use wallaroo::core::replay::memory::RecordedInMemory;
use wallaroo::core::replay::sliced::{SliceError, Sliced};
use wallaroo::core::replay::source::Recording;

use crate::ending::Inputs;
use crate::relived::{Act, played, recording, run};
use crate::shape::Shape;

/// Runs a shape, takes a slice of its recording for the keys of some partitions, and replays it.
pub fn slice(
    shape: &Shape,
    inputs: &Inputs,
    size: (usize, usize),
    acts: &[Act],
    chosen: &[prop::sample::Index],
) {
    let topology = Arc::new(shape.topology());
    let recorded = Arc::new(RecordedInMemory::new(usize::MAX));
    let directory = tempdir().unwrap();
    run(shape, &topology, inputs, size, acts, (&recorded, &directory.path().join("saved")));
    let whole = recording(&recorded);
    let rows = played(&topology, &whole).0;
    if rows.is_empty() {
        return;
    }
    let keys: Vec<_> =
        chosen.iter().map(|index| rows[index.index(rows.len())].key.clone()).collect();
    let mut sliced = match Sliced::new(Arc::clone(&topology), &whole, &keys) {
        Err(SliceError::Endless) => return,
        sliced => sliced.unwrap(),
    };
    let again = RecordedInMemory::new(usize::MAX);
    again.begin(sliced.base().epoch, || sliced.base().partitions.clone());
    for chapter in sliced.by_ref() {
        match chapter {
            Err(SliceError::Tangled { .. }) if shape.tangled => return,
            Err(error) => panic!("{shape}: {error}"),
            Ok((chapter, changed)) => again.append(chapter, changed),
        }
    }
    let again = recording(&again);
    let entered = again.chapters().iter().map(|chapter| chapter.messages).sum::<u64>();
    assert_eq!(entered, sliced.messages(), "{shape}");
    let is_of_keys = |row: &PartitionRow| keys.contains(&row.key);
    let of_keys = |rows: Vec<PartitionRow>| {
        let rows = rows.into_iter().filter(is_of_keys);
        rows.map(|row| (row.state, row.key, row.messages, row.poisoned, row.value))
            .collect::<Vec<_>>()
    };
    assert_eq!(of_keys(played(&topology, &again).0), of_keys(rows), "{shape}");
}
