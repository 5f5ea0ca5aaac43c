//! The files of a directory: their names, the one that is locked, and who may read them.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::private;
use crate::resilience::error::ResilienceError;

/// The file that is locked by the process that uses the directory.
pub(crate) const LOCK_FILE: &str = "lock";

/// How the names of all files in a directory begin.
const FILES: [&str; 7] =
    [LOCK_FILE, "reading", "directory.sqlite", "history.", "journal.", "worker-", MARK];

/// The file that says whose a directory is.
pub(crate) const DIRECTORY_FILE: &str = "directory.sqlite";

/// The file of the journal.
pub(crate) const JOURNAL_FILE: &str = "journal.sqlite";

/// The file of the history: with it, the directory is a recording.
pub(crate) const HISTORY_FILE: &str = "history.sqlite";

/// The file that says that a directory is being emptied.
pub(crate) const MARK: &str = "emptying";

/// Locks a directory for this process.
pub(crate) fn lock(path: &Path, directory: &Path) -> Result<File, ResilienceError> {
    let system = |error: io::Error| ResilienceError::system(path, error);
    let lock = private::open_file(path).map_err(system)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(ResilienceError::InUse { path: directory.to_owned() }),
        Err(TryLockError::Error(error)) => Err(system(error)),
    }
}

/// Whether a directory is still the one whose lock this is.
pub(crate) fn in_place(directory: &Path, lock: &File) -> Result<(), ResilienceError> {
    let path = directory.join(LOCK_FILE);
    let ours = lock.metadata().map_err(|error| ResilienceError::system(&path, error))?;
    let same = |found: &fs::Metadata| (found.dev(), found.ino()) == (ours.dev(), ours.ino());
    match fs::metadata(&path) {
        Ok(found) if same(&found) => Ok(()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(ResilienceError::system(&path, error))
        }
        _ => Err(ResilienceError::Gone { path: directory.to_owned() }),
    }
}

/// Lets only the owner read the files of a directory. The directory itself too, unless it holds other
/// files: those may be for others.
pub(crate) fn make_private(directory: &Path) -> io::Result<()> {
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
