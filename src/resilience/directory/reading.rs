//! The lock between a process that copies the files of a directory and the one that writes them.
//!
//! A process that copies holds a shared lock (`flock`) on the file `reading`. Meanwhile the writer moves no
//! log into its file, so that file and log fit together, unless the log has become too long. A new
//! generation waits until no process copies, but not forever.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};
use std::{io, thread};

use super::private;

/// How long each of them waits for the other: one that is stopped must not stop the other.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often to look whether the other has ended.
const PAUSE: Duration = Duration::from_millis(1);

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

/// Waits until no process copies the directory of this file, and claims its files. Returns `None` if a copy has not
/// ended in time: the copying process then finds that the files have changed.
pub(crate) fn claim_in_time(path: &Path) -> Option<Claim> {
    in_time(|| claim(path))
}

/// Makes the writer wait. Returns `None` without the file or without locks (the writer does not look then), and
/// if the writer has not let go in time.
pub(crate) fn hold(directory: &Path) -> Option<File> {
    let file = File::open(directory.join(FILE)).ok()?;
    let held = in_time(|| match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => None,
        held => Some(held.is_ok()),
    });
    (held == Some(true)).then_some(file)
}

/// Repeats the attempt until it gives something or [`PATIENCE`] is over.
fn in_time<T>(mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        let found = attempt();
        if found.is_some() || start.elapsed() >= PATIENCE {
            return found;
        }
        thread::sleep(PAUSE);
    }
}
