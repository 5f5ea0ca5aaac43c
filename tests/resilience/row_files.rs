//! The files that hold the journal's rows: what is cut, changed or missing, and when they are removed.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::tempdir;
use wallaroo::resilience::{Checkpoint, Entry, ResilienceError, Slot, open_journal};

use super::journals::{append, taken};
use super::recovered::{copy, recover, size, take};
use super::world::{World, frames, pipeline};

/// The newest row file of a directory.
pub fn newest_row_file(path: &Path) -> PathBuf {
    let files = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let first = |path: &PathBuf| -> Option<u64> {
        let name = path.file_name()?.to_str()?;
        name.strip_prefix("journal.")?.strip_suffix(".rows")?.parse().ok()
    };
    files.filter(|path| first(path).is_some()).max_by_key(first).unwrap()
}

#[test]
fn a_write_that_was_cut_anywhere_is_as_if_it_had_not_been() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("d");
    let mut world = World::new(&path, 4, 1);
    world.journal_some();
    let (before, length) = (folder.path().join("before"), |path: &Path| {
        fs::metadata(newest_row_file(path)).unwrap().len()
    });
    world.copy_to(&before);
    let old = world.expected(world.epoch).unwrap().replayed;
    world.journal_some();
    let new = world.expected(world.epoch).unwrap().replayed;
    let whole = fs::read(newest_row_file(&path)).unwrap();
    let (from, to) = (length(&before), length(&path));
    let step = (to - from) / 60 + 1;
    for cut in (from..to).step_by(step as usize).chain([to - 1, to]) {
        let killed = tempdir().unwrap();
        copy(&before, killed.path());
        fs::write(newest_row_file(killed.path()), &whole[..cut as usize]).unwrap();
        let found = recover(killed.path()).unwrap().replayed;
        assert!(found.len() >= old.len() && new.starts_with(&found), "cut at {cut}");
        assert!(cut > from || found == old);
        assert!(cut < to || found == new);
        // What was cut off does not come back behind what is written next.
        let directory = take(killed.path()).unwrap();
        let checkpoint = Checkpoint::find(&directory).unwrap();
        append(&mut open_journal(&directory, &checkpoint).unwrap(), 1);
        drop((directory, checkpoint));
        let again = recover(killed.path()).unwrap().replayed;
        assert!(again.starts_with(&found), "cut at {cut}");
        assert_eq!(again.len(), found.len() + 2, "cut at {cut}");
    }
}

#[test]
fn a_changed_byte_of_a_row_is_damage_wherever_it_is() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("d");
    let mut world = World::new(&path, 6, 1);
    (0..3).for_each(|_| world.journal_some());
    let killed = folder.path().join("killed");
    world.copy_to(&killed);
    let row_file = newest_row_file(&killed);
    let whole = fs::read(&row_file).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 150 + 1) {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        fs::write(&row_file, changed).unwrap();
        let error = recover(&killed).unwrap_err();
        assert!(matches!(error, ResilienceError::Damaged { .. }), "{at}: {error}");
    }
    fs::write(&row_file, whole).unwrap();
    assert_eq!(recover(&killed).unwrap(), world.expected(world.epoch).unwrap());
}

#[test]
fn rows_without_the_files_that_belong_to_them_are_damage_and_stay_where_they_are() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("d");
    let mut world = World::new(&path, 8, 1);
    (0..3).for_each(|_| world.journal_some());
    let with = |change: &dyn Fn(&Path)| {
        let killed = tempdir().unwrap();
        world.copy_to(killed.path());
        change(killed.path());
        let before = fs::read(newest_row_file(killed.path())).unwrap();
        let error = recover(killed.path()).unwrap_err().to_string();
        assert_eq!(fs::read(newest_row_file(killed.path())).unwrap(), before, "{error}");
        error
    };
    let databases = |folder: &Path| {
        for entry in fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            if file.to_str().is_some_and(|name| name.contains(".sqlite")) {
                fs::remove_file(file).unwrap();
            }
        }
    };
    assert!(with(&databases).contains("directory.sqlite"));
    let tail = |folder: &Path| {
        fs::remove_file(folder.join("journal.tail")).unwrap();
        let mut rows = fs::read(newest_row_file(folder)).unwrap();
        rows[0] ^= 1;
        fs::write(newest_row_file(folder), rows).unwrap();
    };
    assert!(with(&tail).contains("has changed or is missing"));
}

#[test]
fn a_row_file_stays_while_another_process_copies_the_files() {
    let folder = tempdir().unwrap();
    let directory = take(folder.path()).unwrap();
    let mut journal = open_journal(&directory, &Checkpoint::default()).unwrap();
    let reading = fs::File::open(folder.path().join("reading")).unwrap();
    append(&mut journal, 1);
    let row_file = newest_row_file(folder.path());
    reading.lock_shared().unwrap();
    journal.trim(&taken(1, 1, 2)).unwrap();
    assert!(row_file.exists() && journal.rows() == 0);
    append(&mut journal, 1);
    assert_ne!(newest_row_file(folder.path()), row_file, "nothing comes behind dropped frames");
    reading.unlock().unwrap();
    journal.trim(&taken(1, 2, 2)).unwrap();
    assert!(!row_file.exists());
}

#[test]
fn who_copies_for_ever_makes_no_journal_grow_for_ever() {
    let folder = tempdir().unwrap();
    let directory = take(folder.path()).unwrap();
    let mut journal = open_journal(&directory, &Checkpoint::default()).unwrap();
    let reading = fs::File::open(folder.path().join("reading")).unwrap();
    reading.lock_shared().unwrap();
    let (pipeline, frames) = (pipeline(), frames(&[vec![7; 16 << 20]]));
    let mut largest = 0;
    for row in 1..24 {
        let entry = Entry { pipeline: &pipeline, slot: Slot(1), frames: &frames };
        assert_eq!(journal.append(&[entry]).unwrap(), row);
        journal.trim(&taken(1, row, 1)).unwrap();
        largest = size(folder.path()).max(largest);
    }
    assert!(largest > 200 << 20, "it is put off: {largest}");
    assert!(largest < 300 << 20, "{largest}");
}
