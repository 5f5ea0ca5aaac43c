//! The limit on open files of this process: every connection is one.

use std::{fs, io};

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises this process's limit on open files to the highest that the system allows.
///
/// # Errors
///
/// The system refuses. The limit is not changed.
pub fn raise_open_files() -> io::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return Ok(());
    }
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}

/// The limit on open files, and how many are open. `None` if there is no limit, or if it cannot be found
/// out.
pub fn open_files() -> Option<(usize, usize)> {
    let limit = usize::try_from(getrlimit(Resource::Nofile).current?).ok()?;
    // Without the directory itself, which is open while it is read.
    let open = fs::read_dir("/dev/fd").ok()?.count().saturating_sub(1);
    Some((limit, open))
}
