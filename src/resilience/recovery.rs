//! What a directory gives back when a run starts on it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::decision::epoch_to_recover;
use super::directory::{Directory, JOURNAL_FILE, generations};
use super::error::ResilienceError;
use super::journal::{Journal, JournalPositions};
use super::position::Position;
use super::worker_reader::WorkerReader;
use crate::core::numbers::Epoch;
use crate::core::saved::SavedPartition;

/// The newest whole checkpoint of a directory.
#[derive(Debug, Default)]
pub struct Checkpoint {
    /// Its epoch; epoch 0 is the beginning of everything.
    pub epoch: Epoch,
    /// How far sources had been read, and sinks written.
    pub positions: Vec<Position>,
    pub(super) files: Vec<WorkerReader>,
}

impl Checkpoint {
    /// Finds the newest whole checkpoint of a directory.
    ///
    /// # Errors
    ///
    /// The directory is damaged or cannot be read.
    pub fn find(directory: &Directory) -> Result<Self, ResilienceError> {
        match directory.current() {
            Some(generation) => {
                Self::of_generation(directory.path(), directory.identity(), generation)
            }
            None => Ok(Self::default()),
        }
    }

    pub(super) fn of_generation(
        directory: &Path,
        identity: u64,
        generation: u64,
    ) -> Result<Self, ResilienceError> {
        let mut files = Vec::new();
        for (of_generation, path) in generations(directory)? {
            if of_generation == generation {
                files.push(WorkerReader::open(path, identity, generation)?);
            }
        }
        let summaries: Vec<_> = files.iter().map(WorkerReader::summary).collect();
        let epoch = epoch_to_recover(&summaries).map_err(|incomplete| {
            ResilienceError::damaged(directory, format!("of generation {generation}, {incomplete}"))
        })?;
        let mut positions = Vec::new();
        for file in &files {
            positions.extend(file.positions(epoch)?);
        }
        Ok(Self { epoch, positions, files })
    }

    /// How many workers had saved it.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.files.len()
    }

    /// Gives every partition, with its state's name and the file that holds it.
    ///
    /// # Errors
    ///
    /// A file is damaged, or `take` refuses.
    pub fn partitions(
        &self,
        mut take: impl FnMut(&Path, &str, SavedPartition) -> Result<(), ResilienceError>,
    ) -> Result<(), ResilienceError> {
        for file in &self.files {
            let path = file.path();
            file.partitions(self.epoch, |_, state, partition| take(&path, state, partition))?;
        }
        Ok(())
    }
}

/// Opens the journal of a directory, and checks that it has all that its newest whole checkpoint
/// leaves to be replayed.
///
/// # Errors
///
/// The journal is damaged or missing, or cannot be read.
pub fn open_journal(
    directory: &Directory,
    checkpoint: &Checkpoint,
) -> Result<Journal, ResilienceError> {
    let path = directory.path().join(JOURNAL_FILE);
    if directory.current().is_some() && !path.exists() {
        return Err(ResilienceError::missing(&path));
    }
    let positions = journal_positions(&checkpoint.positions);
    Journal::open(path, directory.durability(), directory.identity(), &positions)
}

/// How far each slot's journaled frames had been taken.
#[must_use]
pub fn journal_positions(positions: &[Position]) -> JournalPositions {
    let mut found = BTreeMap::new();
    for position in positions {
        if let Position::Journal { pipeline, slot, at } = position {
            found.insert((Arc::clone(pipeline), *slot), *at);
        }
    }
    found
}
