//! A resilience directory: whose it is, who uses it, and which of its files count.
//!
//! ```text
//! DIRECTORY/
//!   lock                        locked by the process that uses the directory; how it was written
//!   reading                     locked by processes that copy the files
//!   directory.sqlite            the application and the generation that counts
//!   history.sqlite              what a replay needs; only with history
//!   journal.sqlite              what the journal has dropped
//!   journal.ROW.rows            frames that cannot be read again, from this row on
//!   journal.tail                how far the journal had been written
//!   worker-GENERATION-N.sqlite  what worker N of a generation has saved
//!   emptying                    says that all others are to go
//! ```
//!
//! A generation is the life of one set of workers. A new one copies what it recovers into files of its
//! own, and counts from the moment when all of them are whole: a run never changes what it recovers
//! from, so that it can be killed at any moment of its start, too.

pub(super) mod copy;
pub(super) mod emptying;
pub(super) mod files;
pub(super) mod machine;
pub(crate) mod private;
pub(super) mod reading;
pub(super) mod temporary;
pub(super) mod worker_names;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::checkpoints::worker_file::WorkerFile;
use super::database::{Database, Durability, FORMAT, Layout};
use super::error::ResilienceError;
use super::journal::row_file_names;
use super::sealed::{Seal, insert, integer, select, unsigned};
pub(super) use files::{DIRECTORY_FILE, HISTORY_FILE, JOURNAL_FILE};
use files::{LOCK_FILE, in_place, lock, make_private};
use machine::{Loss, Written};
use worker_names::{Use, generations, remove, remove_others, worker_path};

const LAYOUT: Layout = Layout {
    tables: "
    CREATE TABLE directory (
        application TEXT NOT NULL, directory INTEGER NOT NULL, generation INTEGER NOT NULL,
        checksum INTEGER NOT NULL
    ) STRICT;",
    format: FORMAT,
    known: FORMAT,
};

/// A resilience directory that this process uses. Nobody else can until it and its journal are dropped.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    durability: Durability,
    database: Database,
    owner: Owner,
    /// The greatest generation so far.
    newest: u64,
    /// What it means if one of its files is not whole.
    loss: Loss,
    /// Whether this run has made it.
    new: bool,
    /// Dropped last: no other process may take the directory while a file is still open.
    lock: Arc<File>,
}

