//! Files that are written: opened without a change, identified, and emptied when a run has begun.
//!
//! Invariant: a run that cannot begin does not change a file.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The identity of a regular file: the same for all of its names and links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The file with this name. `None` if there is none, or if it is not a regular file: a terminal or a
    /// pipe may be read and written at the same time.
    pub fn of(path: &Path) -> Option<Self> {
        Self::of_metadata(&std::fs::metadata(path).ok()?)
    }

    /// The open file. `None` if it is not a regular file.
    pub(super) fn of_file(file: &File) -> Option<Self> {
        Self::of_metadata(&file.metadata().ok()?)
    }

    /// The file with this metadata. `None` if it is not a regular file.
    pub(super) fn of_metadata(metadata: &Metadata) -> Option<Self> {
        let file = Self { device: metadata.dev(), inode: metadata.ino() };
        metadata.is_file().then_some(file)
    }
}

/// Whether a path names a file in a directory, also if it is a link to one. Neither has to exist yet.
pub fn is_inside(path: &Path, directory: &Path) -> bool {
    let Ok(directory) = directory.canonicalize() else {
        // The directory does not exist yet: only the names can be compared.
        return absolute(path).starts_with(absolute(directory));
    };
    let whole = path.canonicalize().unwrap_or_else(|_| {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new(".")).canonicalize().ok();
        let name = path.file_name();
        parent.zip(name).map_or_else(|| absolute(path), |(parent, name)| parent.join(name))
    });
    let is_in_it = |file: FileId| {
        let entries = std::fs::read_dir(&directory).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| FileId::of(&entry.path()) == Some(file))
    };
    whole.starts_with(&directory) || FileId::of(path).is_some_and(is_in_it)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Opens a file for writing, or makes it, for its owner alone. Its content stays until [`empty`] is
/// called. Writes go to its end, also if another program has cut it meanwhile.
///
/// # Errors
///
/// It cannot be opened or made.
pub fn open_to_write(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

/// Locks a regular file for this process, until it is closed: two writers would destroy each other's
/// bytes. Files that are not regular may have several writers.
///
/// # Errors
///
/// Another program or another part of this one has locked it.
pub fn claim(file: &File) -> io::Result<()> {
    if !file.metadata()?.is_file() {
        return Ok(());
    }
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(io::Error::other(
            "another run writes to it: wait until that has ended, or choose another file",
        )),
        // A file system without locks is no reason not to write.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// Empties a regular file. Does nothing for pipes and devices.
///
/// # Errors
///
/// The file cannot be emptied.
pub fn empty(file: &File) -> io::Result<()> {
    cut(file, 0)
}

/// Cuts a regular file to this length, and goes on at its end. Does nothing for pipes and devices.
///
/// # Errors
///
/// The file cannot be cut.
pub fn cut(mut file: &File, length: u64) -> io::Result<()> {
    if file.metadata()?.is_file() {
        file.set_len(length)?;
        file.seek(SeekFrom::Start(length))?;
    }
    Ok(())
}
