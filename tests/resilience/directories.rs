//! Who may use a directory and read its files, and which directories are refused.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::tempdir;
use wallaroo::core::numbers::Epoch;
use wallaroo::resilience::{Checkpoint, Directory, Durability, ResilienceError, open_journal};

use super::in_a_process_of_its_own;
use super::recovered::{copy, recover, take};
use super::world::World;

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
        file.execute_batch("PRAGMA user_version = 3").unwrap();
        drop(file);
        let error = recover(folder.path()).unwrap_err();
        assert!(error.to_string().contains("has version 3 of the format"), "{error}");
    }
}

#[test]
fn a_directory_without_permission_is_refused_in_words() {
    const FOLDER: &str = "RESILIENCE_FOLDER";
    if let Some(path) = std::env::var_os(FOLDER) {
        let path = Path::new(&path);
        if fs::write(path.join("closed/probe"), b"").is_ok() {
            return; // Root, and no other user to be: permissions mean nothing here.
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
    // Root may do everything, so it becomes the user `nobody`, if it can.
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
