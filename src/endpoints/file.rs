//! Files that are written: opened as they are, told apart, and emptied once a run has begun.
//!
//! Invariant: a run that cannot begin leaves what was in a file where it was.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Which plain file: the same for all of its names and links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The file with this name; `None` where there is none, or what is no plain file, such as a
    /// terminal or a pipe: those may well be read and written at once.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        Self::of_metadata(&std::fs::metadata(path).ok()?)
    }

    /// The file that is open; `None` where it is no plain file.
    pub(super) fn of_file(file: &File) -> Option<Self> {
        Self::of_metadata(&file.metadata().ok()?)
    }

    /// The file with this metadata; `None` where it is no plain file.
    pub(super) fn of_metadata(metadata: &Metadata) -> Option<Self> {
        let file = Self { device: metadata.dev(), inode: metadata.ino() };
        metadata.is_file().then_some(file)
    }
}

/// Whether a path names something in a directory, or a file that is there under another name. Neither
/// has to exist yet.
#[must_use]
pub fn is_inside(path: &Path, directory: &Path) -> bool {
    let Ok(directory) = directory.canonicalize() else {
        // It is made by the run: nothing but its name can be the same.
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

/// Opens a file to be written, or makes it, for its owner alone. What is in it stays until [`empty`] is
/// called. What is written goes to its end, also if somebody else has cut it meanwhile.
///
/// # Errors
///
/// It can neither be opened nor made.
pub fn open_to_write(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

/// Takes a regular file for this process alone, until it is closed: two that write to one destroy what
/// the other has written. What is no regular file may well have several writers.
///
/// # Errors
///
/// Another program, or another part of this one, writes to it.
pub fn claim(file: &File) -> io::Result<()> {
    if !file.metadata()?.is_file() {
        return Ok(());
    }
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(io::Error::other(
            "another run writes to it: wait until that has ended, or choose another file",
        )),
        // A file system without locks cannot tell, and is no reason not to write.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// Drops what is in a file. What is no plain file, such as a pipe, holds nothing to be dropped.
///
/// # Errors
///
/// The file cannot be emptied.
pub fn empty(file: &File) -> io::Result<()> {
    cut(file, 0)
}

/// Drops what is in a plain file from this byte on, and goes on there.
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
