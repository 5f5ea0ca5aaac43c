//! The files that hold the journal's rows: row files, which are appended to and removed whole.
//!
//! Invariants: rows are only appended, until the end: then files with dropped rows are written anew without them. A row
//! file's name has the number that its first row had when it began, and all rows of a row file come before those of the
//! next. Only the newest is appended to, and none of an earlier run. A row file that holds a row that has not been dropped
//! is not removed.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, ErrorKind, IoSlice, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::contents::{LiveRow, Place, Replayed};
use super::row::{Found, Rows};
use super::row_file_names::{new_path, row_file_path};
use crate::resilience::database::Durability;
use crate::resilience::directory::files::in_place;
use crate::resilience::directory::worker_names::remove_file;
use crate::resilience::directory::{Directory, private, reading};
use crate::resilience::error::ResilienceError;
use crate::resilience::sealed::Seal;

/// How many bytes a row file has before the next begins.
const LONG: u64 = 64 * 1024 * 1024;

/// How many bytes a row file has at least before the next begins because rows of it were dropped.
const SHORT: u64 = 1024 * 1024;

/// How many bytes may wait to be removed while another process copies the files.
const MAX_WAITING: u64 = 256 * 1024 * 1024;

/// The row files of a journal.
#[derive(Debug)]
pub(crate) struct RowFiles {
    folder: PathBuf,
    durability: Durability,
    seal: Seal,
    /// The directory's. Files are made and removed by their names only while they are in the directory of this lock.
    lock: Arc<File>,
    /// By the number of their first row.
    all: BTreeMap<u64, RowFile>,
    /// The one that is written.
    newest: Option<Newest>,
}

/// How much is in a row file.
#[derive(Debug, Default)]
struct RowFile {
    rows: u64,
    /// How many of them have not been dropped.
    live: u64,
    bytes: u64,
}

/// The row file that is written.
#[derive(Debug)]
struct Newest {
    first: u64,
    file: File,
    /// Where the next row is to be written: the end of the last whole one.
    length: u64,
    /// Whether something may be behind that: a write has failed.
    torn: bool,
}

impl RowFiles {
    /// None yet, of the journal of a directory.
    pub fn new(of: &Directory) -> Self {
        let (folder, durability, lock) = (of.path().to_owned(), of.durability(), of.lock());
        let seal = Seal::of_journal(of.identity());
        Self { folder, durability, seal, lock, all: BTreeMap::new(), newest: None }
    }

