//! Whose a directory is, and what a run leaves that was killed while it started.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::tempdir;
use wallaroo::core::numbers::Epoch;
use wallaroo::resilience::{Checkpoint, Directory, Durability, ResilienceError, open_journal};

use super::in_a_process_of_its_own;
use super::world::{Recovered, World, copy, recover, size, take};

#[test]
fn a_directory_has_one_user_at_a_time() {
    let folder = tempdir().unwrap();
    let first = take(folder.path()).unwrap();
    assert!(matches!(take(folder.path()), Err(ResilienceError::InUse { .. })));
    drop(first);
    take(folder.path()).unwrap();
}

#[test]
fn a_directory_is_in_use_until_its_journal_is_closed() {
    let folder = tempdir().unwrap();
    let first = take(folder.path()).unwrap();
    let journal = open_journal(&first, &Checkpoint::default()).unwrap();
    drop(first);
    assert!(matches!(take(folder.path()), Err(ResilienceError::InUse { .. })));
    drop(journal);
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
    assert_eq!(workers, ["worker-1-0.sqlite"], "what was left is dropped");
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

/// The names of all files of workers.
fn workers(path: &Path) -> Vec<String> {
    let names = fs::read_dir(path).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("worker")).collect()
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
        let names = fs::read_dir(folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let left: Vec<_> = names.filter(|name| name.starts_with("worker-1-")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn everything_is_for_its_owner_alone() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("one/two");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let private = |path: &Path| {
        let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        let modes: Vec<_> = entries.map(|entry| (mode(&entry), entry)).collect();
        assert!(modes.iter().all(|(mode, _)| *mode == 0o600), "{modes:?}");
        modes.len()
    };
    let mut world = World::new(&path, 1, 2);
    world.journal_some();
    world.checkpoint();
    // While it is used, with the logs.
    assert!(private(&path) >= 9);
    assert_eq!((mode(&path), mode(&folder.path().join("one"))), (0o700, 0o700));
    drop(world);
    private(&path);

    // One of an earlier program.
    for entry in fs::read_dir(&path).unwrap() {
        fs::set_permissions(entry.unwrap().path(), fs::Permissions::from_mode(0o644)).unwrap();
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    drop(take(&path).unwrap());
    private(&path);
    assert_eq!(mode(&path), 0o700);

    // One that holds other things, too, and that others are to use.
    fs::write(path.join("other"), b"").unwrap();
    fs::set_permissions(path.join("other"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    drop(take(&path).unwrap());
    assert_eq!((mode(&path), mode(&path.join("other"))), (0o755, 0o644));
}

#[test]
fn what_the_machine_lost_is_not_called_damaged() {
    let folder = tempdir().unwrap();
    let path = folder.path();
    let mut world = World::new(path, 2, 2);
    world.journal_some();
    world.checkpoint();
    drop(world);
    let lock = path.join("lock");
    let written = fs::read_to_string(&lock).unwrap();
    let Some(boot) = written.strip_prefix("process ") else { panic!("{written:?}") };
    let losses: [(&str, &[u8]); 4] = [
        ("directory.sqlite", b""),
        ("worker-1-1.sqlite", b""),
        ("journal.sqlite", &[0; 16384]),
        ("worker-1-0.sqlite", &[0; 16384]),
    ];
    for (name, lost) in losses {
        let whole = fs::read(path.join(name)).unwrap();
        fs::write(path.join(name), lost).unwrap();
        fs::write(
            &lock,
            "process of another start of the machine
",
        )
        .unwrap();
        for _ in 0..2 {
            let error = recover(path).unwrap_err();
            assert!(matches!(error, ResilienceError::MachineStopped { .. }), "{error}");
            let said = error.to_string();
            for part in [name, "the machine stopped", "copy the directory", "--durability power"] {
                assert!(said.contains(part), "{part} in {said}");
            }
        }
        for other in [
            format!("process {boot}"),
            "power of another start
"
            .to_owned(),
        ] {
            fs::write(&lock, other).unwrap();
            let error = recover(path).unwrap_err();
            assert!(matches!(error, ResilienceError::Damaged { .. }), "{error}");
            assert!(!error.to_string().contains("remove"), "{error}");
        }
        fs::write(path.join(name), whole).unwrap();
    }
    recover(path).unwrap();
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
        let path = Path::new(&path);
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
