//! `inspect`: what is saved, as people and programs read it, also while it is written.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::tempdir;
use wallaroo::Key;
use wallaroo::core::numbers::Epoch;
use wallaroo::core::partitions::saved::{SavedPartition, encode};
use wallaroo::resilience::{
    Checkpoint, Directory, Entry, Inspection, Journal, JournalPosition, Position, SavedState, Slot,
    WorkerFile, journal_positions, open_journal,
};

use super::recovered::take;
use super::support::program::{Ended, run};
use super::support::waiting::within_limit;
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

/// A directory that somebody uses.
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
        json!({"rows": 2, "frames": 4, "bytes": 22, "frames_to_replay": 3})
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
        "\njournal: 1 row, 2 frames, 11 bytes; 1 frame would be replayed\n",
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

#[test]
fn one_picture_is_seen_while_it_is_written() {
    /// How often other workers' files take the place of those before them, while somebody looks.
    const GENERATIONS: u64 = 5;
    let folder = tempdir().unwrap();
    let mut used = Used::new(folder.path(), 3);
    let [stop, looks] = [(); 2].map(|()| Arc::new(AtomicU64::new(0)));
    let (stopped, begun) = (Arc::clone(&stop), Arc::clone(&looks));
    let writer = thread::spawn(move || {
        let (mut epoch, mut seen) = (1, 0);
        while stopped.load(Ordering::Relaxed) == 0 {
            // So much for each look and no more, so that none fails however slow the machine is.
            let now = begun.load(Ordering::Relaxed);
            if now == seen {
                thread::yield_now();
                continue;
            }
            seen = now;
            for _ in 0..10 {
                epoch += 1;
                used.write(epoch, 30);
            }
            let new = used.directory.begin_generation(3).unwrap();
            used.files = new.files;
            used.write(epoch, 30);
            used.directory.count(new.generation).unwrap();
        }
        epoch
    });
    let (mut last, mut generations, mut rounds) = (Epoch(0), BTreeSet::new(), 0);
    while rounds < 60 || (generations.len() as u64) < GENERATIONS {
        assert!(!writer.is_finished());
        rounds += 1;
        looks.fetch_add(1, Ordering::Relaxed);
        let inspection = Inspection::of(folder.path()).unwrap();
        generations.insert(inspection.generation);
        let epoch = inspection.checkpoint.unwrap().epoch;
        assert!(epoch >= last);
        last = epoch;
        assert!(inspection.positions.iter().any(|position| {
            matches!(position, Position::Source { offset, .. } if *offset == epoch.0)
        }));
        let rows: Vec<_> = inspection.partitions("letter state").map(Result::unwrap).collect();
        assert_eq!(rows.len(), 90);
        assert!(rows.iter().all(|row| row.messages == epoch.0), "of one checkpoint");
    }
    stop.store(1, Ordering::Relaxed);
    assert!(Epoch(writer.join().unwrap()) >= last);
}

#[test]
fn other_workers_files_wait_for_who_copies_but_not_for_ever() {
    let folder = tempdir().unwrap();
    let mut used = Used::new(folder.path(), 1);
    let old = folder.path().join("worker-1-0.sqlite");
    let copying = fs::File::open(folder.path().join("reading")).unwrap();
    for ends in [true, false] {
        let generation = used.directory.begin_generation(1).unwrap();
        used.files = generation.files;
        used.write(2, 30);
        copying.lock_shared().unwrap();
        let waiting = thread::spawn(move || {
            used.directory.count(generation.generation).unwrap();
            used
        });
        if ends {
            thread::sleep(Duration::from_millis(300));
            assert!(old.exists(), "it is being copied");
            copying.unlock().unwrap();
        }
        // As if it had been stopped where it does not end.
        used = within_limit("the new generation", || waiting.join().unwrap());
        assert!(!old.exists());
    }
    copying.unlock().unwrap();
    assert_eq!(Inspection::of(folder.path()).unwrap().generation, 3);
}

