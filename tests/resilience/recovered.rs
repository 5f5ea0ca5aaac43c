//! What a directory gives back to the next run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use wallaroo::Key;
use wallaroo::core::numbers::Epoch;
use wallaroo::core::partitions::saved::SavedPartition;
use wallaroo::resilience::{
    Checkpoint, Directory, Durability, Journal, Position, ResilienceError, Slot, journal_positions,
    open_journal,
};

/// What a directory gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    pub epoch: Epoch,
    /// By state and key.
    pub partitions: BTreeMap<(String, Key), SavedPartition>,
    pub positions: Vec<Position>,
    /// The frames to replay, each with its slot, in order.
    pub replayed: Vec<(Slot, Vec<u8>)>,
}

const APPLICATION: &str = "test";

pub fn take(path: &Path) -> Result<Directory, ResilienceError> {
    Directory::take(path, APPLICATION, Durability::Process)
}

/// Everything that a directory gives back.
pub fn recover(path: &Path) -> Result<Recovered, ResilienceError> {
    let directory = take(path)?;
    let checkpoint = Checkpoint::find(&directory)?;
    let mut partitions = BTreeMap::new();
    checkpoint.partitions(|_, state, partition| {
        let twice = partitions.insert((state.to_owned(), partition.key.clone()), partition);
        assert_eq!(twice, None, "a partition comes back once");
        Ok(())
    })?;
    let journal = open_journal(&directory, &checkpoint)?;
    let replayed = replay(&journal, &checkpoint.positions)?;
    let (epoch, positions) = (checkpoint.epoch, checkpoint.positions);
    Ok(Recovered { epoch, partitions, positions, replayed })
}

fn replay(
    journal: &Journal,
    positions: &[Position],
) -> Result<Vec<(Slot, Vec<u8>)>, ResilienceError> {
    let positions = journal_positions(positions);
    let (mut row, mut frames) = (0, Vec::new());
    while let Some(found) = journal.replay_after(row, &positions)? {
        row = found.row;
        let each = found.pieces.iter().skip(found.done as usize);
        frames.extend(each.map(|frame| (found.slot, frame.to_vec())));
    }
    Ok(frames)
}

/// Copies all files of a directory.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        // What SQLite shares among processes is gone with the last of them.
        if !entry.file_name().to_str().unwrap().ends_with("-shm") {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// How many bytes a directory has.
pub fn size(path: &Path) -> u64 {
    let files = fs::read_dir(path).unwrap();
    files.map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}
