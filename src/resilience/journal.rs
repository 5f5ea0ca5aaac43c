//! The journal: frames of sources that cannot be read again, written before they are processed.
//!
//! Invariants: rows are numbered in the order in which they were written, and no number is given
//! twice; a row names the row before it in its slot, so that a missing one is found out; only rows
//! that a whole checkpoint has left behind are dropped.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row};

use super::checksum::Checksum;
use super::database::{Database, Durability, signed, unsigned};
use super::decision::frames_done;
use super::error::ResilienceError;
use super::position::{JournalPosition, Slot};
use crate::core::frames::Frames;

const TABLES: &str = "
    CREATE TABLE frames (
        row INTEGER PRIMARY KEY, pipeline TEXT NOT NULL, slot INTEGER NOT NULL,
        previous INTEGER NOT NULL, source TEXT NOT NULL, at INTEGER NOT NULL,
        ends BLOB NOT NULL, bytes BLOB NOT NULL, checksum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE trimmed (
        pipeline TEXT NOT NULL, slot INTEGER NOT NULL, row INTEGER NOT NULL,
        checksum INTEGER NOT NULL, PRIMARY KEY (pipeline, slot)
    ) STRICT, WITHOUT ROWID;";

/// A slot of a pipeline.
type Lane = (Arc<str>, Slot);

/// How far each slot of each pipeline had been taken.
pub type JournalPositions = BTreeMap<Lane, JournalPosition>;

/// Frames that are to be written.
pub struct Entry<'a> {
    /// The pipeline's name.
    pub pipeline: &'a Arc<str>,
    /// The slot of their connection.
    pub slot: Slot,
    /// The frames.
    pub frames: &'a Frames,
}

/// Frames as the journal gives them back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// Their row.
    pub row: u64,
    /// The pipeline's name.
    pub pipeline: Arc<str>,
    /// Their slot.
    pub slot: Slot,
    /// The name of the source or connection that had read them.
    pub source: Arc<str>,
    /// How many bytes after the beginning of that source they start.
    pub offset: u64,
    /// Where each frame ends in `bytes`.
    pub ends: Vec<u32>,
    /// The frames.
    pub bytes: Vec<u8>,
    /// How many of the frames are done already.
    pub done: u64,
}

/// A row that has not been trimmed.
#[derive(Debug)]
struct LiveRow {
    row: u64,
    lane: Lane,
    frames: u64,
}

/// The journal.
#[derive(Debug)]
pub struct Journal {
    database: Database,
    last_row: u64,
    last_of: BTreeMap<Lane, u64>,
    live: VecDeque<LiveRow>,
}

impl Journal {
    /// Makes or opens a journal, and checks that it has every frame that had not been taken at
    /// these positions.
    pub(super) fn open(
        path: PathBuf,
        durability: Durability,
        positions: &JournalPositions,
    ) -> Result<Self, ResilienceError> {
        let database = Database::create(path, TABLES, durability)?;
        let mut journal = Self {
            last_row: 0,
            last_of: read_trimmed(&database)?,
            live: VecDeque::new(),
            database,
        };
        for (lane, trimmed) in &journal.last_of {
            let position = positions.get(lane).copied().unwrap_or_default();
            if position.row < *trimmed {
                let reason = "it has dropped frames that the newest whole checkpoint needs";
                return Err(journal.database.damaged(reason));
            }
        }
        let mut row = 0;
        while let Some((found, previous)) = journal.read_after(row)? {
            row = found.row;
            let lane = (found.pipeline, found.slot);
            let frames = found.ends.len() as u64;
            if journal.last_of.insert(lane.clone(), row).unwrap_or_default() != previous {
                return Err(journal.database.damaged(format!("a row before row {row} is missing")));
            }
            journal.live.push_back(LiveRow { row, lane, frames });
        }
        let taken = positions.values().map(|position| position.row);
        journal.last_row = journal.last_of.values().copied().chain(taken).max().unwrap_or(0);
        Ok(journal)
    }

