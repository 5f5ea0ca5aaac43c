//! Sealed rows: the last column of each is a checksum over the file's seal and the row's other columns.
//!
//! All checksums of the format are computed here, from the columns as `SQLite` gets and gives them.
//! FORMAT.md describes them.

use crc32fast::Hasher;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Params, Row, Statement, params_from_iter};

use super::database::Database;
use super::error::ResilienceError;

/// Whose a file is. All of its checksums begin with it, so that a file, a page or a row of another
/// file is found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seal {
    /// The random number of the directory.
    pub directory: u64,
    /// The generation; 0 for the journal.
    pub generation: u64,
    /// The worker; 0 for the journal.
    pub worker: u64,
}

impl Seal {
    pub fn of_journal(directory: u64) -> Self {
        Self { directory, generation: 0, worker: 0 }
    }

    /// As columns: a row that begins with them needs no other seal.
    pub fn columns(self) -> [ValueRef<'static>; 3] {
        [self.directory, self.generation, self.worker].map(integer)
    }
}

/// An unsigned number as `SQLite` holds it: the same bits.
pub(crate) fn signed(number: u64) -> i64 {
    number.cast_signed()
}

/// The number whose bits these are.
pub(crate) fn unsigned(number: i64) -> u64 {
    number.cast_unsigned()
}

/// An unsigned number as a column.
pub(crate) fn integer(number: u64) -> ValueRef<'static> {
    ValueRef::Integer(signed(number))
}

/// The first columns of a row, which are unsigned numbers.
pub(crate) fn integers<const COLUMNS: usize>(row: &Row<'_>) -> rusqlite::Result<[u64; COLUMNS]> {
    let mut numbers = [0; COLUMNS];
    for (column, number) in numbers.iter_mut().enumerate() {
        *number = unsigned(row.get(column)?);
    }
    Ok(numbers)
}

/// Inserts a row of these columns and their checksum.
pub(crate) fn insert<const COLUMNS: usize>(
    statement: &mut Statement<'_>,
    seal: Option<Seal>,
    columns: [ValueRef<'_>; COLUMNS],
) -> rusqlite::Result<()> {
    let sum = ValueRef::Integer(checksum(seal, columns));
    let row = columns.into_iter().chain([sum]).map(ToSqlOutput::Borrowed);
    statement.execute(params_from_iter(row)).map(drop)
}

/// The rows of a query whose last column is the checksum of the others. `changed` says what is wrong if a
/// checksum does not fit.
pub(crate) fn select<T>(
    database: &Database,
    seal: Option<Seal>,
    (query, parameters): (&str, impl Params),
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    changed: impl Fn(&T) -> String,
) -> Result<Vec<T>, ResilienceError> {
    let rows = database.act(|connection| {
        let mut statement = connection.prepare_cached(query)?;
        let rows = statement.query_map(parameters, |row| Ok((read(row)?, is_whole(row, seal)?)))?;
        rows.collect::<Result<Vec<_>, _>>()
    })?;
    let checked = |(row, whole)| if whole { Ok(row) } else { Err(database.damaged(changed(&row))) };
    rows.into_iter().map(checked).collect()
}

/// Whether the last column of a row is the checksum of the others.
pub(crate) fn is_whole(row: &Row<'_>, seal: Option<Seal>) -> rusqlite::Result<bool> {
    let last = row.as_ref().column_count().saturating_sub(1);
    let mut hasher = begin(seal);
    for column in 0..last {
        add(&mut hasher, row.get_ref(column)?);
    }
    Ok(row.get::<_, i64>(last)? == end(hasher))
}

/// The checksum of these columns in a file of this seal.
pub(crate) fn checksum<'a>(
    seal: Option<Seal>,
    columns: impl IntoIterator<Item = ValueRef<'a>>,
) -> i64 {
    let mut hasher = begin(seal);
    columns.into_iter().for_each(|column| add(&mut hasher, column));
    end(hasher)
}

fn begin(seal: Option<Seal>) -> Hasher {
    let mut hasher = Hasher::new();
    seal.map(Seal::columns).into_iter().flatten().for_each(|column| add(&mut hasher, column));
    hasher
}

fn add(hasher: &mut Hasher, column: ValueRef<'_>) {
    match column {
        ValueRef::Integer(number) => hasher.update(&number.to_le_bytes()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        }
        // Only a damaged row has such a column. Left out, its checksum does not fit.
        ValueRef::Null | ValueRef::Real(_) => {}
    }
}

fn end(hasher: Hasher) -> i64 {
    i64::from(hasher.finalize())
}
