//! What was journaled is replayed once, in order, from where it had been taken.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use tempfile::tempdir;
use wallaroo::core::numbers::Epoch;
use wallaroo::resilience::{
    Checkpoint, Entry, Journal, JournalPosition, JournalPositions, Position, ResilienceError, Slot,
    open_journal,
};

use super::recovered::{copy, recover, size, take};
use super::row_files::newest_row_file;
use super::world::{World, frames, pipeline};

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

pub fn append(journal: &mut Journal, slot: u64) -> u64 {
    let (pipeline, frames) = (pipeline(), frames(&[b"x".to_vec(), b"y".to_vec()]));
    journal.append(&[Entry { pipeline: &pipeline, slot: Slot(slot), frames: &frames }]).unwrap()
}

pub fn taken(slot: u64, row: u64, frames: u64) -> JournalPositions {
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
    for _ in 0..400 {
        for _ in 0..10 {
            let entry = Entry { pipeline: &pipeline, slot: Slot(1), frames: &frames };
            row = journal.append(&[entry]).unwrap();
        }
        journal.trim(&taken(1, row, 1)).unwrap();
        let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let of_rows = files.filter(|path| path.extension().is_some_and(|end| end == "rows"));
        let length: u64 = of_rows.map(|path| path.metadata().unwrap().len()).sum();
        assert!(length < 2 << 20, "{length}");
        assert_eq!(journal.rows(), 1);
    }
    assert!(size(folder.path()) < 24 << 20, "{}", size(folder.path()));
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

#[test]
fn what_the_journal_has_dropped_is_in_no_file() {
    let folder = tempdir().unwrap();
    let directory = take(folder.path()).unwrap();
    let mut journal = open_journal(&directory, &Checkpoint::default()).unwrap();
    let holds = |secret: &[u8]| {
        let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let bytes = files.map(|file| fs::read(file).unwrap());
        bytes.into_iter().any(|bytes| bytes.windows(secret.len()).any(|part| part == secret))
    };
    let secrets = [b"a short secret".to_vec(), b"a long secret ".repeat(20_000)];
    let (pipeline, frames) = (pipeline(), frames(&secrets));
    let entry = || Entry { pipeline: &pipeline, slot: Slot(1), frames: &frames };
    for row in 1..4 {
        journal.append(&[entry()]).unwrap();
        assert!(holds(b"a short secret") && holds(b"a long secret"));
        journal.trim(&taken(1, row, 2)).unwrap();
        assert!(!holds(b"a short secret") && !holds(b"a long secret"), "row {row}");
    }
    // What is still to be replayed keeps its row file, and the end leaves nothing else in it.
    journal.append(&[entry()]).unwrap();
    append(&mut journal, 2);
    journal.trim(&taken(1, 4, 2)).unwrap();
    assert_eq!(journal.rows(), 1);
    let position = taken(1, 4, 2);
    drop((journal, directory));
    assert!(!holds(b"a short secret") && !holds(b"a long secret"));
    let journal = at(folder.path(), &position).unwrap();
    let left = journal.replay_after(0, &position).unwrap().unwrap();
    assert_eq!((left.row, left.pieces.get(1)), (5, Some(&b"\0\0\0\x01y"[..])));
}

/// Opens the journal of a directory whose checkpoint has these positions.
fn at(path: &Path, positions: &JournalPositions) -> Result<Journal, ResilienceError> {
    let position = |((pipeline, slot), at): (&(Arc<str>, Slot), &JournalPosition)| {
        Position::Journal { pipeline: Arc::clone(pipeline), slot: *slot, at: *at }
    };
    let mut checkpoint = Checkpoint::default();
    checkpoint.positions = positions.iter().map(position).collect();
    open_journal(&take(path)?, &checkpoint)
}

#[test]
fn a_journal_gives_back_its_room() {
    let folder = tempdir().unwrap();
    let directory = take(folder.path()).unwrap();
    let mut journal = open_journal(&directory, &Checkpoint::default()).unwrap();
    let (pipeline, frames) = (pipeline(), frames(&[vec![7; 1 << 20]]));
    for row in 1..80 {
        let entry = Entry { pipeline: &pipeline, slot: Slot(1), frames: &frames };
        assert_eq!(journal.append(&[entry]).unwrap(), row);
    }
    append(&mut journal, 2);
    journal.trim(&taken(1, 79, 1)).unwrap();
    append(&mut journal, 2);
    journal.trim(&taken(2, 81, 2)).unwrap();
    assert!(size(folder.path()) < 20 << 20, "{}", size(folder.path()));
    assert_eq!(append(&mut journal, 2), 82, "it goes on");
}

#[test]
fn a_journal_of_an_earlier_program_gives_back_its_room_at_a_start() {
    let folder = tempdir().unwrap();
    let mut world = World::new(folder.path(), 1, 1);
    world.journal_some();
    world.checkpoint();
    world.journal_some();
    let expected = world.expected(world.epoch).unwrap();
    drop(world);
    let file = rusqlite::Connection::open(folder.path().join("journal.sqlite")).unwrap();
    file.execute_batch(
        "PRAGMA auto_vacuum = NONE; VACUUM; CREATE TABLE more (bytes BLOB);
         INSERT INTO more VALUES (zeroblob(60000000)); DROP TABLE more;",
    )
    .unwrap();
    drop(file);
    assert!(size(folder.path()) > 60_000_000);
    assert_eq!(recover(folder.path()).unwrap(), expected);
    assert!(size(folder.path()) < 1_000_000, "{}", size(folder.path()));
    assert_eq!(recover(folder.path()).unwrap(), expected);
}

#[test]
fn a_torn_tail_is_no_damage_and_an_earlier_programs_is_read() {
    let folder = tempdir().unwrap();
    let mut world = World::new(folder.path(), 8, 1);
    for _ in 0..4 {
        world.journal_some();
        world.checkpoint();
        world.journal_some();
    }
    let expected = world.expected(world.epoch).unwrap();
    let (killed, tail) = (tempdir().unwrap(), folder.path().join("journal.tail"));
    world.copy_to(killed.path());
    let whole = fs::read(&tail).unwrap();
    assert_eq!(whole.len(), 32);
    let newest =
        whole.chunks(16).max_by_key(|slot| slot[..8].iter().rev().copied().collect::<Vec<_>>());
    let of_an_earlier_program = newest.unwrap().to_vec();
    drop(world);
    let garbage: Vec<u8> = (0..16).map(|at| at * 7 + 1).collect();
    let mut half = whole.clone();
    half[12..20].fill(9);
    for torn in [&[][..], &whole[..7], &[0; 16], &[0; 32], &garbage, &half, &of_an_earlier_program]
    {
        let path = tempdir().unwrap();
        copy(killed.path(), path.path());
        fs::write(path.path().join("journal.tail"), torn).unwrap();
        for _ in 0..2 {
            assert_eq!(recover(path.path()).unwrap(), expected, "{torn:?}");
        }
    }
    // The newest rows are missed, also where the tail is an earlier program's.
    for tail in [&whole, &of_an_earlier_program] {
        let path = tempdir().unwrap();
        copy(killed.path(), path.path());
        fs::write(path.path().join("journal.tail"), tail).unwrap();
        let row_file = newest_row_file(path.path());
        let length = fs::metadata(&row_file).unwrap().len();
        let file = fs::OpenOptions::new().write(true).open(&row_file).unwrap();
        file.set_len(length - 10).unwrap();
        let error = recover(path.path()).unwrap_err().to_string();
        assert!(error.contains("has changed or is missing"), "{error}");
        // All of it.
        fs::remove_file(row_file).unwrap();
        let error = recover(path.path()).unwrap_err().to_string();
        assert!(error.contains("had been written") || error.contains("are missing"), "{error}");
    }
}

#[test]
fn a_directory_that_has_taken_the_place_of_a_journals_is_left_alone() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("d");
    let open = || {
        let directory = take(&path).unwrap();
        open_journal(&directory, &Checkpoint::default()).unwrap()
    };
    let mut journal = open();
    append(&mut journal, 1);
    fs::rename(&path, folder.path().join("moved")).unwrap();
    append(&mut open(), 1);
    let files = || {
        let entries = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries.map(|file| (fs::read(&file).unwrap(), file)).collect();
        files.sort();
        files
    };
    let before = files();
    // Its file of rows has the name of the other one's.
    journal.trim(&taken(1, 1, 2)).unwrap();
    let (pipeline, frames) = (pipeline(), frames(&[b"x".to_vec()]));
    let entry = Entry { pipeline: &pipeline, slot: Slot(1), frames: &frames };
    let error = journal.append(&[entry]).unwrap_err();
    assert!(matches!(error, ResilienceError::Gone { .. }), "{error}");
    drop(journal);
    assert!(files() == before);
}
