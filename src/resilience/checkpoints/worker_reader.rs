//! Reads the file of one worker. Every row is checked.

use std::collections::HashMap;
use std::path::PathBuf;

use rusqlite::Row;

use super::decision::FileSummary;
use super::worker_file::partition_of;
use crate::core::numbers::Epoch;
use crate::core::partitions::saved::SavedPartition;
use crate::resilience::database::Database;
use crate::resilience::error::ResilienceError;
use crate::resilience::position::{JournalPosition, Position, Slot};
use crate::resilience::sealed::{Seal, integers, is_whole, select, signed, unsigned};

/// What an epoch's row says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EpochRow {
    pub epoch: Epoch,
    pub first_row: u64,
    pub last_row: u64,
    pub positions: u64,
    /// Milliseconds since the beginning of 1970.
    pub saved_at: u64,
}

/// The file of one worker, to be read.
#[derive(Debug)]
pub(crate) struct WorkerReader {
    database: Database,
    seal: Seal,
    workers: u64,
    /// The epochs of the file, oldest first.
    epochs: Vec<EpochRow>,
}

impl WorkerReader {
    /// Reads what the open file of a worker in this generation of a directory says of itself.
    pub fn open(
        database: Database,
        directory: u64,
        generation: u64,
    ) -> Result<Self, ResilienceError> {
        let all = "SELECT directory, generation, worker, workers, checksum FROM worker";
        let changed = |_: &_| "the row of the worker has changed".to_owned();
        // The seal is among the columns.
        let found = select(&database, None, (all, ()), integers::<4>, changed)?;
        let [[of_directory, of_generation, worker, workers]] = *found.as_slice() else {
            return Err(database.damaged("it does not say whose it is"));
        };
        let seal = Seal { directory: of_directory, generation: of_generation, worker };
        if seal != (Seal { directory, generation, worker }) {
            return Err(database.damaged("it belongs to another directory or generation"));
        }
        let all = "SELECT epoch, first_row, last_row, positions, saved_at, checksum
                   FROM epoch ORDER BY epoch";
        let changed = |row: &EpochRow| format!("the row of checkpoint {} has changed", row.epoch);
        let epochs = select(&database, Some(seal), (all, ()), epoch_of, changed)?;
        Ok(Self { database, seal, workers, epochs })
    }

    /// What the file says about itself.
    pub fn summary(&self) -> FileSummary {
        FileSummary {
            worker: self.seal.worker,
            workers: self.workers,
            newest: self.epochs.last().map(|row| row.epoch),
            oldest: self.epochs.first().map(|row| row.epoch).unwrap_or_default(),
        }
    }

    /// What the file says of an epoch.
    pub fn epoch(&self, epoch: Epoch) -> Result<EpochRow, ResilienceError> {
        let found = self.epochs.iter().find(|row| row.epoch == epoch).copied();
        found.ok_or_else(|| self.database.damaged(format!("checkpoint {epoch} is missing")))
    }

    /// The positions of an epoch.
    pub fn positions(&self, epoch: Epoch) -> Result<Vec<Position>, ResilienceError> {
        let expected = self.epoch(epoch)?.positions;
        let of_epoch = "SELECT epoch, kind, pipeline, number, endpoint, at, frames, checksum
                        FROM position WHERE epoch = ?1";
        let of_epoch = (of_epoch, [signed(epoch.0)]);
        let changed = "a position has changed";
        let say = |_: &_| changed.to_owned();
        let found = select(&self.database, Some(self.seal), of_epoch, position_of, say)?;
        if found.len() as u64 != expected {
            return Err(self.database.damaged("a position is missing"));
        }
        let known = found.into_iter().collect::<Option<_>>();
        known.ok_or_else(|| self.database.damaged(changed))
    }

    /// Gives every partition as it was at an epoch, with its row and its state's name.
    pub fn partitions(
        &self,
        epoch: Epoch,
        mut take: impl FnMut(u64, &str, SavedPartition) -> Result<(), ResilienceError>,
    ) -> Result<(), ResilienceError> {
        let Some(&EpochRow { first_row, last_row, .. }) = self.epochs.last() else {
            return Err(self.database.damaged("it holds no checkpoint"));
        };
        // Newest first: the first row of a partition is the one that counts.
        let mut seen: HashMap<String, Vec<bool>> = HashMap::new();
        let mut expected = last_row;
        let system = |error: rusqlite::Error| self.database.failed(&error);
        let mut select = self
            .database
            .connection
            .prepare(
                "SELECT row, epoch, state, place, key, dynamic, messages, poisoned, value, checksum
                 FROM partition ORDER BY row DESC",
            )
            .map_err(system)?;
        let mut rows = select.query(()).map_err(system)?;
        while let Some(row) = rows.next().map_err(system)? {
            let [number, of_epoch] = integers(row).map_err(system)?;
            let text = row.get_ref(2).and_then(|text| Ok(text.as_str()?)).map_err(system)?;
            let partition = partition_of(row).map_err(system)?;
            if number != expected || !is_whole(row, Some(self.seal)).map_err(system)? {
                let reason = format!("row {expected} of its partitions is missing or has changed");
                return Err(self.database.damaged(reason));
            }
            expected = expected.saturating_sub(1);
            // A row of a newer epoch, which not all workers had saved.
            if of_epoch > epoch.0 {
                continue;
            }
            if !seen.contains_key(text) {
                seen.insert(text.to_owned(), Vec::new());
            }
            let Some(places) = seen.get_mut(text) else { continue };
            let at = partition.place as usize;
            if places.len() <= at {
                places.resize(at + 1, false);
            }
            if places.get_mut(at).is_some_and(|seen| !std::mem::replace(seen, true)) {
                take(number, text, partition)?;
            }
        }
        if expected.checked_add(1) == Some(first_row) {
            Ok(())
        } else {
            Err(self.database.damaged(format!("row {expected} of its partitions is missing")))
        }
    }

    /// The partition of a row that [`partitions`](Self::partitions) has given.
    pub fn partition_at(&self, row: u64) -> Result<SavedPartition, ResilienceError> {
        self.database.act(|connection| {
            connection
                .prepare_cached(
                    "SELECT row, epoch, state, place, key, dynamic, messages, poisoned, value
                     FROM partition WHERE row = ?1",
                )?
                .query_row([signed(row)], partition_of)
        })
    }

    /// Which worker wrote it.
    pub fn worker(&self) -> u64 {
        self.seal.worker
    }

    pub fn path(&self) -> PathBuf {
        self.database.path.clone()
    }
}

fn epoch_of(row: &Row<'_>) -> rusqlite::Result<EpochRow> {
    let [epoch, first_row, last_row, positions, saved_at] = integers(row)?;
    Ok(EpochRow { epoch: Epoch(epoch), first_row, last_row, positions, saved_at })
}

/// The position of a row; `None` if its kind is unknown.
fn position_of(row: &Row<'_>) -> rusqlite::Result<Option<Position>> {
    let (kind, pipeline, endpoint): (String, String, String) =
        (row.get(1)?, row.get(2)?, row.get(4)?);
    let [number, at, frames] = [row.get(3)?, row.get(5)?, row.get(6)?].map(unsigned);
    let pipeline = pipeline.into();
    Ok(match kind.as_str() {
        "source" => Some(Position::Source { pipeline, endpoint, offset: at }),
        "journal" => {
            let at = JournalPosition { row: at, frames };
            Some(Position::Journal { pipeline, slot: Slot(number), at })
        }
        "sink" => Some(Position::Sink { pipeline, sink: number, endpoint, offset: at }),
        _ => None,
    })
}
