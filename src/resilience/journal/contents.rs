//! What a journal's file holds, read and checked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use rusqlite::Row;

use super::tail;
use super::tail::Said;
use crate::core::frames::pieces::Pieces;
use crate::resilience::database::Database;
use crate::resilience::error::ResilienceError;
use crate::resilience::position::{JournalPosition, Slot};
use crate::resilience::sealed::{Seal, select, signed, unsigned};

/// A slot of a pipeline.
pub(crate) type PipelineSlot = (Arc<str>, Slot);

/// A row that has not been dropped.
#[derive(Debug)]
pub(crate) struct LiveRow {
    pub row: u64,
    pub slot: PipelineSlot,
    pub frames: u64,
    pub bytes: u64,
}

/// What has been dropped of a slot.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Trimmed {
    /// The last row, with all of its frames.
    pub last: JournalPosition,
    /// How many rows.
    pub rows: u64,
}

/// What a journal's file holds, without the frames themselves.
#[derive(Debug)]
pub(crate) struct Contents {
    pub seal: Seal,
    pub last_row: u64,
    pub live: VecDeque<LiveRow>,
    pub trimmed: BTreeMap<PipelineSlot, Trimmed>,
}

impl Contents {
    /// Reads a journal, and checks that it has every frame that had not been taken at these positions.
    /// The tail was read before.
    pub fn read(
        database: &Database,
        directory: u64,
        tail: Said,
        positions: &JournalPositions,
    ) -> Result<Self, ResilienceError> {
        let seal = Seal::of_journal(directory);
        let trimmed = read_trimmed(database, seal)?;
        for (slot, trimmed) in &trimmed {
            let position = positions.get(slot).copied().unwrap_or_default();
            if position < trimmed.last {
                let reason = "it has dropped frames that the newest whole checkpoint needs";
                return Err(database.damaged(reason));
            }
        }
        let mut live = VecDeque::new();
        let mut row = 0;
        while let Some(found) = read_after(database, seal, row)? {
            row = found.row;
            let (frames, bytes) = (found.pieces.len() as u64, found.pieces.bytes().len() as u64);
            live.push_back(LiveRow { row, slot: (found.pipeline, found.slot), frames, bytes });
        }
        let last_row = trimmed.values().map(|trimmed| trimmed.last.row).max().unwrap_or(0).max(row);
        let dropped = trimmed.values().fold(0_u64, |sum, trimmed| sum.saturating_add(trimmed.rows));
        if dropped.checked_add(live.len() as u64) != Some(last_row) {
            return Err(database.damaged("rows of it are missing"));
        }
        match tail {
            Said::Missing if last_row > 0 => {
                Err(ResilienceError::missing(&tail::path(&database.path)))
            }
            Said::Row { row, .. } if last_row < row => {
                let reason = format!("it ends at row {last_row}, and row {row} had been written");
                Err(database.damaged(reason))
            }
            Said::Missing | Said::Torn | Said::Row { .. } => {
                Ok(Self { seal, last_row, live, trimmed })
            }
        }
    }
}

/// The first row after this one.
pub(crate) fn read_after(
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

fn read_trimmed(
    database: &Database,
    seal: Seal,
) -> Result<BTreeMap<PipelineSlot, Trimmed>, ResilienceError> {
    let all = "SELECT pipeline, slot, row, frames, rows, checksum FROM trimmed";
    let read = |row: &Row<'_>| {
        let pipeline: String = row.get(0)?;
        let [slot, last, frames, rows] =
            [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?].map(unsigned);
        let last = JournalPosition { row: last, frames };
        Ok(((Arc::from(pipeline), Slot(slot)), Trimmed { last, rows }))
    };
    let changed = || "the row of what it has dropped has changed".to_owned();
    let mut found = BTreeMap::new();
    for (slot, trimmed) in select(database, Some(seal), (all, ()), read, |_| changed())? {
        if found.insert(slot, trimmed).is_some() {
            return Err(database.damaged(changed()));
        }
    }
    Ok(found)
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<Replayed> {
    let [number, slot, offset] = [row.get(0)?, row.get(2)?, row.get(4)?].map(unsigned);
    let (pipeline, source): (String, String) = (row.get(1)?, row.get(3)?);
    let (ends, bytes): (Vec<u8>, Vec<u8>) = (row.get(5)?, row.get(6)?);
    Ok(Replayed {
        row: number,
        pipeline: pipeline.into(),
        slot: Slot(slot),
        source: source.into(),
        pieces: Pieces::new(bytes.into(), unpacked(&ends), offset),
        done: 0,
    })
}

/// The bytes of where a frame ends.
pub(crate) const END_BYTES: u64 = 4;

/// Where frames end, as 4 bytes each, little-endian.
pub(crate) fn packed(ends: &[u32]) -> Vec<u8> {
    ends.iter().flat_map(|end| end.to_le_bytes()).collect()
}

fn unpacked(bytes: &[u8]) -> Vec<u32> {
    let ends = bytes.as_chunks::<4>().0.iter();
    ends.map(|end| u32::from_le_bytes(*end)).collect()
}

/// How far each slot of each pipeline had been taken.
pub type JournalPositions = BTreeMap<PipelineSlot, JournalPosition>;

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
    /// The frames, each a piece.
    pub pieces: Pieces,
    /// How many of the frames are done already.
    pub done: u64,
}
