//! The file of one worker in one generation: an append log of changed partitions, and with each
//! epoch the positions that belong to it.
//!
//! Invariants: a transaction is an epoch, so the file holds whole epochs only; rows are numbered
//! without gaps, from `first_row` to `last_row` of the newest epoch, so that a missing one is found
//! out; of a partition, the row with the greatest number is the newest. A row is appended, never changed:
//! that is some twenty times as fast as changing rows in place, where few of many partitions change.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{CachedStatement, Connection, params};

use super::decision::rows_to_compact;
use crate::core::numbers::Epoch;
use crate::core::partitions::saved::SavedPartition;
use crate::resilience::database::{Checksum, Database, Durability, Seal, signed};
use crate::resilience::error::ResilienceError;
use crate::resilience::position::{JournalPosition, Position};

const TABLES: &str = "
    CREATE TABLE worker (
        directory INTEGER NOT NULL, generation INTEGER NOT NULL, worker INTEGER NOT NULL,
        workers INTEGER NOT NULL, checksum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE epoch (
        epoch INTEGER PRIMARY KEY, first_row INTEGER NOT NULL, last_row INTEGER NOT NULL,
        positions INTEGER NOT NULL, saved_at INTEGER NOT NULL, checksum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE position (
        epoch INTEGER NOT NULL, kind TEXT NOT NULL, pipeline TEXT NOT NULL, number INTEGER NOT NULL,
        endpoint TEXT NOT NULL, at INTEGER NOT NULL, frames INTEGER NOT NULL,
        checksum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE partition (
        row INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, state TEXT NOT NULL, place INTEGER NOT NULL,
        key BLOB NOT NULL, dynamic INTEGER NOT NULL, messages INTEGER NOT NULL,
        poisoned INTEGER NOT NULL, value BLOB NOT NULL, checksum INTEGER NOT NULL
    ) STRICT;";

/// Partitions of one state that a checkpoint saves.
pub type SavedState = (Arc<str>, Vec<SavedPartition>);

/// The file of one worker, to be written.
#[derive(Debug)]
pub struct WorkerFile {
    database: Database,
    seal: Seal,
    first_row: u64,
    last_row: u64,
    /// The newest epoch of the file.
    newest: Option<Epoch>,
    /// By state and place, the row that is the partition's newest; 0 where it has none.
    newest_row: BTreeMap<Arc<str>, Vec<u64>>,
    live: u64,
}

impl WorkerFile {
    /// Makes the file of a worker, of so many in this generation.
    ///
    /// # Errors
    ///
    /// The file cannot be made.
    pub(crate) fn create(
        path: PathBuf,
        durability: Durability,
        seal: Seal,
        workers: u64,
    ) -> Result<Self, ResilienceError> {
        let mut database = Database::create(path, TABLES, durability)?;
        let checksum = Checksum::of(seal).number(signed(workers)).finish();
        let Seal { directory, generation, worker } = seal;
        let [directory, generation, worker, workers] =
            [directory, generation, worker, workers].map(signed);
        database.transact(|connection| {
            connection.execute(
                "INSERT INTO worker VALUES (?1, ?2, ?3, ?4, ?5)",
                (directory, generation, worker, workers, checksum),
            )
        })?;
        Ok(Self {
            database,
            seal,
            first_row: 1,
            last_row: 0,
            newest: None,
            newest_row: BTreeMap::new(),
            live: 0,
        })
    }

    /// Writes an epoch: the partitions that have changed since the last one, and the positions.
    ///
    /// # Errors
    ///
    /// The file cannot be written: the epoch is not in it, and those before are as they were.
    pub fn write(
        &mut self,
        epoch: Epoch,
        saved: &[SavedState],
        positions: &[Position],
    ) -> Result<(), ResilienceError> {
        let Self { database, seal, first_row, last_row, newest, newest_row, live } = self;
        let (seal, before) = (*seal, *newest);
        let (first, last, appended) = database.transact(|connection| {
            let insert = connection.prepare_cached(
                "INSERT INTO partition VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?;
            let (last_row, appended) = (*last_row, Vec::new());
            let mut log = Log { connection, insert, seal, last_row, newest_row, appended };
            // Before this epoch's rows: the epoch before must stay whole until this one is.
            let count = saved.iter().map(|(_, partitions)| partitions.len() as u64).sum();
            let rows = (log.last_row + 1).saturating_sub(*first_row);
            let first = log.compact(*first_row, rows_to_compact(rows, *live, count))?;
            for (state, partitions) in saved {
                for partition in partitions {
                    log.append(epoch, state, partition)?;
                }
            }
            for position in positions {
                insert_position(connection, seal, epoch, position)?;
            }
            insert_epoch(connection, seal, epoch, (first, log.last_row), positions.len())?;
            if let Some(before) = before {
                let before = signed(before.0);
                connection.execute("DELETE FROM epoch WHERE epoch < ?1", [before])?;
                connection.execute("DELETE FROM position WHERE epoch < ?1", [before])?;
            }
            Ok((first, log.last_row, log.appended))
        })?;
        // Only now: an epoch that could not be written has changed nothing.
        (*first_row, *last_row, *newest) = (first, last, Some(epoch));
        for (state, place, row) in appended {
            let rows = newest_row.entry(state).or_default();
            let at = place as usize;
            if rows.len() <= at {
                rows.resize(at + 1, 0);
            }
            if let Some(newest) = rows.get_mut(at) {
                *live += u64::from(*newest == 0);
                *newest = row;
            }
        }
        Ok(())
    }
}

/// The log of changed partitions, within a transaction.
struct Log<'a> {
    connection: &'a Connection,
    /// Appends a row.
    insert: CachedStatement<'a>,
    seal: Seal,
    last_row: u64,
    /// As it was before the transaction.
    newest_row: &'a BTreeMap<Arc<str>, Vec<u64>>,
    /// Of which partition each row is that the transaction appends, in their order.
    appended: Vec<(Arc<str>, u32, u64)>,
}

impl Log<'_> {
    fn append(
        &mut self,
        epoch: Epoch,
        state: &Arc<str>,
        partition: &SavedPartition,
    ) -> rusqlite::Result<()> {
        let row = self.last_row + 1;
        let SavedPartition { place, key, dynamic, messages, poisoned, value } = partition;
        self.insert.execute(params![
            signed(row),
            signed(epoch.0),
            &**state,
            place,
            key.as_bytes(),
            dynamic,
            signed(*messages),
            poisoned,
            value,
            checksum_of(self.seal, row, epoch, state, partition),
        ])?;
        self.last_row = row;
        self.appended.push((Arc::clone(state), *place, row));
        Ok(())
    }

    /// Looks at the oldest rows, appends those again that are still the newest of their partition,
    /// and drops all of them. Returns the first row that is left.
    fn compact(&mut self, first_row: u64, rows: u64) -> rusqlite::Result<u64> {
        if rows == 0 {
            return Ok(first_row);
        }
        let end = first_row + rows;
        let mut still_newest = Vec::new();
        {
            let mut select = self.connection.prepare_cached(
                "SELECT row, epoch, state, place, key, dynamic, messages, poisoned, value
                 FROM partition WHERE row >= ?1 AND row < ?2 ORDER BY row",
            )?;
            let mut found = select.query([signed(first_row), signed(end)])?;
            while let Some(row) = found.next()? {
                let number: i64 = row.get(0)?;
                let state = row.get_ref(2)?.as_str()?;
                let place: u32 = row.get(3)?;
                let Some((state, newest)) = self.newest_row.get_key_value(state) else { continue };
                if newest.get(place as usize).copied().map(signed) == Some(number) {
                    let epoch: i64 = row.get(1)?;
                    let partition = partition_of(row)?;
                    still_newest.push((Epoch(epoch.cast_unsigned()), Arc::clone(state), partition));
                }
            }
        }
        for (epoch, state, partition) in still_newest {
            self.append(epoch, &state, &partition)?;
        }
        self.connection
            .prepare_cached("DELETE FROM partition WHERE row < ?1")?
            .execute([signed(end)])?;
        Ok(end)
    }
}

/// The partition of a row whose columns are those of the table, in their order.
pub(crate) fn partition_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<SavedPartition> {
    let messages: i64 = row.get(6)?;
    Ok(SavedPartition {
        place: row.get(3)?,
        key: row.get_ref(4)?.as_blob()?.into(),
        dynamic: row.get(5)?,
        messages: messages.cast_unsigned(),
        poisoned: row.get(7)?,
        value: row.get(8)?,
    })
}

pub(crate) fn checksum_of(
    seal: Seal,
    row: u64,
    epoch: Epoch,
    state: &str,
    saved: &SavedPartition,
) -> i64 {
    Checksum::of(seal)
        .number(signed(row))
        .number(signed(epoch.0))
        .bytes(state.as_bytes())
        .number(i64::from(saved.place))
        .bytes(saved.key.as_bytes())
        .number(i64::from(saved.dynamic))
        .number(signed(saved.messages))
        .number(i64::from(saved.poisoned))
        .bytes(&saved.value)
        .finish()
}

fn insert_epoch(
    connection: &Connection,
    seal: Seal,
    epoch: Epoch,
    (first_row, last_row): (u64, u64),
    positions: usize,
) -> rusqlite::Result<()> {
    // A clock before 1970 is wrong, and the moment is only shown.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now = u64::try_from(now).unwrap_or_default();
    let numbers = [epoch.0, first_row, last_row, positions as u64, now].map(signed);
    let checksum = numbers.into_iter().fold(Checksum::of(seal), Checksum::number).finish();
    let [epoch, first_row, last_row, positions, now] = numbers;
    connection
        .prepare_cached("INSERT INTO epoch VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute((epoch, first_row, last_row, positions, now, checksum))
        .map(drop)
}

/// A position as the columns of its table: kind, pipeline, number, endpoint, at, frames.
pub(crate) type PositionColumns = (String, String, i64, String, i64, i64);

fn insert_position(
    connection: &Connection,
    seal: Seal,
    epoch: Epoch,
    position: &Position,
) -> rusqlite::Result<()> {
    let columns: PositionColumns = match position {
        Position::Source { pipeline, endpoint, offset } => {
            ("source".into(), pipeline.to_string(), 0, endpoint.clone(), signed(*offset), 0)
        }
        Position::Journal { pipeline, slot, at: JournalPosition { row, frames } } => {
            let (slot, row, frames) = (signed(slot.0), signed(*row), signed(*frames));
            ("journal".into(), pipeline.to_string(), slot, String::new(), row, frames)
        }
        Position::Sink { pipeline, sink, endpoint, offset } => {
            let (sink, offset) = (signed(*sink), signed(*offset));
            ("sink".into(), pipeline.to_string(), sink, endpoint.clone(), offset, 0)
        }
    };
    let checksum = checksum_of_position(seal, epoch, &columns);
    let (kind, pipeline, number, endpoint, at, frames) = columns;
    connection
        .prepare_cached("INSERT INTO position VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
        .execute((signed(epoch.0), kind, pipeline, number, endpoint, at, frames, checksum))
        .map(drop)
}

pub(crate) fn checksum_of_position(seal: Seal, epoch: Epoch, columns: &PositionColumns) -> i64 {
    let (kind, pipeline, number, endpoint, at, frames) = columns;
    Checksum::of(seal)
        .number(signed(epoch.0))
        .bytes(kind.as_bytes())
        .bytes(pipeline.as_bytes())
        .number(*number)
        .bytes(endpoint.as_bytes())
        .number(*at)
        .number(*frames)
        .finish()
}