impl Directory {
    /// Takes a directory for an application, and makes it if it is missing.
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
        private::create_directory(path).map_err(system)?;
        let lock = Arc::new(lock(&path.join(LOCK_FILE), path)?);
        make_private(path).map_err(system)?;
        emptying::go_on(path)?;
        let written = Written::read(&lock).map_err(system)?;
        let loss = Loss::of(written.as_ref());
        let (path, application) = (path.to_owned(), application.to_owned());
        Self::open(path, application, durability, lock, loss).map_err(|error| loss.explain(error))
    }

    fn open(
        path: PathBuf,
        application: String,
        durability: Durability,
        lock: Arc<File>,
        loss: Loss,
    ) -> Result<Self, ResilienceError> {
        let file = path.join(DIRECTORY_FILE);
        let workers = generations(&path)?;
        let used = !workers.is_empty()
            || path.join(JOURNAL_FILE).exists()
            || path.join(HISTORY_FILE).exists()
            || !row_file_names::all(&path)?.is_empty();
        if used && !file.exists() {
            return Err(ResilienceError::missing(&file));
        }
        // It changes once per start, and must be right even after the machine has stopped.
        let database = Database::create(file, &LAYOUT, Durability::Power)?;
        let found = read(&database)?;
        let new = found.is_none();
        if new && used {
            return Err(database.damaged("it does not say whose it is"));
        }
        let (identity, generation) = (rand::random(), 0);
        let owner = found.unwrap_or_else(|| Owner {
            application: application.clone(),
            identity,
            generation,
        });
        if owner.application != application {
            let (found, wanted) = (owner.application, application);
            return Err(ResilienceError::OtherApplication { path, found, wanted });
        }
        remove_leftovers(&path, &database, owner.generation, &workers)?;
        let found = workers.into_iter().map(|(generation, _)| generation);
        let newest = found.fold(owner.generation, u64::max);
        reading::prepare(&path).map_err(|error| ResilienceError::system(&path, error))?;
        let mut directory = Self { path, durability, database, owner, newest, loss, new, lock };
        if new {
            directory.set_current(0)?;
            directory.say_how_written()?;
        }
        Ok(directory)
    }

    /// What an error of the directory's files means.
    pub(super) fn loss(&self) -> Loss {
        self.loss
    }

    /// From now on, what is in the directory was written with this durability, since the machine
    /// started last.
    fn say_how_written(&self) -> Result<(), ResilienceError> {
        let Some(written) = Written::now(self.durability) else { return Ok(()) };
        let path = self.path.join(LOCK_FILE);
        written.write(&self.lock).map_err(|error| ResilienceError::system(&path, error))
    }

    /// Whether the directory is still the one that was taken, as far as its lock tells.
    ///
    /// # Errors
    ///
    /// It was removed, or another one is in its place: nothing that is written can be found again.
    pub fn in_place(&self) -> Result<(), ResilienceError> {
        in_place(&self.path, &self.lock)
    }

    /// The lock: no other process can take the directory while it is held.
    pub(super) fn lock(&self) -> Arc<File> {
        Arc::clone(&self.lock)
    }

    /// Whether this run has made it, so that no earlier one can have left anything.
    pub fn is_new(&self) -> bool {
        self.new
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What its files survive.
    pub(super) fn durability(&self) -> Durability {
        self.durability
    }

    /// The generation that counts; `None` before the first.
    pub(super) fn current(&self) -> Option<u64> {
        Some(self.owner.generation).filter(|generation| *generation > 0)
    }

    /// Its random number, which is in the seals of its files.
    pub(super) fn identity(&self) -> u64 {
        self.owner.identity
    }

    /// Makes the files of a new generation with this many workers.
    ///
    /// # Errors
    ///
    /// They cannot be made, or a file has the last of all generations.
    pub fn begin_generation(&mut self, workers: u64) -> Result<NewGeneration, ResilienceError> {
        let Some(generation) = self.newest.checked_add(1) else {
            return Err(self.database.damaged("no number is left for another generation"));
        };
        self.newest = generation;
        let make = |worker| {
            let path = worker_path(&self.path, generation, worker);
            let seal = Seal { directory: self.owner.identity, generation, worker };
            WorkerFile::create(path, self.durability, seal, workers)
        };
        let files = (0..workers).map(make).collect::<Result<_, _>>()?;
        Ok(NewGeneration { generation, files })
    }

    /// Makes a generation count whose files are whole, and drops the files of all others. It waits until no process
    /// copies those, for some seconds at most.
    ///
    /// # Errors
    ///
    /// The directory cannot be written.
    pub fn count(&mut self, generation: u64) -> Result<(), ResilienceError> {
        let _claim = reading::claim_in_time(&self.path.join(DIRECTORY_FILE));
        self.set_current(generation)?;
        self.say_how_written()?;
        remove_others(&self.path, generation)
    }

    fn set_current(&mut self, generation: u64) -> Result<(), ResilienceError> {
        let owner = Owner { generation, ..self.owner.clone() };
        let Owner { application, identity, .. } = &owner;
        let columns = [ValueRef::from(&**application), integer(*identity), integer(generation)];
        self.database.transact(|connection| {
            connection.execute("DELETE FROM directory", ())?;
            let mut statement = connection.prepare("INSERT INTO directory VALUES (?, ?, ?, ?)")?;
            insert(&mut statement, None, columns)
        })?;
        self.owner = owner;
        Ok(())
    }
}

/// Removes what killed or failed starts have left, the files of generations that do not count, before a new
/// generation needs room. If no generation counts, nothing is removed that may have counted.
fn remove_leftovers(
    path: &Path,
    database: &Database,
    counts: u64,
    workers: &[(u64, PathBuf)],
) -> Result<(), ResilienceError> {
    if counts > 0 {
        return remove_others(path, counts);
    }
    let mut never = Vec::new();
    for (_, file) in workers {
        match Use::of(file)? {
            Use::Counted => {
                return Err(database.damaged("it has forgotten which checkpoint counts"));
            }
            Use::Never => never.push(file),
            Use::Unknown => {}
        }
    }
    never.into_iter().try_for_each(|file| remove(file))
}

/// The files of a new generation.
#[derive(Debug)]
pub struct NewGeneration {
    /// Its number.
    pub generation: u64,
    /// One file per worker.
    pub files: Vec<WorkerFile>,
}

/// Whose a directory is: what `directory.sqlite` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub application: String,
    /// A random number, in every file's checksums.
    pub identity: u64,
    /// The generation that counts; 0 before the first.
    pub generation: u64,
}

/// Whose a directory is: what its `directory.sqlite` says.
pub(super) fn owner_of(database: &Database) -> Result<Owner, ResilienceError> {
    read(database)?.ok_or_else(|| database.damaged("it does not say whose it is"))
}

fn read(database: &Database) -> Result<Option<Owner>, ResilienceError> {
    let all = "SELECT application, directory, generation, checksum FROM directory";
    let owner = |row: &Row<'_>| {
        let [identity, generation] = [row.get(1)?, row.get(2)?].map(unsigned);
        Ok(Owner { application: row.get(0)?, identity, generation })
    };
    let changed = |_: &Owner| "the row of the application has changed".to_owned();
    // It has one row, which the first transaction writes.
    Ok(select(database, None, (all, ()), owner, changed)?.pop())
}