    /// With these row files in the folder (the rows and bytes of each), of which these rows have not been dropped. What is
    /// behind their last whole row is cut off.
    pub fn holding(
        mut self,
        found: &BTreeMap<u64, (u64, u64)>,
        live: &VecDeque<LiveRow>,
    ) -> Result<Self, ResilienceError> {
        let of = |(first, (rows, bytes)): (&u64, &(u64, u64))| {
            (*first, RowFile { rows: *rows, live: 0, bytes: *bytes })
        };
        self.all = found.iter().map(of).collect();
        for row in live {
            if let Some(of) = self.all.get_mut(&row.place.row_file) {
                of.live += 1;
            }
        }
        self.remove_dropped();
        if let Some((first, row_file)) = self.all.last_key_value() {
            self.cut(*first, row_file.bytes)?;
        }
        Ok(self)
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn cut(&self, first: u64, length: u64) -> Result<(), ResilienceError> {
        let path = row_file_path(&self.folder, first);
        let cut = || {
            let file = File::options().write(true).open(&path)?;
            if file.metadata()?.len() > length {
                file.set_len(length)?;
                self.synchronize(&file)?;
            }
            Ok(())
        };
        cut().map_err(|error| ResilienceError::system(&path, error))
    }

    /// Appends rows, the first of which has this number. Returns the row file that they are in, and where they begin there.
    pub fn append(&mut self, first: u64, rows: &Rows<'_>) -> Result<Place, ResilienceError> {
        let mut newest = match self.newest.take().filter(|newest| newest.length < LONG) {
            Some(newest) => newest,
            None => self.begin(first)?,
        };
        let (row_file, offset) = (newest.first, newest.length);
        let written = newest.append(rows).and_then(|length| {
            self.synchronize(&newest.file)?;
            Ok(length)
        });
        let path = row_file_path(&self.folder, row_file);
        let length = match written {
            Ok(length) => length,
            Err(error) => {
                // Of what has failed to reach the disk, no later start must take anything for written.
                newest.torn = newest.cut().is_err();
                self.newest = Some(newest);
                return Err(ResilienceError::system(&path, error));
            }
        };
        newest.length += length;
        self.newest = Some(newest);
        Ok(Place { row_file, offset, length })
    }

    /// Begins the row file of this row.
    fn begin(&mut self, first: u64) -> Result<Newest, ResilienceError> {
        in_place(&self.folder, &self.lock)?;
        let path = row_file_path(&self.folder, first);
        let made = private::create_file(&path).and_then(|file| {
            self.synchronize_folder()?;
            Ok(file)
        });
        let file = made.map_err(|error| ResilienceError::system(&path, error))?;
        self.all.insert(first, RowFile::default());
        Ok(Newest { first, file, length: 0, torn: false })
    }

    fn synchronize(&self, file: &File) -> io::Result<()> {
        match self.durability {
            Durability::Process => Ok(()),
            Durability::Power => file.sync_data(),
        }
    }

    fn synchronize_folder(&self) -> io::Result<()> {
        match self.durability {
            Durability::Process => Ok(()),
            Durability::Power => File::open(&self.folder)?.sync_all(),
        }
    }

    /// A row was written here.
    pub fn add(&mut self, Place { row_file, length, .. }: Place) {
        let of = self.all.entry(row_file).or_default();
        (of.rows, of.live, of.bytes) = (of.rows + 1, of.live + 1, of.bytes + length);
    }

    /// The row that is here was dropped.
    pub fn forget(&mut self, Place { row_file, .. }: Place) {
        let of = self.all.get_mut(&row_file);
        debug_assert!(of.is_some(), "a row that was not dropped is in a row file");
        if let Some(of) = of {
            of.live = of.live.saturating_sub(1);
        }
    }

    /// Removes the row files of which all rows were dropped. What cannot be removed now waits for the next call.
    pub fn remove_dropped(&mut self) {
        let newest = self.newest.as_ref().filter(|newest| !newest.torn);
        let of = newest.and_then(|newest| self.all.get(&newest.first));
        if of.is_some_and(|of| of.live == 0 || of.live < of.rows && of.bytes >= SHORT) {
            // Later rows go into another one, so that this one can be removed when its last row is dropped.
            self.newest = None;
        }
        let written = self.newest.as_ref().map(|newest| newest.first);
        let dropped =
            self.all.iter().filter(|(first, of)| of.live == 0 && Some(**first) != written);
        let (dropped, lengths): (Vec<u64>, Vec<u64>) =
            dropped.map(|(first, of)| (*first, of.bytes)).unzip();
        if dropped.is_empty() || in_place(&self.folder, &self.lock).is_err() {
            return;
        }
        let claim = reading::claim(&row_file_path(&self.folder, 0));
        if claim.is_none() && lengths.iter().sum::<u64>() <= MAX_WAITING {
            return;
        }
        for first in dropped {
            let removed = remove_file(&row_file_path(&self.folder, first));
            if removed.is_ok() {
                self.all.remove(&first);
            }
        }
    }

    /// Leaves no row in any file that was dropped: it may be a secret. These are the others. A failure does not matter: the
    /// file stays as it was.
    pub fn forget_dropped(&mut self, live: impl Iterator<Item = Place> + Clone) {
        if let Some(mut newest) = self.newest.take().filter(|newest| newest.torn) {
            let _ = newest.cut();
        }
        if in_place(&self.folder, &self.lock).is_err() {
            return;
        }
        self.remove_dropped();
        for (first, of) in &self.all {
            if of.live < of.rows {
                let places = live.clone().filter(|place| place.row_file == *first);
                if self.rewrite(*first, places).is_err() {
                    drop(remove_file(&new_path(&self.folder, *first)));
                }
            }
        }
    }

    /// Leaves only these rows of a row file.
    fn rewrite(&self, first: u64, places: impl Iterator<Item = Place>) -> io::Result<()> {
        let (path, new) = (row_file_path(&self.folder, first), new_path(&self.folder, first));
        let old = File::open(&path)?;
        let mut file = private::create_file(&new)?;
        for place in places {
            file.write_all(&bytes_at(&old, place)?)?;
        }
        self.synchronize(&file)?;
        fs::rename(new, path)?;
        self.synchronize_folder()
    }

    /// A row, read and checked.
    pub fn read(&self, row: &LiveRow) -> Result<Replayed, ResilienceError> {
        let path = row_file_path(&self.folder, row.place.row_file);
        let bytes = File::open(&path).and_then(|file| bytes_at(&file, row.place));
        let bytes = bytes.map_err(|error| ResilienceError::unreadable(&path, error))?;
        let bytes = Bytes::from(bytes);
        let found = Found::first_of(&bytes, self.seal).filter(|found| found.row == row.row);
        let changed = || ResilienceError::damaged(&path, format!("row {} has changed", row.row));
        found.and_then(|found| found.replayed(&bytes)).ok_or_else(changed)
    }
}

impl Newest {
    fn append(&mut self, rows: &Rows<'_>) -> io::Result<u64> {
        if self.torn {
            self.cut()?;
            self.torn = false;
        }
        write_all(&mut self.file, &mut rows.slices())
    }

    /// Cuts off what is behind the last whole row.
    fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length)).map(drop)
    }
}

/// Writes all of these bytes. Returns how many.
fn write_all(file: &mut File, mut slices: &mut [IoSlice<'_>]) -> io::Result<u64> {
    let all: u64 = slices.iter().map(|slice| slice.len() as u64).sum();
    // Slices without bytes are skipped.
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        match file.write_vectored(slices) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut slices, written),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

fn bytes_at(file: &File, Place { offset, length, .. }: Place) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(|_| ErrorKind::OutOfMemory)?;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes)
}
