//! The file of one worker in one generation: an append log of changed partitions, and with each
//! epoch the positions that belong to it.
//!
//! Invariants: a transaction is an epoch, so the file holds whole epochs only; rows are numbered
//! without gaps, from `first_row` to `last_row` of the newest epoch, so that a missing row is
//! detected; of a partition, the row with the greatest number is the newest. A row is appended, never changed:
//! that is about twenty times as fast as changing rows in place if few of many partitions change.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::types::{Type, ValueRef};
use rusqlite::{CachedStatement, Connection};

use super::decision::rows_to_compact;
use crate::core::numbers::Epoch;
use crate::core::partitions::saved::SavedPartition;
use crate::resilience::database::{Database, Durability, FORMAT, Layout};
use crate::resilience::error::ResilienceError;
use crate::resilience::position::{JournalPosition, Position};
use crate::resilience::sealed::{Seal, insert, integer, signed, unsigned};

const LAYOUT: Layout = Layout {
    tables: "
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
    ) STRICT;",
    format: FORMAT,
    known: FORMAT,
};

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
    /// By state and place, the row that is the partition's newest; 0 if it has none.
    newest_row: BTreeMap<Arc<str>, Vec<u64>>,
    live: u64,
}

impl WorkerFile {
    /// Makes the file of a worker. The generation has `workers` workers.
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
        let mut database = Database::create(path, &LAYOUT, durability)?;
        database.transact(|connection| {
            let mut statement = connection.prepare("INSERT INTO worker VALUES (?, ?, ?, ?, ?)")?;
            let [directory, generation, worker] = seal.columns();
            // The seal is among the columns.
            insert(&mut statement, None, [directory, generation, worker, integer(workers)])
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
            let statement = connection
                .prepare_cached("INSERT INTO partition VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
            let (last_row, appended) = (*last_row, Vec::new());
            let mut log = Log { connection, statement, seal, last_row, newest_row, appended };
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
        // Only after the commit: an epoch that could not be written must change nothing.
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
    statement: CachedStatement<'a>,
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
        let columns = [
            integer(row),
            integer(epoch.0),
            ValueRef::from(&**state),
            integer(u64::from(*place)),
            ValueRef::Blob(key.as_bytes()),
            integer(u64::from(*dynamic)),
            integer(*messages),
            integer(u64::from(*poisoned)),
            ValueRef::Blob(value),
        ];
        insert(&mut self.statement, Some(self.seal), columns)?;
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
                let Some((state, newest)) = self.newest_row.get_key_value(state) else {
                    // Going on would drop the row, which may be the newest of its partition.
                    let reason = format!("state `{state}` is none that this run has saved");
                    return Err(rusqlite::Error::FromSqlConversionFailure(
                        2,
                        Type::Text,
                        reason.into(),
                    ));
                };
                debug_assert!(
                    newest.get(place as usize).is_some_and(|row| *row > 0),
                    "this run has appended all rows of its file"
                );
                if newest.get(place as usize).copied().map(signed) == Some(number) {
                    let epoch = Epoch(unsigned(row.get(1)?));
                    still_newest.push((epoch, Arc::clone(state), partition_of(row)?));
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
    Ok(SavedPartition {
        place: row.get(3)?,
        key: row.get_ref(4)?.as_blob()?.into(),
        dynamic: row.get(5)?,
        messages: unsigned(row.get(6)?),
        poisoned: row.get(7)?,
        value: row.get(8)?,
    })
}

fn insert_epoch(
    connection: &Connection,
    seal: Seal,
    epoch: Epoch,
    (first_row, last_row): (u64, u64),
    positions: usize,
) -> rusqlite::Result<()> {
    // A clock before 1970 is wrong; the time is only shown to people.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now = u64::try_from(now).unwrap_or_default();
    let mut statement = connection.prepare_cached("INSERT INTO epoch VALUES (?, ?, ?, ?, ?, ?)")?;
    let columns = [epoch.0, first_row, last_row, positions as u64, now].map(integer);
    insert(&mut statement, Some(seal), columns)
}

fn insert_position(
    connection: &Connection,
    seal: Seal,
    epoch: Epoch,
    position: &Position,
) -> rusqlite::Result<()> {
    let (kind, pipeline, number, endpoint, at, frames) = match position {
        Position::Source { pipeline, endpoint, offset } => {
            ("source", pipeline, 0, endpoint.as_str(), *offset, 0)
        }
        Position::Journal { pipeline, slot, at: JournalPosition { row, frames } } => {
            ("journal", pipeline, slot.0, "", *row, *frames)
        }
        Position::Sink { pipeline, sink, endpoint, offset } => {
            ("sink", pipeline, *sink, endpoint.as_str(), *offset, 0)
        }
    };
    let mut statement =
        connection.prepare_cached("INSERT INTO position VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
    let columns = [
        integer(epoch.0),
        ValueRef::from(kind),
        ValueRef::from(&**pipeline),
        integer(number),
        ValueRef::from(endpoint),
        integer(at),
        integer(frames),
    ];
    insert(&mut statement, Some(seal), columns)
}
