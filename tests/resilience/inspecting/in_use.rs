//! `inspect` beside a run that writes, and a run beside programs that read.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::tempdir;
use wallaroo::core::numbers::Epoch;
use wallaroo::resilience::{Inspection, Position};

use super::{Used, inspect};
use crate::support::waiting::within_limit;

#[test]
fn one_picture_is_seen_while_it_is_written() {
    /// How often other workers' files take the place of those before them, during a look.
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
    while rounds < 25 || (generations.len() as u64) < GENERATIONS {
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
        // As if it had been stopped, and never ended.
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
    for epoch in 2..60 {
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
    // As if a process that copies the files had been stopped.
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
    let name = "inspecting::in_use::no_other_program_can_hold_up_a_run_or_make_its_logs_grow";
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
    let inner = crate::in_a_process_of_its_own(name, &shell).unwrap();
    assert!(inner.status.success(), "{inner:?}");
    used.write(2, 30);
}

#[test]
fn a_copy_that_may_only_be_read_is_looked_at_and_left_as_it_is() {
    let folder = tempdir().unwrap();
    let (path, killed) = (folder.path().join("d"), folder.path().join("killed"));
    let used = Used::new(&path, 2);
    crate::recovered::copy(&path, &killed);
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
