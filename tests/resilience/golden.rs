//! Directories of format 1 as the program of commit b8378a9 made them: every later program must give
//! back exactly what they hold.
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
use wallaroo::resilience::{Attempts, Care, Part, Unit};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/format-1").join(name)
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

fn holds_what_it_held(name: &str) {
    let folder = tempdir().unwrap();
    let copied = folder.path().join("d");
    copy(&fixture(name), &copied);
    let expected = fs::read_to_string(fixture(&format!("{name}.txt"))).unwrap();
    assert!(expected.contains("replay ") && expected.contains("poisoned=true"));
    assert_eq!(text(&recover(&copied).unwrap()), expected);
    // Recovery changes nothing of it.
    assert_eq!(text(&recover(&copied).unwrap()), expected);
}

#[test]
fn a_killed_directory_of_format_1_gives_back_what_it_held() {
    holds_what_it_held("killed");
}

#[test]
fn an_ended_directory_of_format_1_gives_back_what_it_held() {
    holds_what_it_held("ended");
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
fn attempts_of_format_1_accuse_the_frames_that_they_accused() {
    let folder = tempdir().unwrap();
    let copied = folder.path().join("d");
    copy(&fixture("ended"), &copied);
    accuses_what_it_accused(&copied);
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
