//! The rows of a chapter and of the base: few and long ones for a chapter, one per partition for the base.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params_from_iter};

use super::tables::{ChapterRow, Extent, wrong};
use super::{change, log};
use crate::application::Key;
use crate::core::numbers::Epoch;
use crate::core::partitions::saved::SavedPartition;
use crate::core::replay::recording::{Base, Chapter, SavedState};
use crate::resilience::sealed::{
    Seal, checksum, insert, integer, integers, is_whole, signed, unsigned,
};

/// How many bytes of a worker's log are in a row.
const PART: usize = 1024 * 1024;

/// Where the next rows of a chapter go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Next {
    pub log: u64,
    pub change: u64,
}

/// Writes the rows of a chapter, and returns the one that says what they are. It is not written.
pub(super) fn insert_rows<'a>(
    connection: &Connection,
    seal: Seal,
    chapter: &Chapter,
    saved: impl IntoIterator<Item = &'a SavedState>,
    (next, saved_at): (Next, u64),
) -> rusqlite::Result<ChapterRow> {
    let epoch = chapter.epoch;
    let statement = connection.prepare_cached("INSERT INTO log VALUES (?, ?, ?, ?, ?)")?;
    let (row, part, bytes) = (next.log, Vec::with_capacity(PART), 0);
    let mut parts = Parts { statement, seal, epoch, worker: 0, row, part, bytes };
    for (worker, log) in (0..).zip(&chapter.workers) {
        parts.worker = worker;
        log::write(log, |bytes| parts.put(bytes))?;
        parts.flush()?;
    }
    let (logs, log_bytes) = (parts.row - next.log, parts.bytes);
    let (mut row, mut change_bytes) = (next.change, 0);
    let mut statement = connection.prepare_cached("INSERT INTO change VALUES (?, ?, ?, ?)")?;
    let changes = change::write(saved, |bytes| {
        let columns = [integer(row), integer(epoch.0), ValueRef::Blob(bytes)];
        row += 1;
        change_bytes += bytes.len() as u64;
        insert(&mut statement, Some(seal), columns)
    })?;
    let (crew, messages) = (chapter.crew, messages_of(chapter));
    Ok(ChapterRow { epoch, crew, saved_at, messages, logs, changes, log_bytes, change_bytes })
}

/// How many frames entered in a chapter.
fn messages_of(chapter: &Chapter) -> u64 {
    let counts = chapter.workers.iter().flat_map(|log| log.entered.iter().map(|one| one.count));
    counts.fold(0, u64::saturating_add)
}

/// The rows of a worker's log.
struct Parts<'a> {
    statement: CachedStatement<'a>,
    seal: Seal,
    epoch: Epoch,
    worker: u64,
    /// The number of the next row.
    row: u64,
    part: Vec<u8>,
    /// How many bytes the rows have.
    bytes: u64,
}

