//! `SQLite` files: how they are opened, written and shortened.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::directory::{private, reading};
use super::error::ResilienceError;

/// The version of the format of all files but the journal, in each file's `user_version`.
pub(crate) const FORMAT: i64 = 1;

/// The version of the journal's format. Of version 1 its frames were in a table.
pub(crate) const JOURNAL_FORMAT: i64 = 2;

/// How a new file begins.
pub(crate) struct Layout {
    /// The statements that make its tables.
    pub tables: &'static str,
    /// The version of its format.
    pub format: i64,
    /// The newest version that is opened, and all earlier ones.
    pub known: i64,
}

/// What `SQLite` calls the `application_id`: "WALL".
pub(crate) const APPLICATION_ID: i32 = 0x5741_4c4c;

const COUNT_TABLES: &str = "SELECT count(*) FROM sqlite_schema";

/// How many bytes of a file's write-ahead log are kept when it begins again from its start.
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

/// How long to wait for another program that has a file open.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many pages a log has before they are moved into the file.
const LOG_PAGES: i64 = 1000;

/// The bytes of a page.
const PAGE: u64 = 16 * 1024;

/// The max number of pages of a log while another process copies the files: 256 MiB.
const MAX_LOG_PAGES: i64 = 16 * 1024;

/// An open file, locked exclusively: a reader would make its log grow, and another writer would make this
/// one wait.
#[derive(Debug)]
pub(crate) struct Database {
    pub connection: Connection,
    /// The file, as it is named in errors.
    pub path: PathBuf,
}

impl Database {
    /// Opens a file, or makes one.
    pub fn create(
        path: PathBuf,
        &Layout { tables, format, known }: &Layout,
        durability: Durability,
    ) -> Result<Self, ResilienceError> {
        // The files beside it get the same mode from SQLite.
        private::open_file(&path).map_err(|error| ResilienceError::system(&path, error))?;
        let database = Self::open(&path.clone(), path)?;
        let new = database.number(COUNT_TABLES)? == 0;
        if !new {
            database.check_format(known)?;
        }
        let synchronous = match durability {
            Durability::Process => "OFF",
            Durability::Power => "FULL",
        };
        let layout = if new { format!("PRAGMA page_size = {PAGE};") } else { String::new() };
        let settings = format!(
            "PRAGMA synchronous = {synchronous}; {layout} PRAGMA secure_delete = FAST;
             PRAGMA journal_size_limit = {LOG_KEPT}; PRAGMA wal_autocheckpoint = 0;"
        );
        database.act(|connection| connection.execute_batch(&settings))?;
        database.use_log()?;
        if new {
            let make = format!(
                "BEGIN IMMEDIATE; {tables} PRAGMA application_id = {APPLICATION_ID};
                 PRAGMA user_version = {format}; COMMIT;"
            );
            database.act(|connection| connection.execute_batch(&make))?;
        }
        Ok(database)
    }

    /// Makes a file without a log, to be written once. Its transaction is on the disk when it is committed.
    pub fn create_single(path: PathBuf, layout: &Layout) -> Result<Self, ResilienceError> {
        let database = Self::open(&path.clone(), path)?;
        let Layout { tables, format, .. } = layout;
        let make = format!(
            "PRAGMA page_size = {PAGE}; PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;
             BEGIN IMMEDIATE; {tables} PRAGMA application_id = {APPLICATION_ID};
             PRAGMA user_version = {format}; COMMIT;"
        );
        database.act(|connection| connection.execute_batch(&make))?;
        Ok(database)
    }

    /// Opens an existing file that no other process uses, only for reading. An unfinished transaction is
    /// rolled back; otherwise the file and its log stay as they are. Errors name it `named`.
    pub fn read(file: &Path, named: PathBuf, newest: i64) -> Result<Self, ResilienceError> {
        if !file.exists() {
            return Err(ResilienceError::missing(&named));
        }
        let database = Self::open(file, named)?;
        database.check_format(newest)?;
        database.act(|connection| connection.execute_batch("PRAGMA query_only = ON"))?;
        Ok(database)
    }

    /// Whether a file has any tables, of this or another program.
    pub fn has_tables(file: &Path) -> Result<bool, ResilienceError> {
        let database = Self::open(file, file.to_owned())?;
        Ok(database.number(COUNT_TABLES)? > 0)
    }

    fn open(file: &Path, named: PathBuf) -> Result<Self, ResilienceError> {
        let failed = |error| ResilienceError::sqlite(&named, &error);
        // Not read-only: an unfinished transaction must be rolled back before anything can be read.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE").map_err(failed)?;
        Ok(Self { connection, path: named })
    }

    /// Leaves the log as it is when the file is closed.
    pub fn keep_log(&self) -> Result<(), ResilienceError> {
        let keep = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        self.act(|connection| connection.set_db_config(keep, true).map(drop))
    }

