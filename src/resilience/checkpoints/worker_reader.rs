//! Reads the file of one worker, and believes nothing that it cannot check.

use std::collections::HashMap;
use std::path::PathBuf;

use rusqlite::Row;

use super::decision::FileSummary;
use super::worker_file::{PositionColumns, checksum_of, checksum_of_position, partition_of};
use crate::core::numbers::Epoch;
use crate::core::partitions::saved::SavedPartition;
use crate::resilience::database::{Checksum, Database, Seal, signed, unsigned};
use crate::resilience::error::ResilienceError;
use crate::resilience::position::{JournalPosition, Position, Slot};

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
        let worker = database.act(|connection| {
            let all = "SELECT directory, generation, worker, workers, checksum FROM worker";
            connection.query_row(all, (), numbers::<5>)
        })?;
        let [of_directory, of_generation, worker, workers, checksum] = worker;
        let [of_directory, of_generation, worker] =
            [of_directory, of_generation, worker].map(unsigned);
        let seal = Seal { directory: of_directory, generation: of_generation, worker };
        if Checksum::of(seal).number(workers).finish() != checksum {
            return Err(database.damaged("the row of the worker has changed"));
        }
        if seal != (Seal { directory, generation, worker }) {
            return Err(database.damaged("it belongs to another directory or generation"));
        }
        let rows = database.act(|connection| {
            let all = "SELECT epoch, first_row, last_row, positions, saved_at, checksum
                       FROM epoch ORDER BY epoch";
            connection.prepare(all)?.query_map((), numbers::<6>)?.collect::<Result<Vec<_>, _>>()
        })?;
        let mut epochs = Vec::new();
        for [epoch, first_row, last_row, positions, saved_at, checksum] in rows {
            let columns = [epoch, first_row, last_row, positions, saved_at];
            if columns.into_iter().fold(Checksum::of(seal), Checksum::number).finish() != checksum {
                return Err(database.damaged(format!("the row of checkpoint {epoch} has changed")));
            }
            let [epoch, first_row, last_row, positions, saved_at] = columns.map(unsigned);
            epochs.push(EpochRow { epoch: Epoch(epoch), first_row, last_row, positions, saved_at });
        }
        Ok(Self { database, seal, workers: unsigned(workers), epochs })
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
        let found = self.database.act(|connection| {
            let of_epoch = "SELECT kind, pipeline, number, endpoint, at, frames, checksum
                            FROM position WHERE epoch = ?1";
            let columns = |row: &Row<'_>| {
                let columns: PositionColumns =
                    (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?);
                Ok((columns, row.get::<_, i64>(6)?))
            };
            connection
                .prepare(of_epoch)?
                .query_map([signed(epoch.0)], columns)?
                .collect::<Result<Vec<_>, _>>()
        })?;
        if found.len() as u64 != expected {
            return Err(self.database.damaged("a position is missing"));
        }
        let position = |(columns, checksum)| {
            let good = checksum_of_position(self.seal, epoch, &columns) == checksum;
            let position = good.then(|| position_of(columns)).flatten();
            position.ok_or_else(|| self.database.damaged("a position has changed"))
        };
        found.into_iter().map(position).collect()
    }

    /// Gives every partition as it was at an epoch, with its row and its state's name.
    pub fn partitions(
        &self,
        epoch: Epoch,
        mut take: impl FnMut(u64, &str, SavedPartition) -> Result<(), ResilienceError>,
    ) -> Result<(), ResilienceError> {
        let newest = self.epochs.last().copied();
        let Some(EpochRow { first_row, last_row, .. }) = newest else { return Ok(()) };
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
            let [number, of_epoch] = numbers::<2>(row).map_err(system)?.map(unsigned);
            let text = row.get_ref(2).and_then(|text| Ok(text.as_str()?)).map_err(system)?;
            let partition = partition_of(row).map_err(system)?;
            let checksum: i64 = row.get(9).map_err(system)?;
            if number != expected
                || checksum != checksum_of(self.seal, number, Epoch(of_epoch), text, &partition)
            {
                let reason = format!("row {expected} of its partitions is missing or has changed");
                return Err(self.database.damaged(reason));
            }
            expected = expected.saturating_sub(1);
            // Of an epoch that not all workers had saved.
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

    /// Where the file is.
    pub fn path(&self) -> PathBuf {
        self.database.path.clone()
    }
}

/// The first columns of a row, which are numbers.
pub(crate) fn numbers<const COLUMNS: usize>(row: &Row<'_>) -> rusqlite::Result<[i64; COLUMNS]> {
    let mut numbers = [0; COLUMNS];
    for (column, number) in numbers.iter_mut().enumerate() {
        *number = row.get(column)?;
    }
    Ok(numbers)
}

fn position_of(columns: PositionColumns) -> Option<Position> {
    let (kind, pipeline, number, endpoint, at, frames) = columns;
    let (pipeline, number, at, frames) =
        (pipeline.into(), unsigned(number), unsigned(at), unsigned(frames));
    match kind.as_str() {
        "source" => Some(Position::Source { pipeline, endpoint, offset: at }),
        "journal" => {
            let at = JournalPosition { row: at, frames };
            Some(Position::Journal { pipeline, slot: Slot(number), at })
        }
        "sink" => Some(Position::Sink { pipeline, sink: number, endpoint, offset: at }),
        _ => None,
    }
}
