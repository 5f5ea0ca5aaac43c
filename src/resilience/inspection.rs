//! What a directory holds, for people to read.
//!
//! It is read beside a process that may use the directory, and without its lock: every file is seen as
//! it was at one moment, the journal before the checkpoint, so that what the journal has dropped is in
//! the checkpoint. What does not fit together is looked for again, because the process may have gone on.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde::Serialize;

use super::attempts::Suspect;
use super::attempts_file;
use super::checksum::Seal;
use super::database::{Database, FORMAT};
use super::decision::frames_done;
use super::directory::{JOURNAL_FILE, Owner, read_directory};
use super::error::ResilienceError;
use super::journal_contents::Contents;
use super::journal_tail;
use super::position::Position;
use super::recovery::{Checkpoint, journal_positions};
use super::worker_reader::WorkerReader;
use crate::application::Key;
use crate::core::numbers::{Epoch, WorkerIndex};
use crate::core::partition_table::PartitionRow;
use crate::core::saved::to_json;

/// How often to look, and how long to wait in between.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(5);

/// What a directory holds.
#[derive(Debug)]
pub struct Inspection {
    /// Whose it is.
    pub application: String,
    /// The version of the files' format.
    pub format: i64,
    /// The generation that counts; 0 where none does yet.
    pub generation: u64,
    /// The newest whole checkpoint; `None` where there is none yet.
    pub checkpoint: Option<SavedCheckpoint>,
    /// How far sources had been read, and sinks written.
    pub positions: Vec<Position>,
    /// The journal.
    pub journal: JournalSummary,
    /// The frames of the journal that starts have ended on.
    pub suspects: Vec<Suspect>,
    /// Every file with its length, by name.
    pub files: Vec<FileLength>,
    readers: Vec<WorkerReader>,
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

/// How much is in a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct JournalSummary {
    /// How many rows: frames that were written together.
    pub rows: u64,
    /// How many frames.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many of the frames would be replayed: the checkpoint has not got them.
    pub frames_to_replay: u64,
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
        read_directory(directory)?;
        let mut picture = look(directory);
        for _ in 1..LOOKS {
            if picture.is_ok() {
                break;
            }
            thread::sleep(PAUSE);
            picture = look(directory);
        }
        let Picture { owner, checkpoint, journal } = picture?;
        let seal = Seal::of_journal(owner.identity);
        let suspects = attempts_file::suspects(&directory.join(JOURNAL_FILE), seal)?;
        let Checkpoint { epoch, positions, files: readers } = checkpoint;
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
            suspects,
            files: lengths(directory)?,
            readers,
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

/// All files as they were at moments that fit together.
struct Picture {
    owner: Owner,
    checkpoint: Checkpoint,
    journal: JournalSummary,
}

fn look(directory: &Path) -> Result<Picture, ResilienceError> {
    let owner = read_directory(directory)?;
    let path = directory.join(JOURNAL_FILE);
    let tail = journal_tail::read(&path, Seal::of_journal(owner.identity))?;
    let journal = match (path.exists(), owner.generation) {
        (true, _) => Some(Database::read(path)?),
        (false, 0) => None,
        (false, _) => return Err(ResilienceError::missing(&path)),
    };
    let checkpoint = match owner.generation {
        0 => Checkpoint::default(),
        generation => Checkpoint::of_generation(directory, owner.identity, generation)?,
    };
    let journal = match journal {
        Some(journal) => summary_of(&journal, &owner, tail, &checkpoint.positions)?,
        None => JournalSummary::default(),
    };
    if read_directory(directory)?.generation != owner.generation {
        return Err(ResilienceError::damaged(directory, "its generation changes all the time"));
    }
    Ok(Picture { owner, checkpoint, journal })
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

fn summary_of(
    journal: &Database,
    owner: &Owner,
    tail: Option<u64>,
    positions: &[Position],
) -> Result<JournalSummary, ResilienceError> {
    let positions = journal_positions(positions);
    let contents = Contents::read(journal, owner.identity, tail, &positions)?;
    let mut summary = JournalSummary::default();
    for row in &contents.live {
        let position = positions.get(&row.lane).copied().unwrap_or_default();
        let done = frames_done(position, row.row, row.frames);
        summary.rows += 1;
        summary.frames += row.frames;
        summary.bytes += row.bytes;
        summary.frames_to_replay += done.map_or(0, |done| row.frames.saturating_sub(done));
    }
    Ok(summary)
}

fn lengths(directory: &Path) -> Result<Vec<FileLength>, ResilienceError> {
    let system = |error: io::Error| ResilienceError::system(directory, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(system)? {
        let entry = entry.map_err(system)?;
        // A file that a process has dropped meanwhile is none.
        let Ok(metadata) = entry.metadata() else { continue };
        let name = entry.file_name().to_string_lossy().into_owned();
        files.push(FileLength { name, bytes: metadata.len() });
    }
    files.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}
