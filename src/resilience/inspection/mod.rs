//! What a directory holds, for people to read.
//!
//! It is read beside a process that may use the directory, and without its lock: all that is needed is
//! copied as it was at one moment, and from then on only the copies are read. The journal comes before the
//! checkpoint, so that what the journal has dropped is in the checkpoint. The process puts off what would
//! make the copies useless, but only for a time; so what does not fit together is looked for again.

mod picture;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, io, mem, thread};

use serde::Serialize;

use super::checkpoints::recovery::Checkpoint;
use super::checkpoints::worker_reader::WorkerReader;
use super::database::FORMAT;
use super::directory::JOURNAL_FILE;
use super::directory::temporary::TemporaryDirectory;
use super::error::ResilienceError;
use super::history::HistorySummary;
use super::journal::attempts::Suspect;
use super::journal::attempts_file;
use super::position::Position;
use super::sealed::Seal;
use crate::application::Key;
use crate::core::numbers::{Epoch, WorkerIndex};
use crate::core::partitions::query::PartitionRow;
use crate::core::partitions::saved::to_json;
use picture::{Picture, look, owner};

pub use picture::JournalSummary;

/// For how long to look at files that change all the time, and how long to wait in between.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(5);

/// What a directory holds.
#[derive(Debug)]
pub struct Inspection {
    /// Whose it is.
    pub application: String,
    /// The version of the format of all files but the journal, which has one of its own.
    pub format: i64,
    /// The generation that counts; 0 if none does yet.
    pub generation: u64,
    /// The newest whole checkpoint; `None` before the first.
    pub checkpoint: Option<SavedCheckpoint>,
    /// How far sources had been read, and sinks written.
    pub positions: Vec<Position>,
    /// The journal.
    pub journal: JournalSummary,
    /// The history; `None` if the directory has none. A damaged one does not hide the rest.
    pub history: Option<Result<HistorySummary, ResilienceError>>,
    /// The frames of the journal that starts have ended on.
    pub suspects: Vec<Suspect>,
    /// Every file with its length, by name.
    pub files: Vec<FileLength>,
    readers: Vec<WorkerReader>,
    /// The files that are read. After the readers: these are closed first.
    _copies: TemporaryDirectory,
    partitions: BTreeMap<String, Vec<Found>>,
}

/// A whole checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavedCheckpoint {
    /// Its number.
    pub epoch: Epoch,
    /// How many workers saved it.
    pub workers: usize,
    /// When the last of them did, in milliseconds since the beginning of 1970.
    pub saved_at: u64,
}

/// A file of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileLength {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

/// Where a partition is.
#[derive(Debug)]
struct Found {
    key: Key,
    /// Which of the readers.
    reader: usize,
    row: u64,
}

impl Inspection {
    /// Reads all of a directory, and keeps where each partition is.
    ///
    /// # Errors
    ///
    /// It is no resilience directory, is damaged, or cannot be read.
    pub fn of(directory: &Path) -> Result<Self, ResilienceError> {
        let copies = TemporaryDirectory::new();
        let copies = copies.map_err(|error| ResilienceError::system(&env::temp_dir(), error))?;
        owner(directory, &copies)?;
        let start = Instant::now();
        let mut seen = written(directory)?;
        let mut picture = look(directory, &copies);
        while !matches!(picture, Ok(Some(_))) && start.elapsed() < PATIENCE {
            thread::sleep(PAUSE);
            let before = mem::replace(&mut seen, written(directory)?);
            picture = look(directory, &copies);
            if seen == before {
                // No process writes: there is nothing else to be seen.
                break;
            }
        }
        let Some(Picture { owner, checkpoint, journal, history }) = picture? else {
            let changes = "its files were replaced during each copy";
            return Err(ResilienceError::busy(directory, changes));
        };
        let seal = Seal::of_journal(owner.identity);
        let suspects = attempts_file::suspects(&directory.join(JOURNAL_FILE), seal)?;
        let Checkpoint { epoch, positions, files: readers, .. } = checkpoint;
        let mut partitions: BTreeMap<String, Vec<Found>> = BTreeMap::new();
        let mut saved_at = 0;
        for (at, reader) in readers.iter().enumerate() {
            saved_at = reader.epoch(epoch)?.saved_at.max(saved_at);
            reader.partitions(epoch, |row, state, partition| {
                let found = Found { key: partition.key, reader: at, row };
                match partitions.get_mut(state) {
                    Some(of_state) => of_state.push(found),
                    None => drop(partitions.insert(state.to_owned(), vec![found])),
                }
                Ok(())
            })?;
        }
        for of_state in partitions.values_mut() {
            of_state.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        }
        let workers = readers.len();
        let checkpoint = SavedCheckpoint { epoch, workers, saved_at };
        Ok(Self {
            application: owner.application,
            format: FORMAT,
            generation: owner.generation,
            checkpoint: (workers > 0).then_some(checkpoint),
            positions,
            journal,
            history,
            suspects,
            files: lengths(directory)?,
            readers,
            _copies: copies,
            partitions,
        })
    }

    /// The names of the states that have partitions, each with how many.
    pub fn states(&self) -> impl Iterator<Item = (&str, usize)> {
        self.partitions.iter().map(|(state, found)| (&**state, found.len()))
    }

    /// The partitions of a state, by key. Each is read when it is asked for.
    pub fn partitions(
        &self,
        state: &str,
    ) -> impl Iterator<Item = Result<PartitionRow, ResilienceError>> {
        let found = self.partitions.get_key_value(state);
        found.into_iter().flat_map(move |(state, found)| {
            found.iter().filter_map(|found| {
                let reader = self.readers.get(found.reader)?;
                Some(row_of(reader, state, found.row))
            })
        })
    }
}

fn row_of(reader: &WorkerReader, state: &str, row: u64) -> Result<PartitionRow, ResilienceError> {
    let saved = reader.partition_at(row)?;
    let value =
        to_json(&saved.value).map_err(|reason| ResilienceError::damaged(&reader.path(), reason))?;
    Ok(PartitionRow {
        state: state.to_owned(),
        key: saved.key,
        worker: WorkerIndex(usize::try_from(reader.worker()).unwrap_or(usize::MAX)),
        dynamic: saved.dynamic,
        messages: saved.messages,
        created: None,
        to_save: false,
        poisoned: saved.poisoned,
        value,
    })
}

/// What tells whether a directory was written meanwhile. A log is written from its beginning again, so
/// lengths alone do not.
fn written(directory: &Path) -> Result<Vec<(FileLength, Option<SystemTime>)>, ResilienceError> {
    let files = lengths(directory)?.into_iter().map(|file| {
        let metadata = fs::metadata(directory.join(&file.name));
        (file, metadata.and_then(|metadata| metadata.modified()).ok())
    });
    Ok(files.collect())
}

fn lengths(directory: &Path) -> Result<Vec<FileLength>, ResilienceError> {
    let system = |error: io::Error| ResilienceError::system(directory, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(system)? {
        let entry = entry.map_err(system)?;
        // A file that was removed meanwhile is skipped.
        let Ok(metadata) = entry.metadata() else { continue };
        let name = entry.file_name().to_string_lossy().into_owned();
        files.push(FileLength { name, bytes: metadata.len() });
    }
    files.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}