    /// Writes frames. Returns the row of the first; each has the row after the one before.
    ///
    /// # Errors
    ///
    /// They cannot be written: none of them is in the journal.
    pub fn append(&mut self, entries: &[Entry<'_>]) -> Result<u64, ResilienceError> {
        let Self { database, last_row, last_of, live } = self;
        let first = *last_row + 1;
        database.transact(|connection| {
            for entry in entries {
                let row = *last_row + 1;
                let lane = (Arc::clone(entry.pipeline), entry.slot);
                let previous = last_of.insert(lane.clone(), row).unwrap_or_default();
                insert(connection, row, previous, entry)?;
                live.push_back(LiveRow { row, lane, frames: entry.frames.len() as u64 });
                *last_row = row;
            }
            Ok(())
        })?;
        Ok(first)
    }

    /// Drops the frames that had been taken at the positions of a whole checkpoint.
    ///
    /// # Errors
    ///
    /// The journal cannot be written.
    pub fn trim(&mut self, positions: &JournalPositions) -> Result<(), ResilienceError> {
        let Self { database, live, .. } = self;
        let done = |row: &LiveRow| {
            let position = positions.get(&row.lane).copied().unwrap_or_default();
            frames_done(position, row.row, row.frames).is_none()
        };
        let mut trimmed: BTreeMap<&Lane, u64> = BTreeMap::new();
        database.transact(|connection| {
            for row in live.iter().filter(|row| done(row)) {
                connection
                    .prepare_cached("DELETE FROM frames WHERE row = ?1")?
                    .execute([signed(row.row)])?;
                trimmed.insert(&row.lane, row.row);
            }
            for ((pipeline, slot), row) in trimmed {
                let checksum = checksum_of_trimmed(pipeline, *slot, row);
                connection
                    .prepare_cached("INSERT OR REPLACE INTO trimmed VALUES (?1, ?2, ?3, ?4)")?
                    .execute((&**pipeline, signed(slot.0), signed(row), checksum))?;
            }
            Ok(())
        })?;
        live.retain(|row| !done(row));
        Ok(())
    }

    /// How many rows it holds.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.live.len()
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
        while let Some((mut found, _)) = self.read_after(row)? {
            row = found.row;
            let lane = (Arc::clone(&found.pipeline), found.slot);
            let position = positions.get(&lane).copied().unwrap_or_default();
            if let Some(done) = frames_done(position, row, found.ends.len() as u64) {
                found.done = done;
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The first row after this one, and the row before it in its slot.
    fn read_after(&self, row: u64) -> Result<Option<(Replayed, u64)>, ResilienceError> {
        let found = self.database.act(|connection| {
            connection
                .prepare_cached(
                    "SELECT row, pipeline, slot, previous, source, at, ends, bytes, checksum
                     FROM frames WHERE row > ?1 ORDER BY row LIMIT 1",
                )?
                .query_row([signed(row)], read_row)
                .optional()
        })?;
        let Some((found, previous, checksum)) = found else { return Ok(None) };
        let named = (&*found.pipeline, &*found.source);
        let Replayed { row, slot, offset, ends, bytes, .. } = &found;
        if self::checksum(*row, *slot, previous, named, *offset, &packed(ends), bytes) != checksum {
            return Err(self.database.damaged(format!("row {} has changed", found.row)));
        }
        Ok(Some((found, previous)))
    }
}

fn read_trimmed(database: &Database) -> Result<BTreeMap<Lane, u64>, ResilienceError> {
    let rows = database.act(|connection| {
        let all = "SELECT pipeline, slot, row, checksum FROM trimmed";
        let columns = |row: &Row<'_>| {
            let pipeline: String = row.get(0)?;
            let [slot, row, checksum]: [i64; 3] = [row.get(1)?, row.get(2)?, row.get(3)?];
            Ok(((Arc::from(pipeline), Slot(unsigned(slot))), unsigned(row), checksum))
        };
        connection.prepare(all)?.query_map((), columns)?.collect::<Result<Vec<_>, _>>()
    })?;
    let mut trimmed = BTreeMap::new();
    for (lane, row, checksum) in rows {
        if checksum_of_trimmed(&lane.0, lane.1, row) != checksum {
            return Err(database.damaged("the row of what it has dropped has changed"));
        }
        trimmed.insert(lane, row);
    }
    Ok(trimmed)
}

fn checksum_of_trimmed(pipeline: &str, slot: Slot, row: u64) -> i64 {
    Checksum::new().bytes(pipeline.as_bytes()).number(signed(slot.0)).number(signed(row)).finish()
}

fn insert(
    connection: &Connection,
    row: u64,
    previous: u64,
    entry: &Entry<'_>,
) -> rusqlite::Result<()> {
    let Entry { pipeline, slot, frames } = entry;
    let (source, offset) = (frames.source(), frames.offset(0));
    let ends = packed(frames.ends());
    let named = (&***pipeline, &**source);
    let checksum = checksum(row, *slot, previous, named, offset, &ends, frames.bytes());
    connection
        .prepare_cached("INSERT INTO frames VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
        .execute((
            signed(row),
            &***pipeline,
            signed(slot.0),
            signed(previous),
            &**source,
            signed(offset),
            ends,
            &**frames.bytes(),
            checksum,
        ))
        .map(drop)
}

/// A row with the row before it in its slot, and its checksum.
fn read_row(row: &Row<'_>) -> rusqlite::Result<(Replayed, u64, i64)> {
    let (number, slot, previous, offset): (i64, i64, i64, i64) =
        (row.get(0)?, row.get(2)?, row.get(3)?, row.get(5)?);
    let (pipeline, source): (String, String) = (row.get(1)?, row.get(4)?);
    let ends: Vec<u8> = row.get(6)?;
    let replayed = Replayed {
        row: unsigned(number),
        pipeline: pipeline.into(),
        slot: Slot(unsigned(slot)),
        source: source.into(),
        offset: unsigned(offset),
        ends: unpacked(&ends),
        bytes: row.get(7)?,
        done: 0,
    };
    Ok((replayed, unsigned(previous), row.get(8)?))
}

fn checksum(
    row: u64,
    slot: Slot,
    previous: u64,
    (pipeline, source): (&str, &str),
    offset: u64,
    ends: &[u8],
    bytes: &[u8],
) -> i64 {
    Checksum::new()
        .number(signed(row))
        .bytes(pipeline.as_bytes())
        .number(signed(slot.0))
        .number(signed(previous))
        .bytes(source.as_bytes())
        .number(signed(offset))
        .bytes(ends)
        .bytes(bytes)
        .finish()
}

/// Where frames end, as 4 bytes each, little-endian.
fn packed(ends: &[u32]) -> Vec<u8> {
    ends.iter().flat_map(|end| end.to_le_bytes()).collect()
}

fn unpacked(bytes: &[u8]) -> Vec<u32> {
    let ends = bytes.as_chunks::<4>().0.iter();
    ends.map(|end| u32::from_le_bytes(*end)).collect()
}
