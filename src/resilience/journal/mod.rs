//! The journal: frames of sources that cannot be read again, written before they are processed.
//!
//! Invariants: rows are numbered without gaps in the order in which they were written, and no number is
//! given twice; the number of dropped rows is counted, so that a missing row is detected; a row is dropped
//! only when a whole checkpoint has all of its frames. The tail, a file of its own, detects that the newest
//! rows are missing.

pub(super) mod attempts;
pub(super) mod attempts_file;
pub(super) mod contents;
pub(super) mod tail;

use std::collections::BTreeMap;
use std::fs::File;
use std::mem;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::checkpoints::decision::frames_done;
use super::database::Database;
use super::directory::Directory;
use super::error::ResilienceError;
use super::position::{JournalPosition, Slot};
use super::sealed::{self, Seal, integer, signed};
use crate::core::frames::Frames;
use contents::{
    Contents, END_BYTES, JournalPositions, LiveRow, PipelineSlot, Replayed, Trimmed, packed,
    read_after,
};
use tail::Tail;

const TABLES: &str = "
    CREATE TABLE frames (
        row INTEGER PRIMARY KEY, pipeline TEXT NOT NULL, slot INTEGER NOT NULL,
        source TEXT NOT NULL, at INTEGER NOT NULL, ends BLOB NOT NULL, bytes BLOB NOT NULL,
        checksum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE trimmed (
        pipeline TEXT NOT NULL, slot INTEGER NOT NULL, row INTEGER NOT NULL,
        frames INTEGER NOT NULL, rows INTEGER NOT NULL, checksum INTEGER NOT NULL,
        PRIMARY KEY (pipeline, slot)
    ) STRICT, WITHOUT ROWID;";

/// Frames that are to be written.
pub struct Entry<'a> {
    /// The pipeline's name.
    pub pipeline: &'a Arc<str>,
    /// The slot of their connection.
    pub slot: Slot,
    /// The frames.
    pub frames: &'a Frames,
}

/// The journal.
#[derive(Debug)]
pub struct Journal {
    database: Database,
    contents: Contents,
    tail: Tail,
    /// The bytes of all live frames.
    bytes: u64,
    /// The bytes of the rows that were written since it was trimmed.
    written: u64,
    /// The directory's. Dropped last: no other process may take the directory while a file is still open.
    _lock: Arc<File>,
}

impl Journal {
    /// Makes or opens the journal of a directory, and checks that it has every frame that had not
    /// been taken at these positions.
    pub(super) fn open(
        path: PathBuf,
        of: &Directory,
        positions: &JournalPositions,
    ) -> Result<Self, ResilienceError> {
        let (directory, durability) = (of.identity(), of.durability());
        let said = tail::read(&path, Seal::of_journal(directory))?;
        let database = Database::create(path, TABLES, durability)?;
        let contents = Contents::read(&database, directory, said, positions)?;
        let taken = positions.values().map(|position| position.row).max().unwrap_or(0);
        if taken > contents.last_row {
            let last = contents.last_row;
            let reason = format!("it ends at row {last}, and row {taken} is in the checkpoint");
            return Err(database.damaged(reason));
        }
        let Contents { seal, last_row, .. } = contents;
        let tail = Tail::open(&database.path, durability, seal, said, last_row)?;
        database.make_shortenable()?;
        // What was dropped before the last run died.
        database.give_back_room(0);
        let bytes = contents.live.iter().map(|row| row.bytes).sum();
        Ok(Self { database, contents, tail, bytes, written: 0, _lock: of.lock() })
    }

