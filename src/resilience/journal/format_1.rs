//! Journals of format 1, whose rows are in a table: how they are read, and moved into row files.

use rusqlite::Row;

use super::contents::{LiveRow, Place, Replayed};
use super::row::{Columns, Rows};
use super::row_file_names::remove_all;
use super::row_files::RowFiles;
use crate::core::frames::pieces::Pieces;
use crate::resilience::database::{Database, FORMAT, JOURNAL_FORMAT};
use crate::resilience::error::ResilienceError;
use crate::resilience::position::Slot;
use crate::resilience::sealed::{Seal, select, signed, unsigned};

/// How many bytes of frames are moved together.
const TOGETHER: usize = 8 * 1024 * 1024;

/// Whether the rows of a journal are in its table.
pub(crate) fn is_of(database: &Database) -> Result<bool, ResilienceError> {
    Ok(database.format()? == FORMAT)
}

/// The rows of the table.
pub(crate) fn rows(database: &Database, seal: Seal) -> Result<Vec<LiveRow>, ResilienceError> {
    let (mut rows, mut row) = (Vec::new(), 0);
    while let Some(found) = read_after(database, seal, row)? {
        row = found.row;
        let (frames, bytes) = (found.pieces.len() as u64, found.pieces.bytes().len() as u64);
        let (slot, place) = ((found.pipeline, found.slot), Place::default());
        rows.push(LiveRow { row, slot, frames, bytes, place });
    }
    Ok(rows)
}

/// Moves the rows of the table into row files. They count there from the moment when the table is gone.
pub(crate) fn migrate(
    database: &mut Database,
    mut row_files: RowFiles,
    seal: Seal,
) -> Result<(), ResilienceError> {
    // What a migration that was killed has left.
    remove_all(row_files.folder())?;
    let mut row = 0;
    loop {
        let found = read_some_after(database, seal, row)?;
        let (Some(first), Some(last)) = (found.first(), found.last()) else { break };
        row = last.row;
        let mut rows = Rows::new(seal);
        for Replayed { row, pipeline, slot, source, pieces, .. } in &found {
            let (at, ends, bytes) = (pieces.offset(0), pieces.ends(), pieces.bytes());
            rows.push(&Columns { row: *row, pipeline, slot: *slot, source, at, ends, bytes });
        }
        row_files.append(first.row, &rows)?;
    }
    let end = format!("DROP TABLE frames; PRAGMA user_version = {JOURNAL_FORMAT};");
    database.transact(|connection| connection.execute_batch(&end))
}

/// The next rows of the table after this one, to be written together.
fn read_some_after(
    database: &Database,
    seal: Seal,
    mut row: u64,
) -> Result<Vec<Replayed>, ResilienceError> {
    let (mut some, mut bytes) = (Vec::new(), 0);
    while bytes < TOGETHER
        && let Some(found) = read_after(database, seal, row)?
    {
        row = found.row;
        bytes += found.pieces.bytes().len();
        some.push(found);
    }
    Ok(some)
}

/// The first row of the table after this one.
fn read_after(
    database: &Database,
    seal: Seal,
    row: u64,
) -> Result<Option<Replayed>, ResilienceError> {
    let next = "SELECT row, pipeline, slot, source, at, ends, bytes, checksum
                FROM frames WHERE row > ?1 ORDER BY row LIMIT 1";
    let changed = |found: &Replayed| format!("row {} has changed", found.row);
    let found = select(database, Some(seal), (next, [signed(row)]), read_row, changed)?.pop();
    match found {
        Some(found) if found.row <= row || !found.pieces.are_whole() => {
            Err(database.damaged(changed(&found)))
        }
        found => Ok(found),
    }
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<Replayed> {
    let [number, slot, offset] = [row.get(0)?, row.get(2)?, row.get(4)?].map(unsigned);
    let (pipeline, source): (String, String) = (row.get(1)?, row.get(3)?);
    let (ends, bytes): (Vec<u8>, Vec<u8>) = (row.get(5)?, row.get(6)?);
    let ends = ends.as_chunks::<4>().0.iter();
    let ends = ends.map(|end| u32::from_le_bytes(*end)).collect();
    Ok(Replayed {
        row: number,
        pipeline: pipeline.into(),
        slot: Slot(slot),
        source: source.into(),
        pieces: Pieces::new(bytes.into(), ends, offset),
        done: 0,
    })
}
