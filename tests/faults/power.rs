//! A machine that loses power: what is left of the files of a run is what had been synced, and some of what
//! was written since.
//!
//! The model is that of ext4 and XFS: files appear and disappear in order, and a sync of any file makes
//! what appeared and disappeared before it last; writes that were not synced are lost or not, each by
//! itself, and perhaps in part.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::chance::{Chance, for_seeds};
use crate::scenario::{Scenario, Stage};
use crate::support::frames::lines;
use crate::support::shim::{Fault, Shim};

/// Of how many bytes a disk writes all or none.
const SECTOR: usize = 512;

/// Something that the program did to a file.
#[derive(Debug)]
enum Change {
    Created,
    Wrote(usize, Vec<u8>),
    Cut(usize),
    Synced,
    Removed,
}

/// Reads what the shim has recorded: see `record` in `shim.c`.
fn read(trace: &[u8]) -> Vec<(PathBuf, Change)> {
    let (mut at, mut changes) = (0, Vec::new());
    while at < trace.len() {
        let number = |from: usize, to: usize| {
            let mut bytes = [0; 8];
            bytes[..to - from].copy_from_slice(&trace[at + from..at + to]);
            usize::try_from(u64::from_ne_bytes(bytes)).unwrap()
        };
        let (path, offset, length) = (number(1, 5), number(5, 13), number(13, 21));
        let bytes = at + 21 + path;
        let name = PathBuf::from(std::str::from_utf8(&trace[at + 21..bytes]).unwrap());
        let change = match trace[at] {
            b'c' => Change::Created,
            b'w' => Change::Wrote(offset, trace[bytes..bytes + length].to_vec()),
            b't' => Change::Cut(offset),
            b's' => Change::Synced,
            b'u' => Change::Removed,
            other => panic!("the model has no change {:?}", char::from(other)),
        };
        changes.push((name, change));
        at = bytes + length;
    }
    changes
}

/// A file: what is on the disk, and what is not yet.
#[derive(Default)]
struct File<'a> {
    synced: Vec<u8>,
    unsynced: Vec<&'a Change>,
}

impl File<'_> {
    fn apply(synced: &mut Vec<u8>, change: &Change, length: usize) {
        match change {
            Change::Wrote(at, bytes) => {
                let bytes = &bytes[..length.min(bytes.len())];
                let end = at + bytes.len();
                synced.resize(synced.len().max(end), 0);
                synced[*at..end].copy_from_slice(bytes);
            }
            Change::Cut(length) => synced.resize(*length, 0),
            _ => {}
        }
    }

    fn sync(&mut self) {
        for change in std::mem::take(&mut self.unsynced) {
            Self::apply(&mut self.synced, change, usize::MAX);
        }
    }

    /// What is left when power is lost.
    fn left(mut self, chance: &mut Chance) -> Vec<u8> {
        // How many of ten are lost.
        let lost = chance.one_of(&[0, 1, 5, 10]);
        for change in std::mem::take(&mut self.unsynced) {
            if chance.below(10) >= lost {
                let torn = chance.below(8) == 0;
                let sectors = usize::try_from(chance.below(32)).unwrap();
                let length = if torn { sectors * SECTOR } else { usize::MAX };
                Self::apply(&mut self.synced, change, length);
            }
        }
        self.synced
    }
}

/// The files after the first `cut` changes, when power is lost.
fn after(
    changes: &[(PathBuf, Change)],
    cut: usize,
    chance: &mut Chance,
) -> BTreeMap<PathBuf, Vec<u8>> {
    let changes = &changes[..cut];
    let is_sync = |(_, change): &(PathBuf, Change)| matches!(change, Change::Synced);
    let last_sync = changes.iter().rposition(is_sync).unwrap_or(0);
    let names = last_sync + usize::try_from(chance.below((cut - last_sync) as u64 + 1)).unwrap();
    let mut files: BTreeMap<&Path, File<'_>> = BTreeMap::new();
    // Files whose names have not reached the disk, or that are gone but for the disk.
    let mut nameless: BTreeSet<&Path> = BTreeSet::new();
    for (number, (path, change)) in changes.iter().enumerate() {
        match change {
            Change::Created | Change::Removed if number >= names => drop(nameless.insert(path)),
            Change::Created => drop(files.insert(path, File::default())),
            Change::Removed => drop(files.remove(&**path)),
            _ if nameless.contains(&**path) => {}
            Change::Synced => files.get_mut(&**path).into_iter().for_each(File::sync),
            Change::Wrote(..) | Change::Cut(_) => {
                files.entry(path).or_default().unsynced.push(change);
            }
        }
    }
    // What is in shared memory is of no use to a machine that starts again.
    files.retain(|path, _| !path.to_str().unwrap().ends_with("-shm"));
    files.into_iter().map(|(path, file)| (path.to_owned(), file.left(chance))).collect()
}

/// A run to its end, and what is left of its files when power was lost on the way; how many outputs
/// a reader could have seen before.
fn lose_power(scenario: Scenario, chance: &mut Chance) -> (Stage, usize) {
    let mut stage = Stage::new(scenario);
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let shim = Shim::new(stage.folder.root(), Fault::none("w")).tracing(&trace);
    stage.disturbed(&shim).succeeded();
    let changes = read(&fs::read(trace).unwrap());
    assert!(changes.len() > 100, "only {} changes", changes.len());
    let cut = usize::try_from(chance.below(changes.len() as u64 + 1)).unwrap();
    let files = after(&changes, cut, chance);
    let outputs = stage.folder.path("outputs");
    let written = changes[..cut].iter().map(|(path, change)| match change {
        Change::Wrote(_, bytes) if *path == *outputs => lines(bytes),
        _ => 0,
    });
    let seen = written.sum();
    let _ = fs::remove_dir_all(stage.folder.path("saved"));
    let _ = fs::remove_file(outputs);
    for (path, bytes) in files {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    (stage, seen)
}

/// How many cuts are tried.
fn cuts() -> u64 {
    std::env::var("WALLAROO_CUTS").map_or(30, |text| text.parse().unwrap())
}

#[test]
fn with_durability_power_nothing_that_was_seen_is_lost_with_the_machine() {
    for_seeds(cuts(), |chance| {
        let (mut stage, seen) = lose_power(Scenario::StandardInput, chance);
        stage.seen = seen;
        stage.goes_on();
    });
}

#[test]
fn with_durability_process_a_machine_that_died_leaves_the_right_state_or_a_refusal() {
    let (mut right, mut refused) = (0, 0);
    let counts = std::sync::Mutex::new((&mut right, &mut refused));
    for_seeds(cuts(), |chance| {
        let (stage, _) = lose_power(Scenario::FirstStart, chance);
        let was_right = stage.right_or_refused();
        let mut counts = counts.lock().unwrap();
        *if was_right { &mut *counts.0 } else { &mut *counts.1 } += 1;
    });
    println!("after a machine that died: {right} right, {refused} refused");
}
