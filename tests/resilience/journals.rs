//! What was journaled is replayed once, in order, from where it had been taken.

use proptest::prelude::*;
use tempfile::tempdir;
use wallaroo::core::numbers::Epoch;
use wallaroo::resilience::{
    Checkpoint, Entry, Journal, JournalPosition, JournalPositions, Position, Slot, open_journal,
};

use super::world::{World, frames, pipeline, recover, size, take};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn what_was_not_taken_is_replayed_in_order(seed: u64, steps in prop::collection::vec(0..3, 1..25)) {
        let folder = tempdir().unwrap();
        let path = folder.path().join("d");
        let mut world = World::new(&path, seed, 1);
        for step in steps {
            if step == 0 {
                world.checkpoint();
            } else {
                world.journal_some();
            }
        }
        let expected = world.expected(world.epoch).unwrap();
        let last = world.last_row;
        drop(world);
        let recovered = recover(&path).unwrap();
        prop_assert_eq!(recovered, expected);

        let directory = take(&path).unwrap();
        let mut journal = open_journal(&directory, &Checkpoint::find(&directory).unwrap()).unwrap();
        prop_assert_eq!(append(&mut journal, 1), last + 1, "no row is given twice");
    }
}

fn append(journal: &mut Journal, slot: u64) -> u64 {
    let (pipeline, frames) = (pipeline(), frames(&[b"x".to_vec(), b"y".to_vec()]));
    journal.append(&[Entry { pipeline: &pipeline, slot: Slot(slot), frames: &frames }]).unwrap()
}

fn taken(slot: u64, row: u64, frames: u64) -> JournalPositions {
    [((pipeline(), Slot(slot)), JournalPosition { row, frames })].into()
}

#[test]
fn a_row_number_is_never_given_twice() {
    let folder = tempdir().unwrap();
    for round in 0..5 {
        let directory = take(folder.path()).unwrap();
        let checkpoint = Checkpoint::default();
        // Frames were dropped that nothing has left behind: this journal opens with its positions only.
        let mut journal = match open_journal(&directory, &checkpoint) {
            Ok(journal) => journal,
            Err(error) => {
                assert!(round > 0 && error.to_string().contains("has dropped frames"), "{error}");
                return;
            }
        };
        assert_eq!(append(&mut journal, 3), 1);
        assert_eq!(append(&mut journal, 3), 2);
        journal.trim(&taken(3, 2, 2)).unwrap();
        assert_eq!(journal.rows(), 0);
        assert_eq!(append(&mut journal, 3), 3);
        journal.trim(&taken(3, 3, 1)).unwrap();
        assert_eq!(journal.rows(), 1, "a row stays for as long as one of its frames does");
    }
    panic!("what is needed was dropped, and nobody has noticed");
}

#[test]
fn a_journal_that_is_trimmed_stops_growing() {
    let folder = tempdir().unwrap();
    let directory = take(folder.path()).unwrap();
    let mut journal = open_journal(&directory, &Checkpoint::default()).unwrap();
    let (pipeline, frames) = (pipeline(), frames(&[vec![7; 1000], vec![8; 2000]]));
    let mut row = 0;
    let mut largest = 0;
    for round in 0..400 {
        for _ in 0..10 {
            let entry = Entry { pipeline: &pipeline, slot: Slot(1), frames: &frames };
            row = journal.append(&[entry]).unwrap();
        }
        journal.trim(&taken(1, row, 1)).unwrap();
        if round == 200 {
            largest = size(folder.path());
        }
    }
    assert!(size(folder.path()) <= largest, "{} after {largest}", size(folder.path()));
    assert_eq!(journal.rows(), 1);
}

#[test]
fn a_row_of_which_frames_are_needed_was_not_to_be_dropped() {
    let folder = tempdir().unwrap();
    let mut directory = take(folder.path()).unwrap();
    let mut journal = open_journal(&directory, &Checkpoint::default()).unwrap();
    let mut new = directory.begin_generation(1).unwrap();
    let row = append(&mut journal, 3);
    let at = JournalPosition { row, frames: 1 };
    let position = Position::Journal { pipeline: pipeline(), slot: Slot(3), at };
    new.files[0].write(Epoch(1), &[], &[position]).unwrap();
    directory.count(new.generation).unwrap();
    // As if the log of the worker's file had lost the checkpoint that has the row's other frame.
    journal.trim(&taken(3, row, 2)).unwrap();
    drop((journal, directory, new));
    let error = recover(folder.path()).unwrap_err();
    assert!(error.to_string().contains("has dropped frames"), "{error}");
}
