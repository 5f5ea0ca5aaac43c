//! Whose a directory is, and what a run leaves that was killed while it started.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tempfile::tempdir;
use wallaroo::core::numbers::Epoch;
use wallaroo::resilience::{Checkpoint, Directory, Durability, ResilienceError, open_journal};

use super::in_a_process_of_its_own;
use super::world::{World, copy, recover, take};

#[test]
fn a_directory_has_one_user_at_a_time() {
    let folder = tempdir().unwrap();
    let first = take(folder.path()).unwrap();
    assert!(matches!(take(folder.path()), Err(ResilienceError::InUse { .. })));
    drop(first);
    take(folder.path()).unwrap();
}

#[test]
fn another_process_finds_a_directory_in_use() {
    const FOLDER: &str = "RESILIENCE_FOLDER";
    if let Some(path) = std::env::var_os(FOLDER) {
        let error = take(path.as_ref()).unwrap_err();
        assert!(matches!(error, ResilienceError::InUse { .. }), "{error}");
        return;
    }
    let folder = tempdir().unwrap();
    let _first = take(folder.path()).unwrap();
    let shell = format!("{FOLDER}='{}' exec \"$@\"", folder.path().display());
    let name = "directories::another_process_finds_a_directory_in_use";
    let inner = in_a_process_of_its_own(name, &shell).unwrap();
    assert!(inner.status.success(), "{inner:?}");
}

#[test]
fn a_directory_of_another_application_is_refused() {
    let folder = tempdir().unwrap();
    drop(take(folder.path()).unwrap());
    let error = Directory::take(folder.path(), "other", Durability::Process).unwrap_err();
    assert!(error.to_string().contains("belongs to application `test`, not to `other`"), "{error}");
    take(folder.path()).unwrap();
}

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
    let names = fs::read_dir(folder.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut workers: Vec<_> = names.filter(|name| name.starts_with("worker")).collect();
    workers.sort();
    assert_eq!(workers, ["worker-3-0.sqlite"], "what was left is dropped");
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
    assert_eq!(recover(folder.path()).unwrap(), expected);

    let mut directory = take(folder.path()).unwrap();
    let new = directory.begin_generation(1).unwrap();
    assert_eq!(new.generation, 10);
    directory.count(10).unwrap();
    let names = fs::read_dir(folder.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.filter(|name| name.starts_with("worker")).all(|name| name.contains("-10-")));
}

#[test]
fn what_is_no_directory_is_refused() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"x").unwrap();
    let error = take(&file).unwrap_err();
    assert!(error.to_string().contains("cannot use"), "{error}");
    fs::write(folder.path().join("directory.sqlite"), vec![b'x'; 9000]).unwrap();
    let error = take(folder.path()).unwrap_err();
    assert!(matches!(error, ResilienceError::Damaged { .. }), "{error}");
}

#[test]
fn files_of_another_version_are_refused() {
    let folder = tempdir().unwrap();
    drop(World::new(folder.path(), 1, 1));
    for name in ["journal.sqlite", "worker-1-0.sqlite", "directory.sqlite"] {
        let file = rusqlite::Connection::open(folder.path().join(name)).unwrap();
        file.execute_batch("PRAGMA user_version = 2").unwrap();
        drop(file);
        let error = recover(folder.path()).unwrap_err();
        assert!(error.to_string().contains("has version 2 of the format"), "{error}");
    }
}

#[test]
fn a_directory_without_permission_is_refused_in_words() {
    const FOLDER: &str = "RESILIENCE_FOLDER";
    if let Some(path) = std::env::var_os(FOLDER) {
        let path = std::path::Path::new(&path);
        if fs::write(path.join("closed/probe"), b"").is_ok() {
            return; // Root, and nobody else to be: permissions mean nothing here.
        }
        for name in ["closed", "read-only", "used", "new/one"] {
            let error = take(&path.join(name)).unwrap_err();
            assert!(matches!(error, ResilienceError::System { .. }), "{error}");
            assert!(error.to_string().contains("cannot use"), "{error}");
        }
        return;
    }
    let folder = tempdir().unwrap();
    for (name, mode) in [("closed", 0o000), ("read-only", 0o555), ("used", 0o555), ("new", 0o555)] {
        let path = folder.path().join(name);
        fs::create_dir(&path).unwrap();
        if name == "used" {
            drop(World::new(&path, 1, 1));
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // Root may do everything; so it becomes nobody, where there is a way.
    let shell = format!(
        "export {FOLDER}='{}'; if [ $(id -u) = 0 ] && command -v setpriv >/dev/null; then
         exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"; else exec \"$@\"; fi",
        folder.path().display()
    );
    let name = "directories::a_directory_without_permission_is_refused_in_words";
    let inner = in_a_process_of_its_own(name, &shell).unwrap();
    for name in ["closed", "read-only", "used", "new"] {
        let path = folder.path().join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert!(inner.status.success(), "{inner:?}");
}

#[test]
fn files_of_another_directory_are_refused() {
    let (one, other) = (tempdir().unwrap(), tempdir().unwrap());
    for folder in [&one, &other] {
        let mut world = World::new(folder.path(), 3, 2);
        for _ in 0..3 {
            world.journal_some();
            world.checkpoint();
        }
        world.journal_some();
    }
    for names in
        [&["worker-1-0.sqlite"][..], &["worker-1-1.sqlite"], &["journal.sqlite", "journal.tail"]]
    {
        let mixed = tempdir().unwrap();
        copy(one.path(), mixed.path());
        recover(mixed.path()).unwrap();
        for name in names {
            fs::copy(other.path().join(name), mixed.path().join(name)).unwrap();
        }
        let error = recover(mixed.path()).unwrap_err();
        assert!(matches!(error, ResilienceError::Damaged { .. }), "{error}");
    }
}

#[test]
fn what_survives_the_machine_comes_back_like_the_rest() {
    let folder = tempdir().unwrap();
    for _ in 0..2 {
        let mut directory = Directory::take(folder.path(), "test", Durability::Power).unwrap();
        let checkpoint = Checkpoint::find(&directory).unwrap();
        open_journal(&directory, &checkpoint).unwrap();
        let mut new = directory.begin_generation(1).unwrap();
        new.files[0].write(checkpoint.epoch.next(), &[], &[]).unwrap();
        directory.count(new.generation).unwrap();
    }
    assert_eq!(recover(folder.path()).unwrap().epoch, Epoch(2));
}
