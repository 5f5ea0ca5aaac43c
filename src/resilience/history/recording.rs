//! Reads a recording: a directory with history, or a single file that was exported.
//!
//! A directory is read as `inspect` does: it is copied, and only the copy is read. So it may be in use. Every row is checked
//! when it is read.

use std::collections::BTreeMap;
use std::env;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::rows;
use super::tables::{ChapterRow, Found, HISTORY_FORMAT, Identity, find};
use crate::application::Key;
use crate::core::numbers::Epoch;
use crate::core::partitions::saved::SavedPartition;
use crate::core::replay::recording::{Base, Chapter, Crew, SavedState};
use crate::resilience::database::{APPLICATION_ID, Database, FORMAT};
use crate::resilience::directory::copy::copy_databases;
use crate::resilience::directory::temporary::TemporaryDirectory;
use crate::resilience::directory::{DIRECTORY_FILE, HISTORY_FILE, emptying, owner_of, reading};
use crate::resilience::error::ResilienceError;

/// How many bytes a file of `SQLite` has up to the end of its `application_id`.
const HEADER: usize = 72;

/// A recording, to be read.
#[derive(Debug)]
pub struct Recording {
    database: Database,
    found: Found,
    /// The file that is read, if it is a copy. After the database: that is closed first.
    _copies: Option<TemporaryDirectory>,
}

/// What is known of a chapter without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChapterInfo {
    /// The checkpoint that ends it.
    pub epoch: Epoch,
    /// How many frames entered.
    pub messages: u64,
    /// When the checkpoint was saved, in milliseconds since the beginning of 1970.
    pub saved_at: u64,
    /// The workers.
    pub crew: Crew,
    /// How many bytes it takes.
    pub bytes: u64,
}

/// How much a recording holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HistorySummary {
    /// The epoch of its base.
    pub from: Epoch,
    /// The epoch of its last chapter.
    pub to: Epoch,
    /// How many frames entered in its chapters.
    pub messages: u64,
    /// How many bytes its chapters take.
    pub bytes: u64,
}

