//! How those who copy the files of a directory and the process that writes them come to terms.
//!
//! Who copies holds a shared lock (`flock`) on the file `reading`. Meanwhile logs are not moved into
//! their files, so that a file and its log stay a whole; only a log that has become too long is. Another
//! generation waits until nobody copies, but not for ever.

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

/// Makes the file in a directory, where it is missing.
pub(crate) fn prepare(directory: &Path) -> io::Result<()> {
    private::open_file(&directory.join(FILE)).map(drop)
}

/// That nobody copies for as long as it is held.
pub(crate) struct Claim {
    _lock: Option<File>,
}

/// Claims the files of a directory, of which this is one, to be changed; `None` where somebody copies
/// them.
pub(crate) fn claim(path: &Path) -> Option<Claim> {
    let Some(Ok(file)) = path.parent().map(|directory| File::open(directory.join(FILE))) else {
        // Nobody can lock what is not there.
        return Some(Claim { _lock: None });
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => None,
        // A file system without locks cannot tell.
        Ok(()) | Err(TryLockError::Error(_)) => Some(Claim { _lock: Some(file) }),
    }
}

/// Waits until nobody copies the files of a directory, of which this is one, and claims them. `None` where
/// somebody has not ended in time: whoever copies then finds out that the files have changed.
pub(crate) fn claim_in_time(path: &Path) -> Option<Claim> {
    in_time(|| claim(path))
}

/// Holds off who writes. `None` for a directory in which nobody would look, and where who writes has not
/// let go in time.
pub(crate) fn hold(directory: &Path) -> Option<File> {
    let file = File::open(directory.join(FILE)).ok()?;
    let held = in_time(|| match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => None,
        held => Some(held.is_ok()),
    });
    (held == Some(true)).then_some(file)
}

/// Tries until there is something, for as long as either waits for the other.
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
