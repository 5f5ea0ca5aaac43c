//! A disk that is full: the write fails in words, and what was saved before comes back.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::tempdir;
use wallaroo::resilience::{Checkpoint, Entry, ResilienceError, Slot, open_journal};

use super::in_a_process_of_its_own;
use super::recovered::{copy, recover, take};
use super::world::{World, frames, pipeline};

const FOLDER: &str = "RESILIENCE_FOLDER";

#[test]
fn a_full_disk_loses_nothing_that_was_saved() {
    let name = "disk_full::a_full_disk_loses_nothing_that_was_saved";
    if let Some(path) = std::env::var_os(FOLDER) {
        return fill(PathBuf::from(path));
    }
    let folder = tempdir().unwrap();
    // A small disk that only this process sees.
    let shell = format!(
        "export {FOLDER}='{0}'; exec unshare --map-root-user --mount sh -c '
         mount -t tmpfs -o size=2m none \"{0}\" || exit 77; exec \"$@\"' sh \"$@\" || exit 77",
        folder.path().display()
    );
    let inner = in_a_process_of_its_own(name, &shell).unwrap();
    match inner.status.code() {
        Some(0) => assert!(String::from_utf8_lossy(&inner.stdout).contains("1 passed")),
        Some(77 | 126 | 127) | None => println!("skipped: no small disk can be mounted here"),
        Some(1) if String::from_utf8_lossy(&inner.stderr).contains("unshare") => {
            println!("skipped: no small disk can be mounted here");
        }
        Some(_) => panic!("{inner:?}"),
    }
}

fn fill(path: PathBuf) {
    let path = path.join("d");
    let mut world = World::new(&path, 5, 1);
    for _ in 0..5 {
        world.journal_some();
        world.checkpoint();
    }
    let before = world.expected(world.epoch).unwrap();
    let filler = path.with_file_name("filler");
    // Another file takes all but a little.
    let mut size = 2 << 20;
    while size > 0 && fs::write(&filler, vec![0; size]).is_err() {
        size -= 4096;
    }
    let mut refused = 0;
    world.epoch = world.epoch.next();
    for _ in 0..20 {
        let changed = world.change();
        if let Err(error) = world.write(changed, usize::MAX) {
            assert!(matches!(error, ResilienceError::System { .. }), "{error}");
            assert!(error.to_string().contains("the disk is full"), "{error}");
            refused += 1;
            break;
        }
        world.epoch = world.epoch.next();
    }
    assert_eq!(refused, 1, "the disk was not full");
    let whole = world.epoch.0 - 1;
    let expected = if whole == before.epoch.0 {
        before
    } else {
        world.expected(wallaroo::core::numbers::Epoch(whole)).unwrap()
    };
    let kept = tempdir().unwrap();
    copy(&path, kept.path());
    assert_eq!(recover(kept.path()).unwrap(), expected, "as if it had been killed");

    // With room again, the same run could go on.
    fs::remove_file(&filler).unwrap();
    world.write(Vec::new(), usize::MAX).unwrap();
    drop(world);
    recover(&path).unwrap();
    journal(&path.with_file_name("journal"));
}

/// Rows that a full disk has torn are written again when there is room.
fn journal(path: &Path) {
    let directory = take(path).unwrap();
    let mut journal = open_journal(&directory, &Checkpoint::default()).unwrap();
    let name = pipeline();
    let mut append = |payload: &[u8], count: usize| {
        let frames = frames(&vec![payload.to_vec(); count]);
        let entry = Entry { pipeline: &name, slot: Slot(1), frames: &frames };
        // Two rows: the first may be whole on the disk although the write has failed.
        journal.append(&[entry, Entry { pipeline: &name, slot: Slot(1), frames: &frames }])
    };
    append(b"before", 1).unwrap();
    let filler = path.with_file_name("filler");
    let mut size = 2 << 20;
    while size > 0 && fs::write(&filler, vec![0; size]).is_err() {
        size -= 4096;
    }
    let error = append(&[7; 3000], 20).unwrap_err().to_string();
    assert!(error.contains("the disk is full"), "{error}");
    fs::remove_file(&filler).unwrap();
    assert_eq!(append(b"after", 1).unwrap(), 3);
    drop((journal, directory));
    let replayed = recover(path).unwrap().replayed;
    let payloads: Vec<_> = replayed.iter().map(|(_, frame)| &frame[4..]).collect();
    assert_eq!(payloads, [&b"before"[..], b"before", b"after", b"after"]);
}