impl Recording {
    /// Opens a recording: a resilience directory with history, or an exported file.
    ///
    /// # Errors
    ///
    /// It is none, is damaged, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, ResilienceError> {
        if path.is_dir() { Self::of_directory(path) } else { Self::of_file(path) }
    }

    fn of_directory(directory: &Path) -> Result<Self, ResilienceError> {
        let file = directory.join(HISTORY_FILE);
        let nothing = if emptying::is_begun(directory) {
            Some("it was reset, and nothing has been saved in it since")
        } else if !directory.join(DIRECTORY_FILE).exists() {
            Some("it has no directory.sqlite, so it is no resilience directory")
        } else {
            let reason = "it has no history.sqlite: run with --history to have one";
            (!file.exists()).then_some(reason)
        };
        if let Some(reason) = nothing {
            return Err(no_recording(directory, reason));
        }
        let copies = TemporaryDirectory::new();
        let copies = copies.map_err(|error| ResilienceError::system(&env::temp_dir(), error))?;
        {
            // Until all is copied.
            let _held = reading::hold(directory);
            let names = [directory.join(DIRECTORY_FILE), file.clone()];
            copy_databases(&names, copies.path(), || Ok(()))?;
        }
        let owner = copies.path().join(DIRECTORY_FILE);
        let owner = owner_of(&Database::read(&owner, directory.join(DIRECTORY_FILE), FORMAT)?)?;
        let database = Database::read(&copies.path().join(HISTORY_FILE), file, HISTORY_FORMAT);
        let read = database.and_then(|database| Self::read(database, Some(owner.identity)));
        let read = read.map_err(ResilienceError::of_recording)?;
        Ok(Self { _copies: Some(copies), ..read })
    }

    fn of_file(path: &Path) -> Result<Self, ResilienceError> {
        if !path.exists() {
            return Err(no_recording(path, "it does not exist"));
        }
        let read = Database::read(path, path.to_owned(), HISTORY_FORMAT).and_then(|database| {
            // Another program's, or another file of a directory.
            let query = "SELECT count(*) FROM sqlite_schema WHERE name IN ('recording', 'extent')";
            if database.number(query)? == 0 {
                return Err(no_recording(path, "it is another file of a resilience directory"));
            }
            database.keep_log()?;
            Self::read(database, None)
        });
        read.map_err(|error| match error {
            ResilienceError::Damaged { .. } if !begins_as_ours(path) => {
                no_recording(path, "it is no file of a history, or its beginning is damaged")
            }
            other => other.of_recording(),
        })
    }

    /// Reads the history of a directory with this random number, of a copy. `None` reads that of any directory.
    pub(crate) fn read(
        database: Database,
        directory: Option<u64>,
    ) -> Result<Self, ResilienceError> {
        let Some(found) = find(&database)? else {
            return Err(no_recording(&database.path, "no run has begun a recording in it yet"));
        };
        if directory.is_some_and(|directory| directory != found.directory) {
            let reason = "it is the history of another directory, or of this one before a reset";
            return Err(no_recording(&database.path, reason));
        }
        Ok(Self { database, found, _copies: None })
    }

    /// Of which run it is.
    pub fn identity(&self) -> &Identity {
        &self.found.identity
    }

    /// The file, as it is named in errors.
    pub fn path(&self) -> &Path {
        &self.database.path
    }

    /// The random number of its directory.
    pub(super) fn directory(&self) -> u64 {
        self.found.directory
    }

    /// The epoch of its base.
    pub fn first(&self) -> Epoch {
        self.found.extent.base
    }

    /// The epoch of its last chapter; that of its base if it has none.
    pub fn last(&self) -> Epoch {
        self.found.extent.last
    }

    /// Its chapters, in order. The first follows the base, and each the one before.
    pub fn chapters(&self) -> impl ExactSizeIterator<Item = ChapterInfo> + DoubleEndedIterator {
        self.found.chapters.iter().map(|row| {
            let ChapterRow { epoch, messages, saved_at, crew, .. } = *row;
            ChapterInfo { epoch, messages, saved_at, crew, bytes: row.bytes() }
        })
    }

    /// How much it holds.
    pub fn summary(&self) -> HistorySummary {
        let (mut messages, mut bytes) = (0_u64, 0_u64);
        for chapter in self.chapters() {
            messages = messages.saturating_add(chapter.messages);
            bytes = bytes.saturating_add(chapter.bytes);
        }
        HistorySummary { from: self.first(), to: self.last(), messages, bytes }
    }

    /// All partitions at the beginning, by state and key.
    ///
    /// # Errors
    ///
    /// It is damaged or cannot be read.
    pub fn base(&self) -> Result<Base, ResilienceError> {
        self.base_at(self.first())
    }

    /// All partitions at the end of this chapter, or at the beginning, by state and key.
    ///
    /// # Errors
    ///
    /// It has no such chapter, is damaged or cannot be read.
    pub fn base_at(&self, epoch: Epoch) -> Result<Base, ResilienceError> {
        let extent = &self.found.extent;
        let end = if epoch == extent.base {
            extent.first_change
        } else {
            let (row, _, first_change) = self.row(epoch)?;
            first_change + row.changes
        };
        let read = self.database.act(|connection| {
            let mut all = BTreeMap::new();
            put(&mut all, rows::base(connection, self.found.seal, extent)?);
            let changes = extent.first_pending..end;
            rows::each_change(connection, self.found.seal, changes, |_, _, changed| {
                put(&mut all, changed);
                Ok(true)
            })?;
            Ok(all)
        });
        let mut all = read.map_err(ResilienceError::of_recording)?;
        all.retain(|_, partition| !partition.is_gone());
        let partitions = by_state(all);
        Ok(Base { epoch, partitions })
    }

    /// What happened in a chapter.
    ///
    /// # Errors
    ///
    /// It has no such chapter, is damaged or cannot be read.
    pub fn chapter(&self, epoch: Epoch) -> Result<Chapter, ResilienceError> {
        let (row, first_log, _) = self.row(epoch)?;
        let read = |connection: &_| rows::chapter(connection, self.found.seal, row, first_log);
        self.database.act(read).map_err(ResilienceError::of_recording)
    }

    /// The partitions that the checkpoint saved that ends a chapter, by state and key.
    ///
    /// # Errors
    ///
    /// It has no such chapter, is damaged or cannot be read.
    pub fn changes(&self, epoch: Epoch) -> Result<Vec<SavedState>, ResilienceError> {
        let (row, _, first) = self.row(epoch)?;
        let read = self.database.act(|connection| {
            let (mut all, range) = (BTreeMap::new(), first..first + row.changes);
            rows::each_change(connection, self.found.seal, range, |_, _, changed| {
                put(&mut all, changed);
                Ok(true)
            })?;
            Ok(all)
        });
        Ok(by_state(read.map_err(ResilienceError::of_recording)?))
    }

    /// The row of a chapter, and the first of its rows of `log` and `change`.
    fn row(&self, epoch: Epoch) -> Result<(&ChapterRow, u64, u64), ResilienceError> {
        let Found { extent, chapters, .. } = &self.found;
        let (mut log, mut change) = (extent.first_log, extent.first_change);
        for row in chapters {
            if row.epoch == epoch {
                return Ok((row, log, change));
            }
            (log, change) = (log + row.logs, change + row.changes);
        }
        let (first, last) = (extent.base, extent.last);
        let reason = format!(
            "its recording is from checkpoint {first} to {last}: {epoch} is none of its chapters"
        );
        Err(ResilienceError::refused(&self.database.path, reason))
    }
}

/// Whether a file begins as one of `SQLite` that is marked as ours.
fn begins_as_ours(path: &Path) -> bool {
    let mut header = [0; HEADER];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    let mark = APPLICATION_ID.to_be_bytes();
    read.is_ok() && header.starts_with(b"SQLite format 3\0") && header.ends_with(&mark)
}

fn no_recording(path: &Path, reason: &str) -> ResilienceError {
    ResilienceError::NoRecording { path: path.to_owned(), reason: reason.to_owned() }
}

/// The newest of each partition.
type Partitions = BTreeMap<(Arc<str>, Key), SavedPartition>;

fn put(all: &mut Partitions, changed: rows::Changed) {
    for (state, partition) in changed {
        all.insert((state, partition.key.clone()), partition);
    }
}

fn by_state(all: Partitions) -> Vec<SavedState> {
    let mut states: Vec<SavedState> = Vec::new();
    for ((state, _), partition) in all {
        match states.last_mut() {
            Some((last, partitions)) if *last == state => partitions.push(partition),
            _ => states.push((state, vec![partition])),
        }
    }
    states
}
