//! Why what must not be lost cannot be read or written.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

use crate::application::Key;

/// Why a resilience directory cannot be used, and what to do about it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ResilienceError {
    /// Another process uses the directory.
    #[error(
        "{} is in use by another process: wait until it has ended, or choose another directory",
        path.display()
    )]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The directory is another application's.
    #[error(
        "{} belongs to application `{found}`, not to `{wanted}`: choose another directory",
        path.display()
    )]
    OtherApplication {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        found: String,
        /// Who wants it.
        wanted: String,
    },
    /// A file has another version of the format.
    #[error(
        "{} has version {found} of the format, and this program knows version {known}: use the program that wrote it, or choose another directory",
        path.display()
    )]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version that this program knows.
        known: i64,
    },
    /// A file is not as it was written.
    #[error(
        "{} is damaged: {reason}; bring the directory back from a copy, or remove it to start from nothing",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A saved state is none of the application's.
    #[error(
        "{} holds partition `{key}` of state `{state}`, which the application cannot read: {reason}; run the version that saved it, or choose another directory",
        path.display()
    )]
    OtherState {
        /// The file.
        path: PathBuf,
        /// The state's name.
        state: String,
        /// The partition's key.
        key: Key,
        /// Why it cannot be read.
        reason: String,
    },
    /// A file's checkpointed position is beyond its end.
    #[error(
        "{} has {length} bytes, and the checkpoint's position is {position}: it is not the file that was there; bring it back, or remove the resilience directory to start from nothing",
        path.display()
    )]
    OtherFile {
        /// The source's or sink's file.
        path: PathBuf,
        /// Its length in bytes.
        length: u64,
        /// The position in bytes.
        position: u64,
    },
    /// The system refuses.
    #[error("cannot use {}: {reason}", path.display())]
    System {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl ResilienceError {
    /// A damaged file.
    pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.into() }
    }

    /// A file that must be there, and is not.
    pub(super) fn missing(path: &Path) -> Self {
        Self::damaged(path, "it is missing")
    }

    /// What the system or `SQLite` says about a file.
    pub(super) fn system(path: &Path, error: impl std::fmt::Display) -> Self {
        Self::System { path: path.to_owned(), reason: error.to_string() }
    }

    /// What `SQLite` says about a file.
    pub(super) fn sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                    Self::damaged(path, error.to_string())
                }
                ErrorCode::DiskFull => Self::system(
                    path,
                    "the disk is full; make room, and start again with the same command",
                ),
                _ => Self::system(path, error),
            },
            // A table or a column that is missing, or of another type.
            _ => Self::damaged(path, error.to_string()),
        }
    }
}
