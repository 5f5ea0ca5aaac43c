//! Empties a directory, so that the next start finds nothing in it.
//!
//! Invariant: a file [`MARK`] says that everything beside it is to go. It is made before the first file is
//! removed, and removed after the last one. So a process that is killed in between leaves all that was
//! saved, or a directory that the next start goes on emptying before it reads anything.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::files::{DIRECTORY_FILE, HISTORY_FILE, JOURNAL_FILE, LOCK_FILE, MARK, lock};
use super::worker_names::{remove, remove_file, remove_others};
use super::{private, reading};
use crate::resilience::error::ResilienceError;
use crate::resilience::journal::row_file_names;

/// Removes all that is saved in a directory. No process uses it meanwhile.
///
/// # Errors
///
/// Another process uses it, or its files cannot be removed. Then either nothing is changed, or the next
/// start goes on with it.
pub fn empty_directory(path: &Path) -> Result<(), ResilienceError> {
    let _lock = lock(&path.join(LOCK_FILE), path)?;
    let _claim = reading::claim_in_time(&path.join(DIRECTORY_FILE));
    begin(path).map_err(|error| ResilienceError::system(path, error))?;
    go_on(path)
}

/// From now on, nothing that is in the directory counts.
fn begin(path: &Path) -> io::Result<()> {
    private::open_file(&path.join(MARK))?.sync_all()?;
    File::open(path)?.sync_all()
}

/// Whether a directory is being emptied, so that nothing in it counts.
pub(crate) fn is_begun(path: &Path) -> bool {
    path.join(MARK).exists()
}

/// Removes what is left of a directory that is being emptied, if it is.
pub(crate) fn go_on(path: &Path) -> Result<(), ResilienceError> {
    if !is_begun(path) {
        return Ok(());
    }
    // No generation has the number 0.
    remove_others(path, 0)?;
    row_file_names::remove_all(path)?;
    let journal = path.join(JOURNAL_FILE);
    for beside in ["tail", "attempts"] {
        remove_file(&journal.with_extension(beside))?;
    }
    remove(&journal)?;
    remove(&path.join(HISTORY_FILE))?;
    remove(&path.join(DIRECTORY_FILE))?;
    let system = |error: io::Error| ResilienceError::system(path, error);
    // The mark must not be gone from the disk before the files are.
    File::open(path).and_then(|directory| directory.sync_all()).map_err(system)?;
    fs::remove_file(path.join(MARK)).map_err(system)
}
