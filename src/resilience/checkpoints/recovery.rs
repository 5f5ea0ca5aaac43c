//! What a directory gives back when a run starts on it.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::decision::epoch_to_recover;
use super::worker_reader::WorkerReader;
use crate::application::Key;
use crate::core::numbers::Epoch;
use crate::core::partitions::saved::SavedPartition;
use crate::core::replay::recording::SavedState;
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
    /// What is put over its partitions.
    over: Over,
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
        Ok(Self { epoch, positions, files, over: Over::default(), loss: Loss::default() })
    }

    /// The checkpoint after it, with the same positions, in which these partitions are others, or
    /// [gone](SavedPartition::gone).
    #[must_use]
    pub fn with(self, partitions: Vec<SavedState>) -> Self {
        let by_key = |partitions: Vec<SavedPartition>| {
            partitions.into_iter().map(|partition| (partition.key.clone(), partition)).collect()
        };
        let partitions = partitions.into_iter().map(|(state, all)| (state, by_key(all))).collect();
        let over = Over { saved: Some(self.epoch), partitions };
        Self { epoch: self.epoch.next(), over, ..self }
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
        let saved = self.over.saved.unwrap_or(self.epoch);
        for file in &self.files {
            let path = file.path();
            let take = |_, state: &str, partition: SavedPartition| {
                if self.over.has(state, &partition.key) {
                    return Ok(());
                }
                take(&path, state, partition)
            };
            file.partitions(saved, take).map_err(|error| self.loss.explain(error))?;
        }
        let path = self.files.first().map(WorkerReader::path).unwrap_or_default();
        for (state, partitions) in &self.over.partitions {
            for partition in partitions.values().filter(|partition| !partition.is_gone()) {
                take(&path, state, partition.clone())?;
            }
        }
        Ok(())
    }
}

/// Partitions that are put over those of the checkpoint `saved`.
#[derive(Debug, Default)]
struct Over {
    /// `None` if there are none.
    saved: Option<Epoch>,
    partitions: BTreeMap<Arc<str>, HashMap<Key, SavedPartition>>,
}

impl Over {
    fn has(&self, state: &str, key: &Key) -> bool {
        self.partitions.get(state).is_some_and(|partitions| partitions.contains_key(key))
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
