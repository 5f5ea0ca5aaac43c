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

/// What a directory gives back: the newest whole checkpoint, and the journal since then.
#[derive(Debug)]
pub struct Recovery {
    /// The checkpoint; epoch 0 is the beginning of everything.
    pub epoch: Epoch,
    /// How many workers had saved it.
    pub workers: usize,
    /// How far sources had been read, and sinks written.
    pub positions: Vec<Position>,
    /// The journal.
    pub journal: Journal,
    files: Vec<WorkerReader>,
}

impl Recovery {
    /// Finds the newest whole checkpoint of a directory, and checks the journal against it.
    ///
    /// # Errors
    ///
    /// The directory is damaged or cannot be read.
    pub fn find(directory: &Directory) -> Result<Self, ResilienceError> {
        let checkpoint = match directory.current() {
            Some(generation) => Checkpoint::find(directory.path(), generation)?,
            None => Checkpoint::default(),
        };
        let Checkpoint { epoch, positions, files } = checkpoint;
        let path = directory.path().join(JOURNAL_FILE);
        if directory.current().is_some() && !path.exists() {
            return Err(ResilienceError::damaged(&path, "it is missing"));
        }
        let journal = Journal::open(path, directory.durability(), &journal_positions(&positions))?;
        Ok(Self { epoch, workers: files.len(), positions, journal, files })
    }

    /// Gives every partition of the checkpoint, with its state's name and the file that holds it.
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
            file.partitions(self.epoch, |state, partition| take(&path, state, partition))?;
        }
        Ok(())
    }
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

/// The newest whole checkpoint of a generation.
#[derive(Debug, Default)]
pub(super) struct Checkpoint {
    pub epoch: Epoch,
    pub positions: Vec<Position>,
    pub files: Vec<WorkerReader>,
}

impl Checkpoint {
    pub fn find(directory: &Path, generation: u64) -> Result<Self, ResilienceError> {
        let mut files = Vec::new();
        for (of_generation, path) in generations(directory)? {
            if of_generation == generation {
                files.push(WorkerReader::open(path, generation)?);
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
}
