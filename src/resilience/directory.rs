//! A resilience directory: whose it is, who uses it, and which of its files count.
//!
//! ```text
//! DIRECTORY/
//!   lock                        locked by the process that uses the directory
//!   directory.sqlite            the application and the generation that counts
//!   journal.sqlite              frames that cannot be read again
//!   journal.tail                how far the journal had been written
//!   worker-GENERATION-N.sqlite  what worker N of a generation has saved
//! ```
//!
//! A generation is the life of one set of workers. A new one copies what it recovers into files of its
//! own, and counts from the moment when all of them are whole: a run never changes what it recovers
//! from, so that it can be killed at any moment of its start, too.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Row};

use super::checksum::{Checksum, Seal};
use super::database::{Database, Durability, signed, unsigned};
use super::error::ResilienceError;
use super::worker_file::WorkerFile;

const TABLES: &str = "
    CREATE TABLE directory (
        application TEXT NOT NULL, directory INTEGER NOT NULL, generation INTEGER NOT NULL,
        checksum INTEGER NOT NULL
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
    owner: Owner,
    /// The generation that this process writes.
    next: u64,
    lock: File,
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
        let workers = generations(path)?;
        let used = !workers.is_empty() || path.join(JOURNAL_FILE).exists();
        if used && !file.exists() {
            return Err(ResilienceError::missing(&file));
        }
        let database = Database::create(file, TABLES, durability)?;
        let found = read(&database)?;
        let new = found.is_none();
        if new && used {
            return Err(database.damaged("it does not say whose it is"));
        }
        let owner = found.unwrap_or_else(|| Owner {
            application: application.to_owned(),
            identity: rand::random(),
            generation: 0,
        });
        if owner.application != application {
            let (path, found) = (path.to_owned(), owner.application);
            return Err(ResilienceError::OtherApplication {
                path,
                found,
                wanted: application.to_owned(),
            });
        }
        if owner.generation == 0 && workers.iter().any(|(_, path)| has_counted(path)) {
            return Err(database.damaged("it has forgotten which checkpoint counts"));
        }
        let newest = workers.into_iter().map(|(generation, _)| generation).max();
        let next = newest.unwrap_or_default().max(owner.generation).saturating_add(1);
        let path = path.to_owned();
        let mut directory = Self { path, durability, database, owner, next, lock };
        if new {
            directory.set_current(0)?;
        }
        Ok(directory)
    }

    /// Whether the directory is still the one that was taken, as far as its lock tells.
    ///
    /// # Errors
    ///
    /// It was removed, or another one is in its place: nothing that is written can be found again.
    pub fn in_place(&self) -> Result<(), ResilienceError> {
        let path = self.path.join("lock");
        let ours = self.lock.metadata().map_err(|error| ResilienceError::system(&path, error))?;
        let same = |found: &fs::Metadata| (found.dev(), found.ino()) == (ours.dev(), ours.ino());
        match fs::metadata(&path) {
            Ok(found) if same(&found) => Ok(()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(ResilienceError::system(&path, error))
            }
            _ => Err(ResilienceError::Gone { path: self.path.clone() }),
        }
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
        Some(self.owner.generation).filter(|generation| *generation > 0)
    }

    /// The number that tells its files from those of any other.
    pub(super) fn identity(&self) -> u64 {
        self.owner.identity
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
            let seal = Seal { directory: self.owner.identity, generation, worker };
            WorkerFile::create(path, self.durability, seal, workers)
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
        let owner = Owner { generation, ..self.owner.clone() };
        let Owner { application, identity, .. } = &owner;
        self.database.transact(|connection| {
            connection.execute("DELETE FROM directory", ())?;
            connection.execute(
                "INSERT INTO directory VALUES (?1, ?2, ?3, ?4)",
                (application, signed(*identity), signed(generation), owner.checksum()),
            )
        })?;
        self.owner = owner;
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

/// Whose a directory is: what `directory.sqlite` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub application: String,
    /// A random number, in every file's checksums.
    pub identity: u64,
    /// The generation that counts; 0 where none does yet.
    pub generation: u64,
}

impl Owner {
    fn checksum(&self) -> i64 {
        let Self { application, identity, generation } = self;
        let checksum = Checksum::new().bytes(application.as_bytes());
        checksum.number(signed(*identity)).number(signed(*generation)).finish()
    }
}

/// Whether a file is of a generation that has counted: one that has not holds only what it began with.
/// A file that cannot be read was being made, or is damaged where nothing of it is needed.
fn has_counted(path: &Path) -> bool {
    let Ok(database) = Database::read(path.to_owned()) else { return false };
    let newest = database.act(|connection| {
        connection.query_row("SELECT ifnull(max(epoch), 0) FROM epoch", (), |row| row.get(0))
    });
    newest.is_ok_and(|newest: i64| newest > 0)
}

/// Whose a directory is, read beside a process that may use it.
pub(super) fn read_directory(path: &Path) -> Result<Owner, ResilienceError> {
    let file = path.join(DIRECTORY_FILE);
    if !file.exists() {
        let reason = "it is no resilience directory: it has no directory.sqlite".to_owned();
        return Err(ResilienceError::System { path: path.to_owned(), reason });
    }
    let database = Database::read(file)?;
    read(&database)?.ok_or_else(|| database.damaged("it does not say whose it is"))
}

fn read(database: &Database) -> Result<Option<Owner>, ResilienceError> {
    let row = database.act(|connection| {
        let all = "SELECT application, directory, generation, checksum FROM directory";
        let columns = |row: &Row<'_>| {
            let (identity, generation): (i64, i64) = (row.get(1)?, row.get(2)?);
            let (identity, generation) = (unsigned(identity), unsigned(generation));
            Ok((Owner { application: row.get(0)?, identity, generation }, row.get::<_, i64>(3)?))
        };
        connection.query_row(all, (), columns).optional()
    })?;
    let Some((owner, checksum)) = row else { return Ok(None) };
    if owner.checksum() != checksum {
        return Err(database.damaged("the row of the application has changed"));
    }
    Ok(Some(owner))
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