impl Parts<'_> {
    fn put(&mut self, mut bytes: &[u8]) -> rusqlite::Result<()> {
        while !bytes.is_empty() {
            let room = PART.saturating_sub(self.part.len());
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.part.extend_from_slice(now);
            bytes = later;
            if self.part.len() >= PART {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> rusqlite::Result<()> {
        if self.part.is_empty() {
            return Ok(());
        }
        let [row, epoch, worker] = [self.row, self.epoch.0, self.worker].map(integer);
        let columns = [row, epoch, worker, ValueRef::Blob(&self.part)];
        insert(&mut self.statement, Some(self.seal), columns)?;
        self.row += 1;
        self.bytes += self.part.len() as u64;
        self.part.clear();
        Ok(())
    }
}

/// Reads what the workers did in a chapter whose rows of `log` begin with this one.
pub(super) fn chapter(
    connection: &Connection,
    seal: Seal,
    row: &ChapterRow,
    first: u64,
) -> rusqlite::Result<Chapter> {
    let lost = || wrong(format!("the log of checkpoint {} is not whole", row.epoch));
    let mut statement = connection.prepare_cached(
        "SELECT row, epoch, worker, bytes, checksum FROM log
         WHERE row >= ?1 AND row < ?2 ORDER BY row",
    )?;
    let end = first.saturating_add(row.logs);
    let mut rows = statement.query([signed(first), signed(end)])?;
    let (mut expected, mut logs) = (first, Vec::<Vec<u8>>::new());
    while let Some(found) = rows.next()? {
        let [number, epoch, worker] = integers(found)?;
        if !is_whole(found, Some(seal))? || [number, epoch] != [expected, row.epoch.0] {
            return Err(lost());
        }
        expected += 1;
        let bytes = found.get_ref(3)?.as_blob()?;
        // The rows of a worker follow those of the worker before.
        let begun = logs.len() as u64;
        match logs.last_mut() {
            Some(log) if worker + 1 == begun => log.extend_from_slice(bytes),
            _ if worker == begun => logs.push(bytes.to_vec()),
            _ => return Err(lost()),
        }
    }
    if expected != end || logs.len() != row.crew.workers.get() {
        return Err(lost());
    }
    let workers = logs.into_iter().map(|log| log::read(&Bytes::from(log)));
    let workers = workers.collect::<Option<_>>().ok_or_else(lost)?;
    let chapter = Chapter { epoch: row.epoch, crew: row.crew, workers };
    if messages_of(&chapter) == row.messages { Ok(chapter) } else { Err(lost()) }
}

/// Partitions that were changed, each with its state.
pub(super) type Changed = Vec<(Arc<str>, SavedPartition)>;

/// Gives what each of these rows of `change` holds, in order, with its epoch and its length. Ends before `end`, or when
/// `take` returns false. Returns the row after the last that was given.
pub(super) fn each_change(
    connection: &Connection,
    seal: Seal,
    rows: Range<u64>,
    mut take: impl FnMut(Epoch, u64, Changed) -> rusqlite::Result<bool>,
) -> rusqlite::Result<u64> {
    let lost = |row| wrong(format!("row {row} of its changes is missing or has changed"));
    let mut statement = connection.prepare_cached(
        "SELECT row, epoch, bytes, checksum FROM change
         WHERE row >= ?1 AND row < ?2 ORDER BY row",
    )?;
    let mut next = rows.start;
    let mut found = statement.query([signed(rows.start), signed(rows.end)])?;
    while let Some(row) = found.next()? {
        let [number, epoch] = integers(row)?;
        let bytes = row.get_ref(2)?.as_blob()?;
        let whole = number == next && is_whole(row, Some(seal))?;
        let Some(changed) = whole.then(|| change::read(bytes)).flatten() else {
            return Err(lost(next));
        };
        next += 1;
        if !take(Epoch(epoch), bytes.len() as u64, changed)? {
            return Ok(next);
        }
    }
    if next == rows.end { Ok(next) } else { Err(lost(next)) }
}

/// Writes the rows of a base. No chapter follows it yet.
pub(super) fn insert_base(
    connection: &Connection,
    seal: Seal,
    base: &Base,
) -> rusqlite::Result<Extent> {
    let states = base.partitions.iter();
    let mut all: Vec<_> =
        states.flat_map(|(state, all)| all.iter().map(move |one| (&**state, one))).collect();
    // In the order of the rows.
    all.sort_unstable_by(|one, other| (one.0, &one.1.key).cmp(&(other.0, &other.1.key)));
    let mut extent = Extent::of_base(base.epoch);
    for (state, partition) in all {
        upsert(connection, seal, state, partition, &mut extent)?;
    }
    Ok(extent)
}

/// Puts a partition into the rows of the base.
pub(super) fn upsert(
    connection: &Connection,
    seal: Seal,
    state: &str,
    partition: &SavedPartition,
    extent: &mut Extent,
) -> rusqlite::Result<()> {
    let SavedPartition { place, key, dynamic, messages, poisoned, value } = partition;
    let (state, key) = (ValueRef::from(state), ValueRef::Blob(key.as_bytes()));
    let before: Option<i64> = connection
        .prepare_cached("SELECT checksum FROM base WHERE state = ?1 AND key = ?2")?
        .query_row(params_from_iter([state, key].map(ToSqlOutput::Borrowed)), |row| row.get(0))
        .optional()?;
    let [place, dynamic, poisoned] =
        [u64::from(*place), u64::from(*dynamic), u64::from(*poisoned)].map(integer);
    let value = ValueRef::Blob(value);
    let columns = [state, key, place, dynamic, integer(*messages), poisoned, value];
    let mut statement =
        connection.prepare_cached("INSERT OR REPLACE INTO base VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
    insert(&mut statement, Some(seal), columns)?;
    extent.partitions += u64::from(before.is_none());
    extent.sum = extent.sum.wrapping_sub(before.map_or(0, unsigned));
    extent.sum = extent.sum.wrapping_add(unsigned(checksum(Some(seal), columns)));
    Ok(())
}

/// Takes a partition out of the rows of the base, if it is there.
pub(super) fn remove(
    connection: &Connection,
    (state, key): (&str, &Key),
    extent: &mut Extent,
) -> rusqlite::Result<()> {
    let (state, key) = (ValueRef::from(state), ValueRef::Blob(key.as_bytes()));
    let name = params_from_iter([state, key].map(ToSqlOutput::Borrowed));
    let mut delete = connection
        .prepare_cached("DELETE FROM base WHERE state = ?1 AND key = ?2 RETURNING checksum")?;
    let removed: Option<i64> = delete.query_row(name, |row| row.get(0)).optional()?;
    if let Some(checksum) = removed {
        extent.partitions = extent.partitions.saturating_sub(1);
        extent.sum = extent.sum.wrapping_sub(unsigned(checksum));
    }
    Ok(())
}

/// Reads the rows of the base, without what is pending.
pub(super) fn base(
    connection: &Connection,
    seal: Seal,
    extent: &Extent,
) -> rusqlite::Result<Changed> {
    let mut statement = connection.prepare(
        "SELECT state, key, place, dynamic, messages, poisoned, value, checksum FROM base
         ORDER BY state, key",
    )?;
    let mut rows = statement.query(())?;
    let (mut all, mut sum) = (Changed::new(), 0_u64);
    while let Some(row) = rows.next()? {
        let state = row.get_ref(0)?.as_str()?;
        let partition = SavedPartition {
            key: row.get_ref(1)?.as_blob()?.into(),
            place: row.get(2)?,
            dynamic: row.get(3)?,
            messages: unsigned(row.get(4)?),
            poisoned: row.get(5)?,
            value: row.get(6)?,
        };
        if !is_whole(row, Some(seal))? {
            let key = &partition.key;
            return Err(wrong(format!("partition `{key}` of state `{state}` has changed")));
        }
        sum = sum.wrapping_add(unsigned(row.get(7)?));
        let state = match all.last() {
            Some((before, _)) if &**before == state => Arc::clone(before),
            _ => Arc::from(state),
        };
        all.push((state, partition));
    }
    if all.len() as u64 == extent.partitions && sum == extent.sum {
        return Ok(all);
    }
    Err(wrong("a partition of its base is missing, or an older one is in its place"))
}
