//! The journal: frames of sources that cannot be read again, written before they are processed.
//!
//! Invariants: rows are numbered without gaps in the order in which they were written, and no number is
//! given twice; the number of dropped rows is counted, so that a missing row is detected; a row is dropped
//! only when a whole checkpoint has all of its frames. The tail, a file of its own, detects that the newest
//! rows are missing.

pub(super) mod attempts;
pub(super) mod attempts_file;
pub(super) mod contents;
pub(super) mod format_1;
mod row;
pub(super) mod row_file_names;
mod row_files;
pub(super) mod scan;
pub(super) mod tail;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::checkpoints::decision::frames_done;
use super::database::{Database, Durability, JOURNAL_FORMAT, Layout};
use super::directory::Directory;
use super::error::ResilienceError;
use super::position::{JournalPosition, Slot};
use super::sealed::{self, Seal, integer};
use crate::core::frames::Frames;
use contents::{Contents, JournalPositions, LiveRow, PipelineSlot, Replayed, Trimmed};
use row::{Columns, Rows};
use row_files::RowFiles;
use scan::Scanned;
use tail::{Said, Tail};

const LAYOUT: Layout = Layout {
    tables: "
    CREATE TABLE trimmed (
        pipeline TEXT NOT NULL, slot INTEGER NOT NULL, row INTEGER NOT NULL,
        frames INTEGER NOT NULL, rows INTEGER NOT NULL, checksum INTEGER NOT NULL,
        PRIMARY KEY (pipeline, slot)
    ) STRICT, WITHOUT ROWID;",
    format: JOURNAL_FORMAT,
    known: JOURNAL_FORMAT,
};

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
    row_files: RowFiles,
    contents: Contents,
    tail: Tail,
    held: Held,
    /// The directory's. Dropped last: no other process may take the directory while a file is still open.
    _lock: Arc<File>,
}

/// What the live rows hold and take.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    /// The bytes of the frames.
    frames: u64,
    /// What the rows take in row files and in memory.
    room: u64,
}

impl Held {
    fn by<'a>(live: impl IntoIterator<Item = &'a LiveRow>) -> Self {
        let mut held = Self::default();
        live.into_iter().for_each(|row| held.add(row));
        held
    }

    fn add(&mut self, row: &LiveRow) {
        self.frames += row.bytes;
        self.room += row.place.length + size_of::<LiveRow>() as u64;
    }
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
        let (folder, seal) = (of.path(), Seal::of_journal(directory));
        if durability == Durability::Power {
            row_file_names::synchronize(folder)?;
        }
        let said = tail::read(&path, seal)?;
        let mut database = Database::create(path, &LAYOUT, durability)?;
        let row_files = || RowFiles::new(of);
        if format_1::is_of(&database)? {
            let rows = format_1::rows(&database, seal)?;
            whole(&database, directory, said, rows, positions)?;
            format_1::migrate(&mut database, row_files(), seal)?;
        }
        row_file_names::remove_new(folder)?;
        let found = Scanned::read(folder, seal, said)?;
        let contents = whole(&database, directory, said, found.rows, positions)?;
        let row_files = row_files().holding(&found.row_files, &contents.live)?;
        let tail = Tail::open(&database.path, durability, seal, said, contents.last_row)?;
        database.give_back_room();
        let held = Held::by(&contents.live);
        Ok(Self { database, row_files, contents, tail, held, _lock: of.lock() })
    }

    /// Writes frames. Returns the row of the first; each has the row after the one before.
    ///
    /// # Errors
    ///
    /// They cannot be written. They must not be processed; a later start may replay them.
    pub fn append(&mut self, entries: &[Entry<'_>]) -> Result<u64, ResilienceError> {
        let Self { row_files, contents: Contents { seal, last_row, live, .. }, tail, held, .. } =
            self;
        let first = *last_row + 1;
        let (mut rows, mut lengths) = (Rows::new(*seal), Vec::with_capacity(entries.len()));
        for (row, entry) in (first..).zip(entries) {
            lengths.push(rows.push(&columns(row, entry)));
        }
        let mut place = row_files.append(first, &rows)?;
        for (entry, length) in entries.iter().zip(lengths) {
            let Entry { pipeline, slot, frames } = entry;
            let slot = (Arc::clone(pipeline), *slot);
            let (frames, of_row) = (frames.len() as u64, frames.bytes().len() as u64);
            *last_row += 1;
            place.length = length;
            let row = LiveRow { row: *last_row, slot, frames, bytes: of_row, place };
            held.add(&row);
            live.push_back(row);
            row_files.add(place);
            place.offset += length;
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
        let Self { database, row_files, contents: Contents { seal, live, trimmed, .. }, .. } = self;
        let done = |row: &LiveRow| {
            let position = positions.get(&row.slot).copied().unwrap_or_default();
            frames_done(position, row.row, row.frames).is_none()
        };
        let mut changed: BTreeMap<PipelineSlot, Trimmed> = BTreeMap::new();
        for LiveRow { row, slot, frames, .. } in live.iter().filter(|row| done(row)) {
            let before = || trimmed.get(slot).copied().unwrap_or_default();
            let of_slot = changed.entry(slot.clone()).or_insert_with(before);
            let last = JournalPosition { row: *row, frames: *frames };
            *of_slot = Trimmed { last, rows: of_slot.rows + 1 };
        }
        if !changed.is_empty() {
            // Before any row file goes: a row that is missing and was not dropped is damage.
            database.transact(|connection| {
                changed.iter().try_for_each(|(slot, of_slot)| {
                    insert_trimmed(connection, *seal, slot, *of_slot)
                })
            })?;
        }
        live.retain(|row| {
            let done = done(row);
            if done {
                row_files.forget(row.place);
            }
            !done
        });
        row_files.remove_dropped();
        self.held = Held::by(&*live);
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
        self.held.frames
    }

    /// How many bytes its rows take in row files and in memory together. A row takes some hundred bytes, however short its
    /// frames are.
    pub fn room(&self) -> u64 {
        self.held.room
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
        let live = &self.contents.live;
        while let Some(next) = live.get(live.partition_point(|live| live.row <= row)) {
            row = next.row;
            let position = positions.get(&next.slot).copied().unwrap_or_default();
            if let Some(done) = frames_done(position, row, next.frames) {
                let found = self.row_files.read(next)?;
                return Ok(Some(Replayed { done, ..found }));
            }
        }
        Ok(None)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // A dropped frame may be a secret.
        self.row_files.forget_dropped(self.contents.live.iter().map(|row| row.place));
    }
}

/// What a journal with these rows holds. It must be up to the checkpoint.
fn whole(
    database: &Database,
    directory: u64,
    said: Said,
    rows: Vec<LiveRow>,
    positions: &JournalPositions,
) -> Result<Contents, ResilienceError> {
    let contents = Contents::read(database, directory, said, rows, positions)?;
    let taken = positions.values().map(|position| position.row).max().unwrap_or(0);
    let last = contents.last_row;
    if taken > last {
        let reason = format!("it ends at row {last}, and row {taken} is in the checkpoint");
        return Err(database.damaged(reason));
    }
    Ok(contents)
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

fn columns<'a>(row: u64, Entry { pipeline, slot, frames }: &Entry<'a>) -> Columns<'a> {
    Columns {
        row,
        pipeline,
        slot: *slot,
        source: frames.source(),
        at: frames.byte_offset(),
        ends: frames.ends(),
        bytes: frames.bytes(),
    }
}
