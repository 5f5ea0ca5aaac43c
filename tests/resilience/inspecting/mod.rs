//! `inspect`: what is saved, as people and programs read it.

mod in_use;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::tempdir;
use wallaroo::Key;
use wallaroo::core::numbers::Epoch;
use wallaroo::core::partitions::saved::{SavedPartition, encode};
use wallaroo::resilience::{
    Checkpoint, Directory, Entry, Journal, JournalPosition, Position, SavedState, Slot, WorkerFile,
    journal_positions, open_journal,
};

use super::recovered::take;
use super::support::program::{Ended, run};
use super::world::{frames, pipeline};

fn inspect(path: &Path, more: &[&str]) -> Ended {
    run(["inspect", path.to_str().unwrap()].iter().chain(more))
}

/// Partitions of a worker with this many messages each.
fn saved(worker: u64, count: u32, messages: u64) -> Vec<SavedState> {
    let partition = |place| SavedPartition {
        place,
        key: Key::from(format!("{place:04}\n{worker}")),
        dynamic: place % 2 == 0,
        messages,
        poisoned: place == 1,
        value: encode(&std::collections::BTreeMap::from([("votes".to_owned(), messages)])).unwrap(),
    };
    vec![(Arc::from("letter state"), (0..count).map(partition).collect())]
}

fn positions(epoch: u64, row: u64) -> Vec<Position> {
    let (pipeline, endpoint) = (pipeline(), "file:\u{1b}in".to_owned());
    vec![
        Position::Source { pipeline: pipeline.clone(), endpoint, offset: epoch },
        Position::Journal { pipeline, slot: Slot(5), at: JournalPosition { row, frames: 1 } },
    ]
}

/// A directory in use.
struct Used {
    directory: Directory,
    journal: Journal,
    files: Vec<WorkerFile>,
}

impl Used {
    fn new(path: &Path, workers: u64) -> Self {
        let mut directory = take(path).unwrap();
        let journal = open_journal(&directory, &Checkpoint::default()).unwrap();
        let new = directory.begin_generation(workers).unwrap();
        let mut used = Self { directory, journal, files: new.files };
        used.write(1, 30);
        used.directory.count(new.generation).unwrap();
        used
    }

    fn write(&mut self, epoch: u64, count: u32) {
        let row = self.append();
        let positions = positions(epoch, row);
        for (worker, file) in (0..).zip(&mut self.files) {
            let positions: &[Position] = if worker == 0 { &positions } else { &[] };
            file.write(Epoch(epoch), &saved(worker, count, epoch), positions).unwrap();
        }
        self.journal.trim(&journal_positions(&positions)).unwrap();
    }

    /// Two frames.
    fn append(&mut self) -> u64 {
        let (pipeline, frames) = (pipeline(), frames(&[b"x".to_vec(), b"yz".to_vec()]));
        let entry = Entry { pipeline: &pipeline, slot: Slot(5), frames: &frames };
        self.journal.append(&[entry]).unwrap()
    }
}

#[test]
fn all_that_is_saved_is_one_object() {
    let folder = tempdir().unwrap();
    let mut used = Used::new(folder.path(), 2);
    used.write(7, 30);
    used.append();
    let ended = inspect(folder.path(), &["--json"]);
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    let found: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(found["application"], "test");
    assert_eq!((&found["format"], &found["generation"]), (&json!(1), &json!(1)));
    assert_eq!(found["checkpoint"]["epoch"], 7);
    assert_eq!(found["checkpoint"]["workers"], 2);
    assert!(found["checkpoint"]["saved_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(
        found["positions"],
        json!([
            {"kind": "source", "pipeline": "votes", "endpoint": "file:\u{1b}in", "offset": 7},
            {"kind": "journal", "pipeline": "votes", "slot": 5, "at": {"row": 2, "frames": 1}},
        ])
    );
    assert_eq!(
        found["journal"],
        json!({"format": 2, "rows": 2, "frames": 4, "bytes": 22, "frames_to_replay": 3})
    );
    let files = found["files"].as_array().unwrap();
    assert!(files.iter().any(|file| file["name"] == "worker-1-1.sqlite"));
    let partitions = found["partitions"].as_array().unwrap();
    assert_eq!(partitions.len(), 60);
    let expected = r#"{"state":"letter state","key":"0001\\x0a1","worker":1,"dynamic":false,"messages":7,"poisoned":true,"value":{"votes":7}}"#;
    assert_eq!(partitions[3].to_string(), expected);
    let keys: Vec<_> = partitions.iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert!(keys.is_sorted());
}

#[test]
fn people_see_the_first_partitions_and_how_many_more() {
    let folder = tempdir().unwrap();
    let _used = Used::new(folder.path(), 1);
    let ended = inspect(folder.path(), &[]);
    let text = String::from_utf8(ended.stdout).unwrap();
    assert_eq!(ended.code, Some(0));
    assert!(
        text.starts_with(
            "application test, generation 1, format 1\ncheckpoint 1 of 1 worker, saved 2"
        ),
        "{text}"
    );
    for expected in [
        "\nletter state: 30 partitions\n  key        worker  messages            state\n",
        "\n  0001\\x0a0  0       1         poisoned  {\"votes\":1}\n",
        "\n  ... and 10 more; --json prints all\n",
        "\n  votes  source   file:\\x1bin  read up to byte 1\n",
        "\n  votes  journal  slot 5       taken up to row 1, 1 frame of it\n",
        "\njournal: format 2, 1 row, 2 frames, 11 bytes; 1 frame would be replayed\n",
    ] {
        assert!(text.contains(expected), "{expected:?} in\n{text}");
    }
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn a_directory_without_a_checkpoint_says_so() {
    let folder = tempdir().unwrap();
    drop(take(folder.path()).unwrap());
    let ended = inspect(folder.path(), &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(String::from_utf8(ended.stdout).unwrap().contains("\nno checkpoint yet\n"));
    let ended = inspect(folder.path(), &["--json"]);
    assert_eq!(serde_json::from_slice::<Value>(&ended.stdout).unwrap()["checkpoint"], Value::Null);
}

#[test]
fn what_cannot_be_read_is_one_line_and_a_failure() {
    let folder = tempdir().unwrap();
    let path = folder.path();
    let refused = |expected: &str| {
        for more in [&[][..], &["--json"]] {
            let ended = inspect(path, more);
            assert_eq!(ended.code, Some(1), "{expected}");
            assert!(ended.stdout.is_empty());
            assert!(ended.stderr.contains(expected), "{}", ended.stderr);
            assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        }
    };
    refused("it is no resilience directory");
    assert_eq!(inspect(&path.join("nothing"), &[]).code, Some(1));
    assert_eq!(fs::read_dir(path).unwrap().count(), 0, "nothing is made");

    drop(Used::new(path, 2));
    let worker = path.join("worker-1-1.sqlite");
    let whole = fs::read(&worker).unwrap();
    fs::write(&worker, &whole[..whole.len() / 2]).unwrap();
    refused("is damaged");
    fs::write(&worker, whole).unwrap();
    let file = rusqlite::Connection::open(path.join("directory.sqlite")).unwrap();
    file.execute_batch("PRAGMA user_version = 9").unwrap();
    drop(file);
    refused("has version 9 of the format, and this program knows version 1");
    fs::write(path.join("directory.sqlite"), "no database").unwrap();
    refused("directory.sqlite");
}
