//! A resilience directory: whose it is, who uses it, and which of its files count.
//!
//! ```text
//! DIRECTORY/
//!   lock                        locked by the process that uses the directory
//!   directory.sqlite            the application and the generation that counts
//!   journal.sqlite              frames that cannot be read again
//!   worker-GENERATION-N.sqlite  what worker N of a generation has saved
//! ```
//!
//! A generation is the life of one set of workers. A new one copies what it recovers into files of its
//! own, and counts from the moment when all of them are whole: a run never changes what it recovers
//! from, so that it can be killed at any moment of its start, too.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Row};

use super::checksum::Checksum;
use super::database::{Database, Durability, signed, unsigned};
use super::error::ResilienceError;
use super::worker_file::WorkerFile;

const TABLES: &str = "
    CREATE TABLE directory (
        application TEXT NOT NULL, generation INTEGER NOT NULL, checksum INTEGER NOT NULL
    ) STRICT;";

/// The file that says whose a directory is.
const DIRECTORY_FILE: &str = "directory.sqlite";

/// The file of the journal.
pub(super) const JOURNAL_FILE: &str = "journal.sqlite";

/// A resilience directory that this process uses. Nobody else can until it is dropped.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    durability: Durability,
    database: Database,
    application: String,
    /// The generation that counts; 0 where none does yet.
    current: u64,
    /// The generation that this process writes.
    next: u64,
    _lock: File,
}

impl Directory {
    /// Takes a directory for an application, and makes it where there is none.
    ///
    /// # Errors
    ///
    /// It cannot be made or written, is in use, or is not the application's.
    pub fn take(
        path: &Path,
        application: &str,
        durability: Durability,
    ) -> Result<Self, ResilienceError> {
        let system = |error: io::Error| ResilienceError::system(path, error);
        fs::create_dir_all(path).map_err(system)?;
        let lock_path = path.join("lock");
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(&lock_path);
        let lock = lock.map_err(|error| ResilienceError::system(&lock_path, error))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => ResilienceError::InUse { path: path.to_owned() },
            TryLockError::Error(error) => ResilienceError::system(&lock_path, error),
        })?;
        let file = path.join(DIRECTORY_FILE);
        if !file.exists() && !generations(path)?.is_empty() {
            return Err(ResilienceError::damaged(&file, "it is missing"));
        }
        let database = Database::create(file, TABLES, durability)?;
        let (current, found) = match read(&database)? {
            Some((found, generation)) => (generation, found),
            None => (0, application.to_owned()),
        };
        if found != application {
            let path = path.to_owned();
            let wanted = application.to_owned();
            return Err(ResilienceError::OtherApplication { path, found, wanted });
        }
        let newest = generations(path)?.into_iter().map(|(generation, _)| generation).max();
        let next = newest.unwrap_or_default().max(current) + 1;
        let application = application.to_owned();
        let mut directory = Self {
            path: path.to_owned(),
            durability,
            database,
            application,
            current,
            next,
            _lock: lock,
        };
        if current == 0 {
            directory.set_current(0)?;
        }
        Ok(directory)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What its files survive.
    pub(super) fn durability(&self) -> Durability {
        self.durability
    }

    /// The generation that counts; `None` where none does yet.
    pub(super) fn current(&self) -> Option<u64> {
        Some(self.current).filter(|generation| *generation > 0)
    }

    /// Makes the files of a new generation with this many workers.
    ///
    /// # Errors
    ///
    /// They cannot be made.
    pub fn begin_generation(&mut self, workers: u64) -> Result<NewGeneration, ResilienceError> {
        let generation = self.next;
        self.next += 1;
        let make = |worker| {
            let path = worker_path(&self.path, generation, worker);
            WorkerFile::create(path, self.durability, generation, worker, workers)
        };
        let files = (0..workers).map(make).collect::<Result<_, _>>()?;
        Ok(NewGeneration { generation, files })
    }

    /// Makes a generation count whose files are whole, and drops the files of all others.
    ///
    /// # Errors
    ///
    /// The directory cannot be written.
    pub fn count(&mut self, generation: u64) -> Result<(), ResilienceError> {
        self.set_current(generation)?;
        for (other, path) in generations(&self.path)? {
            if other != generation {
                remove(&path)?;
            }
        }
        Ok(())
    }

    fn set_current(&mut self, generation: u64) -> Result<(), ResilienceError> {
        let checksum = checksum(&self.application, generation);
        let application = &self.application;
        self.database.transact(|connection| {
            connection.execute("DELETE FROM directory", ())?;
            connection.execute(
                "INSERT INTO directory VALUES (?1, ?2, ?3)",
                (application, signed(generation), checksum),
            )
        })?;
        self.current = generation;
        Ok(())
    }
}

/// The files of a new generation.
#[derive(Debug)]
pub struct NewGeneration {
    /// Its number.
    pub generation: u64,
    /// One file a worker.
    pub files: Vec<WorkerFile>,
}

/// The application of a directory, and its generation that counts: what `directory.sqlite` says.
pub(super) fn read_directory(path: &Path) -> Result<(String, u64), ResilienceError> {
    let file = path.join(DIRECTORY_FILE);
    if !file.exists() {
        let reason = "it is no resilience directory: it has no directory.sqlite".to_owned();
        return Err(ResilienceError::System { path: path.to_owned(), reason });
    }
    let database = Database::read(file)?;
    read(&database)?.ok_or_else(|| database.damaged("it does not say whose it is"))
}

fn read(database: &Database) -> Result<Option<(String, u64)>, ResilienceError> {
    let row = database.act(|connection| {
        let all = "SELECT application, generation, checksum FROM directory";
        let columns =
            |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get::<_, i64>(2)?));
        connection.query_row(all, (), columns).optional()
    })?;
    let Some((application, generation, found)) = row else { return Ok(None) };
    let generation = unsigned(generation);
    if checksum(&application, generation) != found {
        return Err(database.damaged("the row of the application has changed"));
    }
    Ok(Some((application, generation)))
}

fn checksum(application: &str, generation: u64) -> i64 {
    Checksum::new().bytes(application.as_bytes()).number(signed(generation)).finish()
}

fn worker_path(directory: &Path, generation: u64, worker: u64) -> PathBuf {
    directory.join(format!("worker-{generation}-{worker}.sqlite"))
}

/// The files of workers in a directory, each with its generation.
pub(super) fn generations(directory: &Path) -> Result<Vec<(u64, PathBuf)>, ResilienceError> {
    let system = |error: io::Error| ResilienceError::system(directory, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(system)? {
        let path = entry.map_err(system)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let numbers = name.strip_prefix("worker-").and_then(|rest| rest.strip_suffix(".sqlite"));
        let generation = numbers.and_then(|numbers| numbers.split_once('-')?.0.parse().ok());
        found.extend(generation.map(|generation| (generation, path.clone())));
    }
    Ok(found)
}

/// Removes a file of `SQLite` with what stands beside it. The file itself goes last: while it is
/// there, a later start finds it and removes the rest.
fn remove(path: &Path) -> Result<(), ResilienceError> {
    for suffix in ["-wal", "-shm", ""] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match fs::remove_file(&name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(ResilienceError::system(Path::new(&name), error));
            }
            _ => {}
        }
    }
    Ok(())
}
