//! A directory that is emptied has all that was saved or nothing, whenever the process is killed.

use std::fs;
use std::path::Path;

use tempfile::tempdir;
use wallaroo::core::numbers::Epoch;
use wallaroo::resilience::{ResilienceError, empty_directory};

use super::recovered::{copy, recover, take};
use super::world::World;

/// The files of a directory, in the order of their names.
fn files(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// Asserts that a start finds nothing, and that the directory can be used.
fn assert_empty(path: &Path, what: &str) {
    assert!(take(path).unwrap().is_new(), "{what}");
    let found = recover(path).unwrap();
    assert_eq!((found.epoch, found.partitions.len()), (Epoch(0), 0), "{what}");
    assert!(found.positions.is_empty() && found.replayed.is_empty(), "{what}");
}

/// A directory of a run that has ended in the middle of its work.
fn used(path: &Path) {
    let mut world = World::new(&path.join("world"), 1, 2);
    world.journal_some();
    world.checkpoint();
    world.journal_some();
    world.copy_to(&path.join("used"));
}

#[test]
fn nothing_but_the_locks_is_left() {
    let folder = tempdir().unwrap();
    used(folder.path());
    let path = folder.path().join("used");
    assert!(recover(&path).unwrap().epoch > Epoch(0));
    empty_directory(&path).unwrap();
    assert_eq!(files(&path), ["lock", "reading"]);
    assert_empty(&path, "emptied");
}

#[test]
fn a_process_that_is_killed_while_it_empties_leaves_all_or_nothing() {
    let folder = tempdir().unwrap();
    used(folder.path());
    let path = folder.path().join("used");
    let before = recover(&path).unwrap();
    assert!(before.epoch > Epoch(0));
    // Without the mark nothing is removed; with it, any of the files may be gone.
    let names = files(&path);
    let removable: Vec<&String> =
        names.iter().filter(|name| !["lock", "reading"].contains(&name.as_str())).collect();
    assert!(removable.len() >= 5, "{names:?}");
    for gone in 0..1_u32 << removable.len() {
        let killed = folder.path().join("killed");
        copy(&path, &killed);
        fs::write(killed.join("emptying"), b"").unwrap();
        for (at, name) in removable.iter().enumerate() {
            if gone & (1 << at) != 0 {
                fs::remove_file(killed.join(name)).unwrap();
            }
        }
        assert_empty(&killed, &format!("without {gone:b} of {removable:?}"));
        assert!(!files(&killed).contains(&"emptying".to_owned()));
        fs::remove_dir_all(killed).unwrap();
    }
    assert_eq!(recover(&path).unwrap().partitions, before.partitions);
}

#[test]
fn a_directory_that_is_in_use_is_not_emptied() {
    let folder = tempdir().unwrap();
    let _taken = take(folder.path()).unwrap();
    let before = files(folder.path());
    assert!(matches!(empty_directory(folder.path()), Err(ResilienceError::InUse { .. })));
    assert_eq!(files(folder.path()), before);
}

#[cfg(feature = "workbench")]
#[test]
fn inspect_says_of_a_directory_that_is_being_emptied_that_nothing_is_in_it() {
    let folder = tempdir().unwrap();
    used(folder.path());
    let path = folder.path().join("used");
    fs::write(path.join("emptying"), b"").unwrap();
    let error = wallaroo::resilience::Inspection::of(&path).unwrap_err();
    assert!(error.to_string().contains("it was reset"), "{error}");
}
