//! What a directory gives back when a run starts on it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::decision::epoch_to_recover;
use super::worker_reader::WorkerReader;
use crate::core::numbers::Epoch;
use crate::core::partitions::saved::SavedPartition;
use crate::resilience::database::{Database, FORMAT};
use crate::resilience::directory::machine::Loss;
use crate::resilience::directory::worker_names::generations;
use crate::resilience::directory::{Directory, JOURNAL_FILE};
use crate::resilience::error::ResilienceError;
use crate::resilience::journal::Journal;
use crate::resilience::journal::contents::JournalPositions;
use crate::resilience::position::Position;

/// The newest whole checkpoint of a directory.
#[derive(Debug, Default)]
pub struct Checkpoint {
    /// Its epoch; epoch 0 is the beginning of everything.
    pub epoch: Epoch,
    /// How far sources had been read, and sinks written.
    pub positions: Vec<Position>,
    pub(crate) files: Vec<WorkerReader>,
    /// What it means if a file is not whole.
    loss: Loss,
}

impl Checkpoint {
    /// Finds the newest whole checkpoint of a directory.
    ///
    /// # Errors
    ///
    /// The directory is damaged or cannot be read.
    pub fn find(directory: &Directory) -> Result<Self, ResilienceError> {
        let Some(generation) = directory.current() else { return Ok(Self::default()) };
        let (path, loss) = (directory.path(), directory.loss());
        let files = generations(path)?.into_iter().filter(|(of, _)| *of == generation);
        let open = |(_, file): (u64, PathBuf)| {
            let database = Database::read(&file, file.clone(), FORMAT)?;
            // A run does not change what it recovers from.
            database.keep_log()?;
            Ok(database)
        };
        let files = files.map(open).collect::<Result<_, _>>();
        let found = files
            .and_then(|files| Self::of_generation(files, path, directory.identity(), generation));
        found.map(|found| Self { loss, ..found }).map_err(|error| loss.explain(error))
    }

    /// The newest whole checkpoint in the files of a generation.
    pub(crate) fn of_generation(
        files: Vec<Database>,
        directory: &Path,
        identity: u64,
        generation: u64,
    ) -> Result<Self, ResilienceError> {
        let open = |file| WorkerReader::open(file, identity, generation);
        let files = files.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let summaries: Vec<_> = files.iter().map(WorkerReader::summary).collect();
        let epoch = epoch_to_recover(&summaries).map_err(|incomplete| {
            ResilienceError::damaged(directory, format!("of generation {generation}, {incomplete}"))
        })?;
        let mut positions = Vec::new();
        for file in &files {
            positions.extend(file.positions(epoch)?);
        }
        Ok(Self { epoch, positions, files, loss: Loss::default() })
    }

    /// How many workers had saved it.
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
            file.partitions(self.epoch, |_, state, partition| take(&path, state, partition))
                .map_err(|error| self.loss.explain(error))?;
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
    let opened = if directory.current().is_some() && !path.exists() {
        Err(ResilienceError::missing(&path))
    } else {
        let positions = journal_positions(&checkpoint.positions);
        Journal::open(path, directory, &positions)
    };
    opened.map_err(|error| directory.loss().explain(error))
}

/// How far each slot's journaled frames had been taken.
pub fn journal_positions(positions: &[Position]) -> JournalPositions {
    let mut found = BTreeMap::new();
    for position in positions {
        if let Position::Journal { pipeline, slot, at } = position {
            found.insert((Arc::clone(pipeline), *slot), *at);
        }
    }
    found
}
