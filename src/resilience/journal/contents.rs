//! What a journal holds, checked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use rusqlite::Row;

use super::tail;
use super::tail::Said;
use crate::core::frames::pieces::Pieces;
use crate::resilience::database::Database;
use crate::resilience::error::ResilienceError;
use crate::resilience::position::{JournalPosition, Slot};
use crate::resilience::sealed::{Seal, select, unsigned};

/// A slot of a pipeline.
pub(crate) type PipelineSlot = (Arc<str>, Slot);

/// A row that has not been dropped.
#[derive(Debug)]
pub(crate) struct LiveRow {
    pub row: u64,
    pub slot: PipelineSlot,
    pub frames: u64,
    pub bytes: u64,
    pub place: Place,
}

/// Where a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    /// The number of the first row of its row file.
    pub row_file: u64,
    /// Where it begins in the row file.
    pub offset: u64,
    /// How many bytes it has there.
    pub length: u64,
}

/// What has been dropped of a slot.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Trimmed {
    /// The last row, with all of its frames.
    pub last: JournalPosition,
    /// How many rows.
    pub rows: u64,
}

/// What a journal holds, without the frames themselves.
#[derive(Debug)]
pub(crate) struct Contents {
    pub seal: Seal,
    pub last_row: u64,
    pub live: VecDeque<LiveRow>,
    pub trimmed: BTreeMap<PipelineSlot, Trimmed>,
}

impl Contents {
    /// Reads what a journal has dropped, and checks that it has every frame that had not been taken at these positions. The
    /// tail and then its rows were read before.
    pub fn read(
        database: &Database,
        directory: u64,
        tail: Said,
        rows: Vec<LiveRow>,
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
        let dropped = |row: &LiveRow| {
            trimmed.get(&row.slot).is_some_and(|trimmed| row.row <= trimmed.last.row)
        };
        let live: VecDeque<_> = rows.into_iter().filter(|row| !dropped(row)).collect();
        let row = live.back().map_or(0, |row| row.row);
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
