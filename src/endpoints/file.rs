//! Files that are written: opened as they are, told apart, and emptied once a run has begun.
//!
//! Invariant: a run that cannot begin leaves what was in a file where it was.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

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
        let metadata = std::fs::metadata(path).ok().filter(Metadata::is_file)?;
        Some(Self { device: metadata.dev(), inode: metadata.ino() })
    }
}

/// Opens a file to be written, or makes it, for its owner alone. What is in it stays until [`empty`] is
/// called.
///
/// # Errors
///
/// It can neither be opened nor made.
pub fn open_to_write(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
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
