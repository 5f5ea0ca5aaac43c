//! `SQLite` files: how they are opened, what they have in common.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::ResilienceError;

/// The version of the format of all files, in each file's `user_version`.
pub(super) const FORMAT: i64 = 1;

/// What `SQLite` calls the `application_id`: "WALL".
const APPLICATION_ID: i64 = 0x5741_4c4c;

/// How many bytes of a file's write-ahead log are kept when it begins anew.
const LOG_KEPT: i64 = 64 * 1024 * 1024;

/// What a checkpoint and the journal survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// The process's death: what it wrote is with the operating system.
    #[default]
    Process,
    /// The machine's death, too: what it wrote is on the disk before it counts.
    Power,
}

/// An open file.
#[derive(Debug)]
pub(super) struct Database {
    pub connection: Connection,
    pub path: PathBuf,
}

impl Database {
    /// Makes a file with these tables, or opens it where there is one.
    pub fn create(
        path: PathBuf,
        tables: &str,
        durability: Durability,
    ) -> Result<Self, ResilienceError> {
        let connection = Connection::open(&path);
        let connection = connection.map_err(|error| ResilienceError::sqlite(&path, &error))?;
        let database = Self { connection, path };
        let new = database.number("SELECT count(*) FROM sqlite_schema")? == 0;
        if !new {
            database.check_format()?;
        }
        let synchronous = match durability {
            Durability::Process => "OFF",
            Durability::Power => "FULL",
        };
        let settings = format!(
            "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};
             PRAGMA journal_size_limit = {LOG_KEPT};"
        );
        database.act(|connection| connection.execute_batch(&settings))?;
        if new {
            let make = format!(
                "BEGIN IMMEDIATE; {tables} PRAGMA application_id = {APPLICATION_ID};
                 PRAGMA user_version = {FORMAT}; COMMIT;"
            );
            database.act(|connection| connection.execute_batch(&make))?;
        }
        Ok(database)
    }

    /// Opens a file that must be there, to be read only, and sees it from then on as it is now.
    pub fn read(path: PathBuf) -> Result<Self, ResilienceError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags)
            .map_err(|error| ResilienceError::sqlite(&path, &error))?;
        let database = Self { connection, path };
        database.act(|connection| {
            connection.busy_timeout(Duration::from_secs(5))?;
            connection.execute_batch("BEGIN")
        })?;
        // It reads, and with that the transaction has begun.
        database.check_format()?;
        Ok(database)
    }

    fn check_format(&self) -> Result<(), ResilienceError> {
        let application = self.number("PRAGMA application_id")?;
        if application != APPLICATION_ID {
            return Err(ResilienceError::damaged(&self.path, "it is no file of a checkpoint"));
        }
        match self.number("PRAGMA user_version")? {
            FORMAT => Ok(()),
            found => {
                Err(ResilienceError::OtherFormat { path: self.path.clone(), found, known: FORMAT })
            }
        }
    }

    fn number(&self, query: &str) -> Result<i64, ResilienceError> {
        self.act(|connection| connection.query_row(query, (), |row| row.get(0)))
    }

    /// Does something with the file, and says which file it was where that fails.
    pub fn act<T>(
        &self,
        action: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ResilienceError> {
        action(&self.connection).map_err(|error| ResilienceError::sqlite(&self.path, &error))
    }

    /// Does something that happens as a whole or not at all.
    pub fn transact<T>(
        &mut self,
        action: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ResilienceError> {
        let Self { connection, path } = self;
        let whole = connection.transaction().and_then(|transaction| {
            let outcome = action(&transaction)?;
            transaction.commit()?;
            Ok(outcome)
        });
        whole.map_err(|error| ResilienceError::sqlite(path, &error))
    }

    /// That a row is not as it was written.
    pub fn damaged(&self, reason: impl Into<String>) -> ResilienceError {
        ResilienceError::damaged(&self.path, reason)
    }
}

/// An unsigned number as `SQLite` holds it: the same bits.
pub(super) fn signed(number: u64) -> i64 {
    number.cast_signed()
}

/// The number whose bits these are.
pub(super) fn unsigned(number: i64) -> u64 {
    number.cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_said_in_words_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let tables = "CREATE TABLE bytes (bytes BLOB NOT NULL) STRICT;";
        let path = folder.path().join("file.sqlite");
        let mut database = Database::create(path, tables, Durability::Power).unwrap();
        database.act(|connection| connection.execute_batch("PRAGMA max_page_count = 20")).unwrap();
        let mut insert = |bytes| {
            database.transact(|connection| {
                connection.execute("INSERT INTO bytes VALUES (zeroblob(?1))", [bytes])
            })
        };
        assert_eq!(insert(100).unwrap(), 1);
        let error = insert(1_000_000).unwrap_err();
        assert!(matches!(error, ResilienceError::System { .. }), "{error}");
        assert!(error.to_string().contains("the disk is full; make room"), "{error}");
        assert_eq!(database.number("SELECT count(*) FROM bytes").unwrap(), 1);
    }
}