    /// Turns the write-ahead log on. If that fails, `SQLite` returns another mode and no error.
    fn use_log(&self) -> Result<(), ResilienceError> {
        let mode: String = self.act(|connection| {
            connection.query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0))
        })?;
        if mode == "wal" { Ok(()) } else { Err(ResilienceError::no_log(&self.path, &mode)) }
    }

    /// The version of its format.
    pub fn format(&self) -> Result<i64, ResilienceError> {
        self.number("PRAGMA user_version")
    }

    fn check_format(&self, newest: i64) -> Result<(), ResilienceError> {
        let application = self.number("PRAGMA application_id")?;
        if application != i64::from(APPLICATION_ID) {
            return Err(ResilienceError::damaged(&self.path, "it is no file of a checkpoint"));
        }
        let (found, known) = (self.format()?, newest);
        if (FORMAT..=known).contains(&found) {
            return Ok(());
        }
        Err(ResilienceError::OtherFormat { path: self.path.clone(), found, known })
    }

    /// The number that a query or a pragma answers.
    pub fn number(&self, query: &str) -> Result<i64, ResilienceError> {
        self.act(|connection| connection.query_row(query, (), |row| row.get(0)))
    }

    /// Does something with the file. An error names the file.
    pub fn act<T>(
        &self,
        action: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ResilienceError> {
        action(&self.connection).map_err(|error| self.failed(&error))
    }

    /// Does something in one transaction.
    pub fn transact<T>(
        &mut self,
        action: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ResilienceError> {
        let whole = self.connection.transaction().and_then(|transaction| {
            let outcome = action(&transaction)?;
            transaction.commit()?;
            Ok(outcome)
        });
        let outcome = whole.map_err(|error| self.failed(&error))?;
        self.shorten_log();
        Ok(outcome)
    }

    /// Moves a long log into the file. While another process copies the files, the log may become longer.
    /// A failure does not matter: the log is complete, and the next transaction tries again.
    fn shorten_log(&self) {
        let pages = |mode: &str| {
            let query = format!("PRAGMA wal_checkpoint({mode})");
            let mut statement = self.connection.prepare_cached(&query)?;
            statement.query_row((), |row| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))
        };
        let Ok((in_log, moved)) = pages("NOOP") else { return };
        if in_log < LOG_PAGES || moved == in_log {
            return;
        }
        let claim = reading::claim(&self.path);
        if claim.is_some() || in_log >= MAX_LOG_PAGES {
            drop(pages("PASSIVE"));
        }
    }

    /// Rebuilds the file without its free pages, and empties its log: what was deleted is in neither. A failure, as on a full
    /// disk, does not matter: the next start tries again.
    pub fn give_back_room(&self) {
        if self.number("PRAGMA freelist_count").is_ok_and(|free| free > 0)
            && let Some(_claim) = reading::claim(&self.path)
            && self.connection.execute_batch("VACUUM").is_ok()
        {
            let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
            drop(self.connection.query_row(truncate, (), |_| Ok(())));
        }
    }

    /// What an error of `SQLite` means. If the system refuses a read, `SQLite` may say that the file is
    /// malformed. So damage is checked again before it is reported.
    pub fn failed(&self, error: &rusqlite::Error) -> ResilienceError {
        let found = ResilienceError::sqlite(&self.path, error);
        let malformed = matches!(&found, ResilienceError::Damaged { .. })
            && error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt);
        if !malformed {
            return found;
        }
        let read = |mut file| io::copy(&mut file, &mut io::sink());
        if let Err(error) = File::open(&self.path).and_then(read) {
            return ResilienceError::unreadable(&self.path, error);
        }
        let check = "PRAGMA quick_check(1)";
        let checked: rusqlite::Result<String> =
            self.connection.query_row(check, (), |row| row.get(0));
        if checked.is_ok_and(|said| said == "ok") {
            return ResilienceError::unreadable(&self.path, error);
        }
        found
    }

    /// An error: the file is not as it was written.
    pub fn damaged(&self, reason: impl Into<String>) -> ResilienceError {
        ResilienceError::damaged(&self.path, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_write_ahead_log_is_refused() {
        // SQLite keeps no log for what is in memory, and says so in the same way as for a file.
        let connection = Connection::open_in_memory().unwrap();
        let database = Database { connection, path: PathBuf::from("file.sqlite") };
        let error = database.use_log().unwrap_err().to_string();
        assert!(error.contains("no write-ahead log") && error.contains("memory"), "{error}");
    }

    #[test]
    fn a_full_disk_is_said_in_words_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let tables = "CREATE TABLE bytes (bytes BLOB NOT NULL) STRICT;";
        let layout = Layout { tables, format: FORMAT, known: FORMAT };
        let path = folder.path().join("file.sqlite");
        let mut database = Database::create(path, &layout, Durability::Power).unwrap();
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
