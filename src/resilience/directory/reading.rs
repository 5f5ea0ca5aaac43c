//! The lock between a process that copies the files of a directory and the one that writes them.
//!
//! A process that copies holds a shared lock (`flock`) on the file `reading`. Meanwhile the writer moves no
//! log into its file, so that file and log fit together, unless the log has become too long.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use super::private;

/// The file that is locked.
const FILE: &str = "reading";

/// Makes the file in a directory if it is missing.
pub(crate) fn prepare(directory: &Path) -> io::Result<()> {
    private::open_file(&directory.join(FILE)).map(drop)
}

/// While it is held, no process copies the files.
pub(crate) struct Claim {
    _lock: Option<File>,
}

/// Claims the directory of this file, to change its files. Returns `None` if a process copies them.
pub(crate) fn claim(path: &Path) -> Option<Claim> {
    let Some(Ok(file)) = path.parent().map(|directory| File::open(directory.join(FILE))) else {
        // A missing file cannot be locked.
        return Some(Claim { _lock: None });
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => None,
        // The file system has no locks.
        Ok(()) | Err(TryLockError::Error(_)) => Some(Claim { _lock: Some(file) }),
    }
}

/// Makes the writer wait. Returns `None` without the file or without locks: the writer does not look then.
pub(crate) fn hold(directory: &Path) -> Option<File> {
    let file = File::open(directory.join(FILE)).ok()?;
    file.lock_shared().ok().map(|()| file)
}
