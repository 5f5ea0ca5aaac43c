//! Damaged recordings: an error, or exactly what was written.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rusqlite::Connection;
use tempfile::{TempDir, tempdir};

use super::model::{Mistake, Model, World, crew, saved_states, take};
use crate::core::numbers::Epoch;
use crate::core::replay::recording::Base;
use crate::resilience::ResilienceError;
use crate::resilience::history::{Bound, Recording};

/// A recording with a base, pending changes and chapters.
struct Story {
    _folder: TempDir,
    model: Model,
    /// Its file, whole.
    closed: Vec<u8>,
    /// The files of the directory, as if the run had been killed.
    killed: Vec<(String, Vec<u8>)>,
    last: Epoch,
}

static STORY: LazyLock<Story> = LazyLock::new(|| {
    let folder = tempdir().unwrap();
    let mut runner = TestRunner::deterministic();
    let partitions = vec(saved_states(), 3).new_tree(&mut runner).unwrap().current().concat();
    let bound = Bound { max_age: None, max_bytes: Some(30_000) };
    let base = Base { epoch: Epoch(1), partitions };
    let mut world = World::new(folder.path(), bound, &base);
    for _ in 0..12 {
        let what = (crew(), saved_states()).new_tree(&mut runner).unwrap().current();
        world.try_append(what.0, &what.1).unwrap();
    }
    let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let killed = files.map(|path| (name(&path), fs::read(path).unwrap())).collect();
    let World { history, model, last, .. } = world;
    drop(history);
    let closed = fs::read(folder.path().join("history.sqlite")).unwrap();
    Story { _folder: folder, model, closed, killed, last }
});

/// Whether a file with these bytes says that it is damaged, or holds all that was written.
fn holds_or_says(bytes: &[u8]) -> Result<(), String> {
    let folder = tempdir().unwrap();
    let path = folder.path().join("recording.sqlite");
    fs::write(&path, bytes).unwrap();
    match Recording::open(&path) {
        Ok(recording) => match STORY.model.holds(&recording) {
            Ok(()) if recording.last() == STORY.last => Ok(()),
            Ok(()) => Err("its last chapters are missing".to_owned()),
            Err(Mistake::Error(error)) => says(&error),
            Err(Mistake::Different(what)) => Err(format!("{what} is another one")),
        },
        Err(error) => says(&error),
    }
}

fn says(error: &ResilienceError) -> Result<(), String> {
    let text = error.to_string();
    if text.contains('\n') || text.len() < 40 { Err(text) } else { Ok(()) }
}

/// A byte of the file that is not zero: most of the others are in no row.
fn in_use(at: prop::sample::Index) -> usize {
    let used: Vec<usize> = (0..STORY.closed.len()).filter(|at| STORY.closed[*at] != 0).collect();
    used[at.index(used.len())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_file_with_a_changed_bit_is_found_out(at: prop::sample::Index, bit in 0..8, used: bool) {
        let at = if used { in_use(at) } else { at.index(STORY.closed.len()) };
        let mut bytes = STORY.closed.clone();
        bytes[at] ^= 1_u8 << bit;
        holds_or_says(&bytes).map_err(|wrong| TestCaseError::fail(format!("byte {at}: {wrong}")))?;
    }

    #[test]
    fn a_file_that_is_cut_is_found_out(at: prop::sample::Index) {
        let length = at.index(STORY.closed.len());
        holds_or_says(&STORY.closed[..length]).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn pages_that_are_zero_or_those_of_others_are_found_out(one: prop::sample::Index, other: prop::sample::Index, zero: bool) {
        const PAGE: usize = 16 * 1024;
        let pages = STORY.closed.len() / PAGE;
        let (one, other) = (one.index(pages) * PAGE, other.index(pages) * PAGE);
        let mut bytes = STORY.closed.clone();
        if zero {
            bytes[one..one + PAGE].fill(0);
        } else {
            bytes.copy_within(other..other + PAGE, one);
        }
        holds_or_says(&bytes).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn a_damaged_log_of_a_killed_run_gives_an_earlier_moment_or_an_error(at: prop::sample::Index, cut: bool) {
        let folder = tempdir().unwrap();
        for (name, bytes) in &STORY.killed {
            let mut bytes = bytes.clone();
            if name == "history.sqlite-wal" {
                let at = at.index(bytes.len());
                if cut { bytes.truncate(at) } else { bytes[at] ^= 1 }
            }
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let wrong = match Recording::open(folder.path()) {
            Ok(recording) => match STORY.model.holds(&recording) {
                Ok(()) => Ok(()),
                Err(Mistake::Error(error)) => says(&error),
                Err(Mistake::Different(what)) => Err(what),
            },
            Err(error) => says(&error),
        };
        wrong.map_err(TestCaseError::fail)?;
    }
}

/// The file of the story after these statements.
fn changed(statements: &str) -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("recording.sqlite");
    fs::write(&path, &STORY.closed).unwrap();
    Connection::open(&path).unwrap().execute_batch(statements).unwrap();
    (folder, path)
}

#[test]
fn the_whole_file_holds_what_was_written() {
    holds_or_says(&STORY.closed).unwrap();
    let (_folder, path) = changed("");
    let recording = Recording::open(&path).unwrap();
    STORY.model.holds(&recording).unwrap();
    assert!(recording.first() > Epoch(1), "it was trimmed");
}

#[test]
fn every_row_that_is_missing_is_found_out() {
    for table in ["recording", "extent", "base", "chapter", "log", "change"] {
        for end in ["min", "max"] {
            let row = if table == "base" { "key" } else { "rowid" };
            let (_folder, path) = changed(&format!(
                "DELETE FROM {table} WHERE {row} = (SELECT {end}({row}) FROM {table})"
            ));
            let mistake = match Recording::open(&path) {
                Err(error) => error,
                Ok(recording) => match STORY.model.holds(&recording) {
                    Err(Mistake::Error(error)) => error,
                    other => panic!("{end} of {table}: {other:?}"),
                },
            };
            assert!(matches!(mistake, ResilienceError::DamagedRecording { .. }), "{mistake}");
        }
    }
}

#[test]
fn a_chapter_that_is_missing_is_named() {
    let (_folder, path) =
        changed("DELETE FROM chapter WHERE epoch = (SELECT max(epoch) FROM chapter) - 1");
    let error = Recording::open(&path).unwrap_err().to_string();
    assert!(error.contains(&format!("checkpoint {} is missing", STORY.last.0 - 1)), "{error}");
}

#[test]
fn other_files_are_refused_with_what_they_are() {
    let folder = tempdir().unwrap();
    let refused = |path: &Path, why: &str| {
        let error = Recording::open(path).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    };
    let path = folder.path().join("text");
    refused(&path, "it does not exist");
    fs::write(&path, "some text that is long enough to be no header of a database").unwrap();
    refused(&path, "is no recording: it is no file of a history");
    let path = folder.path().join("empty");
    fs::write(&path, "").unwrap();
    refused(&path, "is no recording: it is no file of a history");
    refused(folder.path(), "so it is no resilience directory");
    let directory = folder.path().join("directory");
    drop(take(&directory));
    refused(&directory, "run with --history");
    refused(&directory.join("directory.sqlite"), "it is another file of a resilience directory");
    let (_folder, path) = changed("PRAGMA user_version = 3");
    refused(&path, "has version 3 of the format, and this program knows version 2");
    let (_folder, path) = changed("PRAGMA application_id = 7");
    refused(&path, "is no recording: it is no file of a history");
}
