//! Why what must not be lost cannot be read or written.

use std::fmt::Display;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

use super::directory::private;

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
    /// The directory was removed or replaced while it was used.
    #[error(
        "{} was removed or replaced while it was in use: what was saved in it cannot be found any more; bring it back, or start again with another directory",
        path.display()
    )]
    Gone {
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
        /// The application that was to use it.
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
        "{} is damaged: {reason}; copy the directory before anything else, then bring it back from an older copy, or begin with an empty one",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A recording is not as it was written.
    #[error(
        "{} is damaged: {reason}; bring the recording back from a copy, or do without it: no checkpoint needs it, and a run on a directory without history.sqlite begins another one",
        path.display()
    )]
    DamagedRecording {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What is to be replayed, shown or exported is no recording.
    #[error("{} is no recording: {reason}", path.display())]
    NoRecording {
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A recording says where the frames are, and they are not there any more.
    #[error(
        "{} has frames of {source_name} that are not in the recording: {reason}; bring the file back as it was, or take a part of the recording that does not need it",
        path.display()
    )]
    FramesGone {
        /// The recording.
        path: PathBuf,
        /// The name of their source.
        source_name: String,
        /// What was found in their place.
        reason: String,
    },
    /// What was saved is not all on the disk, and was not to be: the machine has stopped since.
    #[error(
        "{}: the machine stopped while this directory was written with --durability process, which survives the process and not the machine: {reason}; copy the directory before anything else, then begin with an empty one, or with an older copy, and use --durability power from now on",
        path.display()
    )]
    MachineStopped {
        /// The file that is not whole.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The process that uses it changed it during every attempt to copy it as of one moment.
    #[error(
        "{} is being written, and could not be copied as of one moment: {reason}; nothing is wrong with it: try again when there is less to do",
        path.display()
    )]
    Busy {
        /// The file or directory.
        path: PathBuf,
        /// What changed meanwhile.
        reason: String,
    },
    /// A saved state is unknown to the application, or of another type.
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
        "{} has {length} bytes, and the checkpoint's position is {position}: it is not the file that was there; bring it back, or begin with an empty resilience directory",
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
    pub(crate) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.into() }
    }

    /// What changes while it is looked at.
    pub(crate) fn busy(path: &Path, reason: impl Into<String>) -> Self {
        Self::Busy { path: path.to_owned(), reason: reason.into() }
    }

    /// A file that must be there, and is not.
    pub(crate) fn missing(path: &Path) -> Self {
        Self::damaged(path, "it is missing")
    }

    /// What an error of a file means that is a recording: nothing else depends on it.
    pub(crate) fn of_recording(self) -> Self {
        match self {
            Self::Damaged { path, reason } => Self::DamagedRecording { path, reason },
            other => other,
        }
    }

    /// What the system says about a file.
    pub(crate) fn system(path: &Path, error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::full(path),
            _ => Self::refused(path, error),
        }
    }

    /// A file that cannot be read or written now, and may well be whole.
    pub(crate) fn unreadable(path: &Path, error: impl Display) -> Self {
        let advice = "start again with the same command; where that does not help, check the disk, \
                      and copy the directory before anything else";
        Self::refused(path, format!("{error}: {advice}"))
    }

    /// A file for which `SQLite` keeps no write-ahead log, but uses this mode.
    pub(crate) fn no_log(path: &Path, mode: &str) -> Self {
        let reason = format!(
            "it got no write-ahead log, but the journal mode `{mode}`: the disk failed, or its file \
             system permits none; look into the system's log, and start again with the same command"
        );
        Self::refused(path, reason)
    }

    /// What `SQLite` says about a file.
    pub(crate) fn sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        if let rusqlite::Error::FromSqlConversionFailure(_, _, reason) = error {
            return Self::damaged(path, reason.to_string());
        }
        let Some(code) = error.sqlite_error_code() else {
            // A table or a column that is missing, or of another type.
            return Self::damaged(path, one_line(error));
        };
        match code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                Self::damaged(path, one_line(error))
            }
            ErrorCode::DiskFull => Self::full(path),
            ErrorCode::SystemIoFailure if is_full(path) => Self::full(path),
            ErrorCode::SystemIoFailure => Self::unreadable(path, error),
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                let advice = "another program has it open, and has not closed it for 5 seconds: \
                              close it there, or let it open a copy, and start again";
                Self::refused(path, advice)
            }
            _ => Self::refused(path, error),
        }
    }

    fn full(path: &Path) -> Self {
        Self::refused(path, "the disk is full; make room, and start again with the same command")
    }

    /// A file that cannot be used for this reason.
    pub(crate) fn refused(path: &Path, reason: impl Display) -> Self {
        Self::System { path: path.to_owned(), reason: reason.to_string() }
    }
}

/// What `SQLite` says, on one line: it may quote the statement that made a table.
fn one_line(error: &rusqlite::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the disk of a file is full. Some calls of `SQLite` report that like any other failure, so a
/// small file is written beside it, and removed.
fn is_full(path: &Path) -> bool {
    /// More than a file system keeps inside its own blocks.
    static PROBE: [u8; 64 * 1024] = [0; 64 * 1024];
    let probe = path.with_extension("probe");
    let written = private::create_file(&probe).and_then(|mut file| file.write_all(&PROBE));
    drop(fs::remove_file(&probe));
    let kind = written.err().map(|error| error.kind());
    matches!(kind, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded))
}
