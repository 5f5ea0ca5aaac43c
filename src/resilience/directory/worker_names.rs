//! The files of workers in a directory: their names, and which are left over.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::resilience::database::{Database, FORMAT};
use crate::resilience::error::ResilienceError;

/// What `SQLite` has beside a file.
pub(crate) const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The file of a worker in a generation.
pub(crate) fn worker_path(directory: &Path, generation: u64, worker: u64) -> PathBuf {
    directory.join(format!("worker-{generation}-{worker}.sqlite"))
}

/// The generation of a worker's file, and whether it is one that `SQLite` has beside it. `None` for
/// any other name.
fn parse(name: &str) -> Option<(u64, bool)> {
    let main = BESIDE.iter().find_map(|suffix| name.strip_suffix(suffix));
    let numbers = main.unwrap_or(name).strip_prefix("worker-")?.strip_suffix(".sqlite")?;
    let (generation, worker) = numbers.split_once('-')?;
    let _: u64 = worker.parse().ok()?;
    Some((generation.parse().ok()?, main.is_some()))
}

/// All files of workers in a directory, each with its generation and whether it is one beside another.
fn all(directory: &Path) -> Result<Vec<(u64, bool, PathBuf)>, ResilienceError> {
    let system = |error: io::Error| ResilienceError::system(directory, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(system)? {
        let path = entry.map_err(system)?.path();
        let parsed = path.file_name().and_then(|name| name.to_str()).and_then(parse);
        found.extend(parsed.map(|(generation, beside)| (generation, beside, path)));
    }
    Ok(found)
}

/// The files of workers in a directory, each with its generation.
pub(crate) fn generations(directory: &Path) -> Result<Vec<(u64, PathBuf)>, ResilienceError> {
    let files = all(directory)?.into_iter().filter(|(_, beside, _)| !beside);
    Ok(files.map(|(generation, _, path)| (generation, path)).collect())
}

/// Removes the files of all generations but this one, also those whose main file is gone.
pub(crate) fn remove_others(directory: &Path, counts: u64) -> Result<(), ResilienceError> {
    for (generation, beside, path) in all(directory)? {
        if generation == counts {
            continue;
        }
        if beside {
            remove_file(&path)?;
        } else {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Removes a file of `SQLite` with what stands beside it. The file itself goes last: while it is
/// there, a later start finds it and removes the rest.
pub(crate) fn remove(path: &Path) -> Result<(), ResilienceError> {
    BESIDE.iter().try_for_each(|suffix| remove_file(&beside(path, suffix)))?;
    remove_file(path)
}

/// Removes a file if it is there.
pub(crate) fn remove_file(path: &Path) -> Result<(), ResilienceError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(ResilienceError::system(path, error))
        }
        _ => Ok(()),
    }
}

/// The file that `SQLite` has beside another.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// What a worker's file says of itself if no generation counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// It was being made, or holds only what its generation began with.
    Never,
    /// It holds a checkpoint: its generation has counted.
    Counted,
    /// It cannot be told.
    Unknown,
}

impl Use {
    /// Looks into a worker's file.
    pub fn of(path: &Path) -> Result<Self, ResilienceError> {
        let database = match Database::read(path, path.to_owned(), FORMAT) {
            Err(ResilienceError::Damaged { .. }) => {
                // One that was being made has no tables yet, and is not marked as ours.
                let being_made = Database::has_tables(path).is_ok_and(|tables| !tables);
                return Ok(if being_made { Self::Never } else { Self::Unknown });
            }
            Err(ResilienceError::OtherFormat { .. }) => return Ok(Self::Unknown),
            read => read?,
        };
        match database.number("SELECT ifnull(max(epoch), 0) FROM epoch") {
            Ok(0) => Ok(Self::Never),
            Ok(_) => Ok(Self::Counted),
            Err(ResilienceError::Damaged { .. }) => Ok(Self::Unknown),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_workers_files_are_names_of_workers_files() {
        assert_eq!(parse("worker-3-0.sqlite"), Some((3, false)));
        assert_eq!(parse("worker-12-7.sqlite-wal"), Some((12, true)));
        assert_eq!(parse("worker-12-7.sqlite-journal"), Some((12, true)));
        for name in
            ["worker-3.sqlite", "worker-x-0.sqlite", "worker-3-0.sqlite.old", "journal.sqlite"]
        {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
