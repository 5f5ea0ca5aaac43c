//! How many more files this process may have open: every connection is one.

use std::{fs, io};

use rustix::process::{Resource, getrlimit, setrlimit};

/// Allows this process as many open files as the system lets it have.
///
/// # Errors
///
/// The system refuses; the limit is as before.
pub fn raise_open_files() -> io::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return Ok(());
    }
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}

/// The limit on open files, and how many of them are open; `None` where there is no limit, or no way to
/// find out.
pub fn open_files() -> Option<(usize, usize)> {
    let limit = usize::try_from(getrlimit(Resource::Nofile).current?).ok()?;
    // Without the folder itself, which is open while it is read.
    let open = fs::read_dir("/dev/fd").ok()?.count().saturating_sub(1);
    Some((limit, open))
}
