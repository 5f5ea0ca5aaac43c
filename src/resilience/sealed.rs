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

/// A checksum of this seal, before any column.
pub(crate) fn begin(seal: Option<Seal>) -> Hasher {
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rusqlite::Connection;

    use super::*;

    const SEAL: Seal = Seal { directory: u64::MAX, generation: 2, worker: 3 };

    fn database() -> Database {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE row (number, text, bytes, checksum)").unwrap();
        let mut statement = connection.prepare("INSERT INTO row VALUES (?, ?, ?, ?)").unwrap();
        let columns = [integer(u64::MAX), ValueRef::from("ab"), ValueRef::Blob(b"c")];
        insert(&mut statement, Some(SEAL), columns).unwrap();
        drop(statement);
        Database { connection, path: PathBuf::from("file.sqlite") }
    }

    fn selected(database: &Database, seal: Seal) -> Result<Vec<i64>, ResilienceError> {
        let query = "SELECT number, text, bytes, checksum FROM row";
        select(database, Some(seal), (query, ()), |row| row.get(3), |_| "changed".to_owned())
    }

    #[test]
    fn a_checksum_is_over_the_seal_and_the_columns_as_the_format_says() {
        let mut bytes = [u64::MAX, 2, 3, u64::MAX, 2].map(u64::to_le_bytes).concat();
        bytes.extend(b"ab\x01\0\0\0\0\0\0\0c");
        let expected = i64::from(crc32fast::hash(&bytes));
        assert_eq!(selected(&database(), SEAL).unwrap(), [expected]);
    }

    #[test]
    fn a_row_of_another_seal_or_with_another_column_is_damaged() {
        for seal in [
            Seal { directory: 1, ..SEAL },
            Seal { generation: 1, ..SEAL },
            Seal { worker: 1, ..SEAL },
        ] {
            selected(&database(), seal).unwrap_err();
        }
        for change in [
            "number = 5",
            "number = 0.5",
            "number = NULL",
            "text = 'abc'",
            "text = ''",
            "bytes = x'64'",
            "bytes = NULL",
            "checksum = checksum + 1",
        ] {
            let database = database();
            database.connection.execute(&format!("UPDATE row SET {change}"), ()).unwrap();
            let error = selected(&database, SEAL).unwrap_err().to_string();
            assert!(error.contains("changed"), "{change}: {error}");
        }
    }
}