    /// Writes frames. Returns the row of the first; each has the row after the one before.
    ///
    /// # Errors
    ///
    /// They cannot be written. They must not be processed; a later start may replay them.
    pub fn append(&mut self, entries: &[Entry<'_>]) -> Result<u64, ResilienceError> {
        let Self {
            database,
            contents: Contents { seal, last_row, live, .. },
            tail,
            bytes: sum,
            written,
            ..
        } = self;
        let first = *last_row + 1;
        database.transact(|connection| {
            for (row, entry) in (first..).zip(entries) {
                insert(connection, *seal, row, entry)?;
            }
            Ok(())
        })?;
        for (row, Entry { pipeline, slot, frames }) in (first..).zip(entries) {
            let slot = (Arc::clone(pipeline), *slot);
            let (frames, bytes) = (frames.len() as u64, frames.bytes().len() as u64);
            live.push_back(LiveRow { row, slot, frames, bytes });
            *sum += bytes;
            *written += bytes + frames * END_BYTES;
            *last_row = row;
        }
        tail.set(*last_row)?;
        Ok(first)
    }

    /// Drops the frames that had been taken at the positions of a whole checkpoint.
    ///
    /// # Errors
    ///
    /// The journal cannot be written. It is unchanged.
    pub fn trim(&mut self, positions: &JournalPositions) -> Result<(), ResilienceError> {
        let Self { database, contents: Contents { seal, live, trimmed, .. }, written, .. } = self;
        let done = |row: &LiveRow| {
            let position = positions.get(&row.slot).copied().unwrap_or_default();
            frames_done(position, row.row, row.frames).is_none()
        };
        let mut changed: BTreeMap<PipelineSlot, Trimmed> = BTreeMap::new();
        database.transact(|connection| {
            for LiveRow { row, slot, frames, .. } in live.iter().filter(|row| done(row)) {
                connection
                    .prepare_cached("DELETE FROM frames WHERE row = ?1")?
                    .execute([signed(*row)])?;
                let before = || trimmed.get(slot).copied().unwrap_or_default();
                let of_slot = changed.entry(slot.clone()).or_insert_with(before);
                let last = JournalPosition { row: *row, frames: *frames };
                *of_slot = Trimmed { last, rows: of_slot.rows + 1 };
            }
            changed
                .iter()
                .try_for_each(|(slot, of_slot)| insert_trimmed(connection, *seal, slot, *of_slot))
        })?;
        let before = live.len();
        live.retain(|row| !done(row));
        let written = mem::take(written);
        if live.is_empty() && before > 0 {
            // All of it: a dropped frame may be a secret, and nothing may come after it.
            database.give_back_room(0);
            database.empty_log();
        } else if live.len() < before {
            // As much again will come before the next one.
            database.give_back_room(written);
        }
        self.bytes = live.iter().map(|row| row.bytes).sum();
        trimmed.extend(changed);
        Ok(())
    }

    /// Whether it holds this row.
    pub fn is_live(&self, row: u64) -> bool {
        self.contents.live.binary_search_by_key(&row, |live| live.row).is_ok()
    }

    /// How many rows it holds.
    pub fn rows(&self) -> usize {
        self.contents.live.len()
    }

    /// How many bytes of frames it holds.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The frames of the first row after `row` that had not all been taken at these positions.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn replay_after(
        &self,
        mut row: u64,
        positions: &JournalPositions,
    ) -> Result<Option<Replayed>, ResilienceError> {
        while let Some(mut found) = read_after(&self.database, self.contents.seal, row)? {
            row = found.row;
            let slot = (Arc::clone(&found.pipeline), found.slot);
            let position = positions.get(&slot).copied().unwrap_or_default();
            if let Some(done) = frames_done(position, row, found.pieces.len() as u64) {
                found.done = done;
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // A dropped frame may be a secret.
        self.database.give_back_room(0);
    }
}

fn insert_trimmed(
    connection: &Connection,
    seal: Seal,
    (pipeline, slot): &PipelineSlot,
    Trimmed { last: JournalPosition { row, frames }, rows }: Trimmed,
) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare_cached("INSERT OR REPLACE INTO trimmed VALUES (?, ?, ?, ?, ?, ?)")?;
    let [slot, row, frames, rows] = [slot.0, row, frames, rows].map(integer);
    let columns = [ValueRef::from(&**pipeline), slot, row, frames, rows];
    sealed::insert(&mut statement, Some(seal), columns)
}

fn insert(
    connection: &Connection,
    seal: Seal,
    row: u64,
    entry: &Entry<'_>,
) -> rusqlite::Result<()> {
    let Entry { pipeline, slot, frames } = entry;
    let ends = packed(frames.ends());
    let mut statement =
        connection.prepare_cached("INSERT INTO frames VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
    let columns = [
        integer(row),
        ValueRef::from(&***pipeline),
        integer(slot.0),
        ValueRef::from(&**frames.source()),
        integer(frames.offset(0)),
        ValueRef::Blob(&ends),
        ValueRef::Blob(frames.bytes()),
    ];
    sealed::insert(&mut statement, Some(seal), columns)
}
