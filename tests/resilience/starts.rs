//! What a run leaves behind if it is killed while it starts, and what the next start makes of it.

use std::fs;
use std::path::Path;

use tempfile::tempdir;
use wallaroo::core::numbers::Epoch;
use wallaroo::resilience::ResilienceError;

use super::recovered::{Recovered, copy, recover, size, take};
use super::world::World;

#[test]
fn a_run_killed_during_its_first_start_leaves_nothing() {
    let folder = tempdir().unwrap();
    for workers in [1, 3] {
        let mut directory = take(folder.path()).unwrap();
        let mut new = directory.begin_generation(workers).unwrap();
        new.files[0].write(Epoch(0), &[], &[]).unwrap();
        drop((directory, new));
        let recovered = recover(folder.path()).unwrap();
        assert!(recovered.partitions.is_empty() && recovered.positions.is_empty());
    }
    drop(World::new(folder.path(), 1, 1));
    assert_eq!(workers(folder.path()), ["worker-1-0.sqlite"], "what was left is dropped");
}

#[test]
fn a_run_killed_during_a_later_start_has_changed_nothing() {
    let folder = tempdir().unwrap();
    let mut world = World::new(folder.path(), 2, 2);
    world.journal_some();
    world.checkpoint();
    let expected = world.expected(world.epoch).unwrap();
    let mut new = world.directory.begin_generation(3).unwrap();
    new.files[1].write(world.epoch, &[], &[]).unwrap();
    drop((world, new));
    fs::write(folder.path().join("worker-9-0.sqlite"), b"").unwrap();
    for suffix in ["-wal", "-shm", "-journal"] {
        fs::write(folder.path().join(format!("worker-7-0.sqlite{suffix}")), b"x").unwrap();
    }
    assert_eq!(recover(folder.path()).unwrap(), expected);
    assert!(workers(folder.path()).iter().all(|name| name.starts_with("worker-1-")));

    let mut directory = take(folder.path()).unwrap();
    let new = directory.begin_generation(1).unwrap();
    directory.count(new.generation).unwrap();
    let of_new = format!("worker-{}-", new.generation);
    assert!(workers(folder.path()).iter().all(|name| name.starts_with(&of_new)));
}

/// The names of all files of workers, sorted.
fn workers(path: &Path) -> Vec<String> {
    let names = fs::read_dir(path).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.starts_with("worker")).collect();
    names.sort();
    names
}

#[test]
fn starts_that_are_killed_leave_nothing_that_grows() {
    let folder = tempdir().unwrap();
    let (path, at_once) = (folder.path().join("d"), folder.path().join("copy"));
    for counted in [false, true] {
        let expected = recover(&path).unwrap();
        let mut first = (0, 0);
        for start in 0..8 {
            let mut directory = take(&path).unwrap();
            let mut new = directory.begin_generation(2).unwrap();
            new.files[0].write(Epoch(0), &[], &[]).unwrap();
            // As it is if the process dies now.
            let _ = fs::remove_dir_all(&at_once);
            copy(&path, &at_once);
            drop((directory, new));
            fs::remove_dir_all(&path).unwrap();
            copy(&at_once, &path);
            let (files, bytes) = (workers(&path).len(), size(&path));
            if start == 0 {
                first = (files, bytes);
            }
            // A log that was not moved into its file is of a page or two more.
            assert!(files <= first.0 && bytes <= first.1 + 100_000, "{files}, {bytes}: {first:?}");
            assert_eq!(recover(&path).unwrap(), expected);
        }
        if !counted {
            fs::remove_dir_all(&path).unwrap();
            drop(World::new(&path, 4, 2));
        }
    }
}

#[test]
fn where_it_is_not_known_what_counts_nothing_is_removed() {
    let folder = tempdir().unwrap();
    let path = folder.path();
    let mut world = World::new(path, 2, 2);
    world.checkpoint();
    drop(world);
    let before = workers(path);
    for damage in [&b"no database"[..], b"", &[0; 16384]] {
        fs::write(path.join("directory.sqlite"), damage).unwrap();
        take(path).unwrap_err();
        assert_eq!(workers(path), before);
    }
    // It says that none counts, as before the first checkpoint.
    fs::remove_file(path.join("directory.sqlite")).unwrap();
    let other = tempdir().unwrap();
    drop(take(other.path()).unwrap());
    fs::copy(other.path().join("directory.sqlite"), path.join("directory.sqlite")).unwrap();
    let error = take(path).unwrap_err();
    assert!(error.to_string().contains("forgotten which checkpoint counts"), "{error}");
    assert_eq!(workers(path), before);
}

/// A directory with a worker's file as `SQLite` leaves it where the file had no write-ahead log, and the
/// process was killed in the middle of a transaction.
fn with_a_hot_journal(name: &str, to: &Path) -> Recovered {
    let folder = tempdir().unwrap();
    let mut world = World::new(folder.path(), 6, 1);
    for _ in 0..5 {
        world.journal_some();
        world.checkpoint();
    }
    let expected = world.expected(world.epoch).unwrap();
    drop(world);
    let file = rusqlite::Connection::open(folder.path().join(name)).unwrap();
    file.execute_batch(
        "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; PRAGMA synchronous = FULL; BEGIN;
         CREATE TABLE more (bytes BLOB);",
    )
    .unwrap();
    for _ in 0..20 {
        file.execute("INSERT INTO more VALUES (zeroblob(40000))", ()).unwrap();
    }
    copy(folder.path(), to);
    let journal = fs::read(to.join(format!("{name}-journal"))).unwrap();
    assert!(journal.iter().any(|byte| *byte != 0), "the transaction is in the file already");
    expected
}

#[test]
fn a_transaction_that_was_not_finished_is_rolled_back_at_the_next_start() {
    for name in ["worker-1-0.sqlite", "journal.sqlite", "directory.sqlite"] {
        let folder = tempdir().unwrap();
        let expected = with_a_hot_journal(name, folder.path());
        #[cfg(feature = "workbench")]
        assert_eq!(
            wallaroo::resilience::Inspection::of(folder.path()).unwrap().checkpoint.unwrap().epoch,
            expected.epoch,
            "looking needs no start"
        );
        for _ in 0..2 {
            assert_eq!(recover(folder.path()).unwrap(), expected, "{name}");
        }
        let mut directory = take(folder.path()).unwrap();
        let new = directory.begin_generation(1).unwrap();
        directory.count(new.generation).unwrap();
        drop((directory, new));
        let left = workers(folder.path());
        assert!(left.iter().all(|name| !name.starts_with("worker-1-")), "{left:?}");
    }
}

#[test]
fn a_generation_number_is_never_used_twice() {
    let folder = tempdir().unwrap();
    drop(World::new(folder.path(), 3, 1));
    let last = folder.path().join(format!("worker-{}-0.sqlite", u64::MAX));
    fs::write(&last, b"").unwrap();
    let error = take(folder.path()).unwrap().begin_generation(1).unwrap_err();
    assert!(matches!(error, ResilienceError::Damaged { .. }), "{error}");
    // The start has removed the file.
    assert_eq!(take(folder.path()).unwrap().begin_generation(1).unwrap().generation, 2);
}