#[test]
fn what_is_looked_at_is_let_go_before_it_is_printed() {
    let folder = tempdir().unwrap();
    let mut used = Used::new(folder.path(), 1);
    let looked = Inspection::of(folder.path()).unwrap();
    let log = folder.path().join("worker-1-0.sqlite-wal");
    let mut most = 0;
    // Much more than a log keeps.
    for epoch in 2..120 {
        used.write(epoch, 3000);
        most = fs::metadata(&log).unwrap().len().max(most);
    }
    assert!(most < 40 << 20, "a log of {most} bytes");
    assert_eq!(looked.checkpoint.unwrap().epoch, Epoch(1));
    let rows: Vec<_> = looked.partitions("letter state").map(Result::unwrap).collect();
    assert!(rows.len() == 30 && rows.iter().all(|row| row.messages == 1));
}

#[test]
fn who_copies_for_ever_makes_no_log_grow_for_ever() {
    let folder = tempdir().unwrap();
    let mut used = Used::new(folder.path(), 1);
    // As if somebody who copies the files had been stopped.
    let reading = fs::File::open(folder.path().join("reading")).unwrap();
    reading.lock_shared().unwrap();
    let log = folder.path().join("worker-1-0.sqlite-wal");
    let length = || fs::metadata(&log).unwrap().len();
    let mut written = 0;
    for epoch in 2.. {
        let before = length();
        used.write(epoch, 20_000);
        if epoch == 40 {
            assert!(length() > 30 << 20, "it is put off");
        }
        written += length().saturating_sub(before);
        // It has begun anew.
        if length() <= before {
            break;
        }
        assert!(length() < 300 << 20, "a log of {} bytes", length());
    }
    assert!(written > 200 << 20);
}

#[test]
fn no_other_program_can_hold_up_a_run_or_make_its_logs_grow() {
    const FOLDER: &str = "RESILIENCE_FOLDER";
    let folder = tempdir().unwrap();
    let name = "inspecting::no_other_program_can_hold_up_a_run_or_make_its_logs_grow";
    if let Some(path) = std::env::var_os(FOLDER) {
        for name in ["journal.sqlite", "worker-1-0.sqlite", "directory.sqlite"] {
            let file = rusqlite::Connection::open(Path::new(&path).join(name)).unwrap();
            file.busy_timeout(Duration::from_millis(10)).unwrap();
            for open in ["BEGIN IMMEDIATE", "SELECT count(*) FROM sqlite_schema"] {
                let error = file.query_row(open, (), |_| Ok(())).unwrap_err();
                assert!(error.to_string().contains("locked"), "{error}");
            }
        }
        return;
    }
    let mut used = Used::new(folder.path(), 1);
    let shell = format!("{FOLDER}='{}' exec \"$@\"", folder.path().display());
    let inner = super::in_a_process_of_its_own(name, &shell).unwrap();
    assert!(inner.status.success(), "{inner:?}");
    used.write(2, 30);
}

#[test]
fn a_copy_that_may_only_be_read_is_looked_at_and_left_as_it_is() {
    let folder = tempdir().unwrap();
    let (path, killed) = (folder.path().join("d"), folder.path().join("killed"));
    let used = Used::new(&path, 2);
    super::recovered::copy(&path, &killed);
    drop(used);
    for path in [path, killed] {
        let entries = || fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
        for file in entries() {
            fs::set_permissions(file, fs::Permissions::from_mode(0o400)).unwrap();
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o500)).unwrap();
        let seen = || entries().map(|file| (fs::read(&file).unwrap(), file)).collect::<Vec<_>>();
        let before = seen();
        let ended = inspect(&path, &["--json"]);
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
        let found: Value = serde_json::from_slice(&ended.stdout).unwrap();
        assert_eq!(found["partitions"].as_array().unwrap().len(), 60);
        assert!(seen() == before, "nothing is made or changed");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    }
}
