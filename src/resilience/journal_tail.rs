//! The journal's tail: how far the journal had been written, in a file beside it.
//!
//! What is appended is at the end of the journal's write-ahead log, and `SQLite` takes whatever is
//! damaged there for a transaction that was not finished: it leaves it out, with all that follows. So the
//! number of the newest row is written once more after each transaction, where the log cannot take it
//! along. The tail may be behind the journal (a process can die between the two) and never ahead of it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::checksum::{Checksum, Seal};
use super::database::{Durability, signed};
use super::error::ResilienceError;

/// Two numbers of 8 bytes, little-endian: the row, and the checksum.
const LENGTH: usize = 16;

/// The tail, to be written.
#[derive(Debug)]
pub(super) struct Tail {
    file: File,
    path: PathBuf,
    seal: Seal,
}

impl Tail {
    /// Makes or opens the tail of a journal that ends at this row.
    pub fn open(
        journal: &Path,
        durability: Durability,
        seal: Seal,
        row: u64,
    ) -> Result<Self, ResilienceError> {
        let path = path(journal);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|error| ResilienceError::system(&path, error))?;
        let tail = Self { file, path, seal };
        tail.set(row)?;
        if durability == Durability::Power {
            // Once, with its name in the directory: a row that the disk has not got is only behind.
            let directory = tail.path.parent().map(File::open).transpose();
            let synchronized = tail.file.sync_all().and_then(|()| match directory? {
                Some(directory) => directory.sync_all(),
                None => Ok(()),
            });
            synchronized.map_err(|error| ResilienceError::system(&tail.path, error))?;
        }
        Ok(tail)
    }

    /// Says that the journal has been written up to this row.
    pub fn set(&self, row: u64) -> Result<(), ResilienceError> {
        let bytes = [signed(row), checksum(self.seal, row)].map(i64::to_le_bytes).concat();
        let written = self.file.write_all_at(&bytes, 0);
        written.map_err(|error| ResilienceError::system(&self.path, error))
    }
}

/// Where the tail of a journal is.
pub(super) fn path(journal: &Path) -> PathBuf {
    journal.with_extension("tail")
}

/// The row up to which a journal had been written at least; `None` where nobody has said it.
pub(super) fn read(journal: &Path, seal: Seal) -> Result<Option<u64>, ResilienceError> {
    let path = path(journal);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| ResilienceError::system(&path, error))?,
    };
    if bytes.is_empty() {
        return Ok(None);
    }
    let good = || {
        let [row, found] = bytes.as_chunks::<8>().0 else { return None };
        let (row, found) = (u64::from_le_bytes(*row), i64::from_le_bytes(*found));
        (bytes.len() == LENGTH && checksum(seal, row) == found).then_some(row)
    };
    good().map(Some).ok_or_else(|| ResilienceError::damaged(&path, "it has changed"))
}

fn checksum(seal: Seal, row: u64) -> i64 {
    Checksum::of(seal).number(signed(row)).finish()
}
