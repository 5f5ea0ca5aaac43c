//! Temporary directories: private, and removed when they are dropped. If the process was killed, the next
//! process that makes one removes them.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use tempfile::{Builder, TempDir};

use super::private;

/// How the names of these directories begin.
const PREFIX: &str = "wallaroo-";

/// The file that is locked by the process that uses a directory.
const LOCK: &str = "in-use";

/// A private directory in the system's directory for temporary files.
#[derive(Debug)]
pub struct TemporaryDirectory {
    directory: TempDir,
    _lock: File,
}

impl TemporaryDirectory {
    /// Makes one, and removes those that killed processes of the same user have left.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn new() -> io::Result<Self> {
        Self::new_in(&std::env::temp_dir())
    }

    fn new_in(parent: &Path) -> io::Result<Self> {
        let permissions = Permissions::from_mode(0o700);
        let directory =
            Builder::new().prefix(PREFIX).permissions(permissions).tempdir_in(parent)?;
        // Locked before it has its name, so that no process finds it unlocked.
        let unnamed = directory.path().join("new");
        let lock = private::open_file(&unnamed)?;
        lock.try_lock()?;
        fs::rename(unnamed, directory.path().join(LOCK))?;
        let owner = fs::metadata(directory.path())?.uid();
        sweep(parent, owner)?;
        Ok(Self { directory, _lock: lock })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Removes the directories of this user that no process uses any more.
fn sweep(parent: &Path, owner: u32) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX))
            && is_left_over(&entry, owner).unwrap_or(false)
        {
            // Another process may be removing it, too.
            drop(fs::remove_dir_all(entry.path()));
        }
    }
    Ok(())
}

/// Whether a directory is this user's, and has a lock that no process holds. A directory that is being
/// made has no lock yet.
fn is_left_over(entry: &fs::DirEntry, owner: u32) -> io::Result<bool> {
    // Of the entry itself: a link is not followed.
    let metadata = entry.metadata()?;
    if !metadata.is_dir() || metadata.uid() != owner {
        return Ok(false);
    }
    let lock = entry.path().join(LOCK);
    if !fs::symlink_metadata(&lock)?.is_file() {
        return Ok(false);
    }
    Ok(File::open(lock)?.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_a_killed_process_has_left_is_removed_by_the_next_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let path = |name: &str| parent.path().join(name);
        let used = TemporaryDirectory::new_in(parent.path()).unwrap();
        for name in ["wallaroo-left", "wallaroo-being-made", "wallaroo-a-link-inside", "other"] {
            fs::create_dir(path(name)).unwrap();
            fs::write(path(name).join("journal.sqlite"), b"x").unwrap();
        }
        for name in ["wallaroo-left", "other"] {
            fs::write(path(name).join(LOCK), b"").unwrap();
        }
        symlink(path("other").join(LOCK), path("wallaroo-a-link-inside").join(LOCK)).unwrap();
        symlink(path("other"), path("wallaroo-link")).unwrap();
        fs::write(path("wallaroo-file"), b"").unwrap();

        let second = TemporaryDirectory::new_in(parent.path()).unwrap();
        assert!(!path("wallaroo-left").exists());
        for name in ["wallaroo-being-made", "wallaroo-a-link-inside", "other", "wallaroo-link"] {
            assert!(path(name).join("journal.sqlite").exists(), "{name}");
        }
        assert!(path("wallaroo-file").exists());
        assert!(used.path().join(LOCK).exists() && second.path().exists());
        for made in [used.path(), second.path()] {
            assert_eq!(fs::metadata(made).unwrap().permissions().mode() & 0o777, 0o700);
        }
        let gone = used.path().to_owned();
        drop(used);
        assert!(!gone.exists());
    }

    #[test]
    fn another_users_directory_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let left = parent.path().join("wallaroo-left");
        fs::create_dir(&left).unwrap();
        fs::write(left.join(LOCK), b"").unwrap();
        let owner = fs::metadata(&left).unwrap().uid();
        sweep(parent.path(), owner + 1).unwrap();
        assert!(left.exists());
        sweep(parent.path(), owner).unwrap();
        assert!(!left.exists());
    }
}
