//! Directories as earlier programs made them: every later program must give back exactly what they hold. Of format 1, the
//! journal has its frames in a table; the program of commit b8378a9 made those. Of format 2, it has them in row files.
//!
//! `killed` is the copy of a directory in use, with its write-ahead logs; `ended` was closed. Both have
//! every table with rows in it: two generations, several epochs, positions of all kinds, poisoned and
//! dynamic partitions, frames that were dropped and frames to replay. `ended` also has attempts; the
//! program of commit 4e2464b made them.
//!
//! `GOLDEN_OUT=DIR` makes such directories in DIR, for a new version of the format. Those that are
//! committed are never made again.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::tempdir;

use super::recovered::{Recovered, copy, recover, take};
use super::world::World;
use wallaroo::resilience::{Attempts, Care, Inspection, Part, Unit};

fn fixture(format: u32, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/format-{format}")).join(name)
}

/// What came back, a line for each thing, in an order of its own.
fn text(recovered: &Recovered) -> String {
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    };
    let mut text = format!("epoch {}\n", recovered.epoch.0);
    let mut positions: Vec<_> =
        recovered.positions.iter().map(|position| format!("{position:?}")).collect();
    positions.sort();
    for position in positions {
        writeln!(text, "position {position}").unwrap();
    }
    for ((state, key), partition) in &recovered.partitions {
        let (messages, value) = (partition.messages, hex(&partition.value));
        let (dynamic, poisoned) = (partition.dynamic, partition.poisoned);
        let place = partition.place;
        writeln!(
            text,
            "partition {state} {key} place={place} dynamic={dynamic} messages={messages} \
             poisoned={poisoned} {value}"
        )
        .unwrap();
    }
    for (slot, bytes) in &recovered.replayed {
        writeln!(text, "replay {} {}", slot.0, hex(bytes)).unwrap();
    }
    text
}

fn holds_what_it_held(format: u32, name: &str) {
    let folder = tempdir().unwrap();
    let copied = folder.path().join("d");
    copy(&fixture(format, name), &copied);
    let expected = fs::read_to_string(fixture(format, &format!("{name}.txt"))).unwrap();
    assert!(expected.contains("replay ") && expected.contains("poisoned=true"));
    // To look at it needs no start, and changes nothing of it.
    let to_replay = expected.lines().filter(|line| line.starts_with("replay ")).count();
    let journal = Inspection::of(&copied).unwrap().journal;
    assert_eq!(journal.frames_to_replay, to_replay as u64);
    assert_eq!(journal.format, Some(i64::from(format)));
    assert_eq!(text(&recover(&copied).unwrap()), expected);
    assert_eq!(Inspection::of(&copied).unwrap().journal.format, Some(2));
    // Recovery changes nothing of what is in it.
    assert_eq!(text(&recover(&copied).unwrap()), expected);
}

#[test]
fn frames_of_format_1_are_moved_once_however_often_that_is_begun() {
    let folder = tempdir().unwrap();
    let expected = fs::read_to_string(fixture(1, "killed.txt")).unwrap();
    let moved = folder.path().join("moved");
    copy(&fixture(1, "killed"), &moved);
    assert_eq!(text(&recover(&moved).unwrap()), expected);
    let row_files = fs::read_dir(&moved).unwrap().map(|entry| entry.unwrap().path());
    let row_files: Vec<_> =
        row_files.filter(|path| path.extension().is_some_and(|end| end == "rows")).collect();
    assert_eq!(row_files.len(), 1);
    let whole = fs::read(&row_files[0]).unwrap();
    // Killed while it wrote them, or before the table was gone.
    for length in [0, 1, whole.len() / 2, whole.len()] {
        let killed = tempdir().unwrap();
        copy(&fixture(1, "killed"), killed.path());
        let row_file = killed.path().join(row_files[0].file_name().unwrap());
        fs::write(&row_file, &whole[..length]).unwrap();
        for _ in 0..2 {
            assert_eq!(text(&recover(killed.path()).unwrap()), expected, "{length}");
        }
        assert_eq!(fs::read(row_file).unwrap(), whole);
        // Nothing is left of the table.
        assert!(fs::metadata(killed.path().join("journal.sqlite")).unwrap().len() <= 5 * 16384);
    }
}

#[test]
fn a_killed_directory_gives_back_what_it_held() {
    for format in [1, 2] {
        holds_what_it_held(format, "killed");
    }
}

#[test]
fn an_ended_directory_gives_back_what_it_held() {
    for format in [1, 2] {
        holds_what_it_held(format, "ended");
    }
}

/// Two starts that ended in frame 3 of row 7, and one that ended in the first four frames of row 8.
fn attempt(path: &Path) {
    let directory = take(path).unwrap();
    let open = || Attempts::open(&directory).unwrap();
    open().begin().unwrap();
    for unit in [(7, 3, 1), (7, 3, 1), (8, 0, 4)] {
        let mut attempts = open();
        attempts.begin().unwrap();
        let (row, first, count) = unit;
        attempts.enter(Unit { row, first, count }).unwrap();
    }
}

fn accuses_what_it_accused(path: &Path) {
    let mut attempts = Attempts::open(&take(path).unwrap()).unwrap();
    let care = attempts.begin().unwrap();
    assert_eq!(care, Care::OneAtATime);
    let parts = |row| attempts.parts(care, row, 2, 5);
    assert_eq!(parts(7), [Part::Enters(2..3), Part::SetAside(3), Part::Enters(4..5)]);
    assert_eq!(parts(8), [Part::Enters(2..3), Part::Enters(3..4), Part::Enters(4..5)]);
    assert_eq!(parts(9), [Part::Enters(2..5)]);
}

#[test]
fn attempts_accuse_the_frames_that_they_accused() {
    for format in [1, 2] {
        let folder = tempdir().unwrap();
        let copied = folder.path().join("d");
        copy(&fixture(format, "ended"), &copied);
        accuses_what_it_accused(&copied);
    }
}

#[test]
fn directories_for_a_new_version_can_be_made() {
    let out = std::env::var_os("GOLDEN_OUT").map(PathBuf::from);
    let folder = tempdir().unwrap();
    let out = out.as_deref().unwrap_or(folder.path());
    let path = folder.path().join("d");
    let mut world = World::new(&path, 7, 1);
    for workers in [2, 2] {
        for _ in 0..4 {
            world.journal_some();
            world.checkpoint();
        }
        world.exchange(workers);
    }
    for _ in 0..3 {
        world.journal_some();
        world.checkpoint();
    }
    world.journal_some();
    let expected = text(&world.expected(world.epoch).unwrap());
    world.copy_to(&out.join("killed"));
    fs::write(out.join("killed.txt"), &expected).unwrap();
    drop(world);
    attempt(&path);
    accuses_what_it_accused(&path);
    copy(&path, &out.join("ended"));
    fs::write(out.join("ended.txt"), &expected).unwrap();
    let copied = folder.path().join("copied");
    copy(&out.join("killed"), &copied);
    assert_eq!(text(&recover(&copied).unwrap()), expected);
}
