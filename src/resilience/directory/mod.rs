//! A resilience directory: whose it is, who uses it, and which of its files count.
//!
//! ```text
//! DIRECTORY/
//!   lock                        locked by the process that uses the directory; how it was written
//!   reading                     locked by who copies the files
//!   directory.sqlite            the application and the generation that counts
//!   journal.sqlite              frames that cannot be read again
//!   journal.tail                how far the journal had been written
//!   worker-GENERATION-N.sqlite  what worker N of a generation has saved
//! ```
//!
//! A generation is the life of one set of workers. A new one copies what it recovers into files of its
//! own, and counts from the moment when all of them are whole: a run never changes what it recovers
//! from, so that it can be killed at any moment of its start, too.

pub(super) mod copy;
pub(super) mod machine;
pub(super) mod private;
pub(super) mod reading;
pub(super) mod temporary;
pub(super) mod worker_names;

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{OptionalExtension, Row};

use super::checkpoints::worker_file::WorkerFile;
use super::database::{Checksum, Database, Durability, Seal, signed, unsigned};
use super::error::ResilienceError;
use machine::{Loss, Written};
use worker_names::{Use, generations, remove, remove_others, worker_path};

const TABLES: &str = "
    CREATE TABLE directory (
        application TEXT NOT NULL, directory INTEGER NOT NULL, generation INTEGER NOT NULL,
        checksum INTEGER NOT NULL
    ) STRICT;";

/// The file that is locked by the process that uses the directory.
const LOCK_FILE: &str = "lock";

/// How the names of all files in a directory begin.
const FILES: [&str; 5] = [LOCK_FILE, "reading", "directory.sqlite", "journal.", "worker-"];

/// The file that says whose a directory is.
pub(super) const DIRECTORY_FILE: &str = "directory.sqlite";

/// The file of the journal.
pub(super) const JOURNAL_FILE: &str = "journal.sqlite";

/// A resilience directory that this process uses. Nobody else can until it and its journal are dropped.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    durability: Durability,
    database: Database,
    owner: Owner,
    /// The generation that this process writes.
    next: u64,
    /// What it means where one of its files is not whole.
    loss: Loss,
    /// Whether this run has made it.
    new: bool,
    /// Last: nobody else may find a file that is being closed.
    lock: Arc<File>,
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
        private::create_directory(path).map_err(system)?;
        let lock = Arc::new(lock(&path.join(LOCK_FILE), path)?);
        make_private(path).map_err(system)?;
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
        let used = !workers.is_empty() || path.join(JOURNAL_FILE).exists();
        if used && !file.exists() {
            return Err(ResilienceError::missing(&file));
        }
        // It changes once a start, and is to say what counts also after the machine has stopped.
        let database = Database::create(file, TABLES, Durability::Power)?;
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
        let newest = workers.into_iter().map(|(generation, _)| generation).max();
        let next = newest.unwrap_or_default().max(owner.generation).saturating_add(1);
        reading::prepare(&path).map_err(|error| ResilienceError::system(&path, error))?;
        let mut directory = Self { path, durability, database, owner, next, loss, new, lock };
        if new {
            directory.set_current(0)?;
            directory.say_how_written()?;
        }
        Ok(directory)
    }

    /// Says of an error of the directory's files what it is.
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
        let path = self.path.join(LOCK_FILE);
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

    /// Keeps everybody else away for as long as it is held.
    pub(super) fn lock(&self) -> Arc<File> {
        Arc::clone(&self.lock)
    }

    /// Whether this run has made it, so that no earlier one can have left anything.
    pub fn is_new(&self) -> bool {
        self.new
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

    /// Makes a generation count whose files are whole, and drops the files of all others. It waits, some
    /// seconds at the most, until nobody copies those.
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

/// Locks a directory for this process.
fn lock(path: &Path, directory: &Path) -> Result<File, ResilienceError> {
    let system = |error: io::Error| ResilienceError::system(path, error);
    let lock = private::open_file(path).map_err(system)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(ResilienceError::InUse { path: directory.to_owned() }),
        Err(TryLockError::Error(error)) => Err(system(error)),
    }
}

/// Lets nobody but the owner read the files of a directory, and the directory itself, where it holds
/// nothing else: it may be one that others are to use.
fn make_private(directory: &Path) -> io::Result<()> {
    let mut ours_alone = true;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let ours = |name: &str| FILES.iter().any(|begin| name.starts_with(begin));
        if name.to_str().is_some_and(ours) && entry.file_type()?.is_file() {
            private::narrow(&entry.path())?;
        } else {
            ours_alone = false;
        }
    }
    if ours_alone { private::narrow(directory) } else { Ok(()) }
}

/// Removes what starts have left that were killed or failed: files of generations that do not count,
/// before room is needed for another. Where none counts, nothing is removed that may have counted.
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

/// Whose a directory is: what its `directory.sqlite` says.
pub(super) fn owner_of(database: &Database) -> Result<Owner, ResilienceError> {
    read(database)?.ok_or_else(|| database.damaged("it does not say whose it is"))
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
