//! How those who copy the files of a directory and the process that writes them come to terms.
//!
//! Who copies holds a shared lock (`flock`) on the file `reading`. Meanwhile logs are not moved into
//! their files, so that a file and its log stay a whole; only a log that has become too long is.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use super::private;

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

/// Holds off who writes. `None` for a directory in which nobody would look.
pub(crate) fn hold(directory: &Path) -> Option<File> {
    let file = File::open(directory.join(FILE)).ok()?;
    file.lock_shared().ok().map(|()| file)
}
