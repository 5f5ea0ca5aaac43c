//! The names of the journal's row files.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::resilience::directory::worker_names::remove_file;
use crate::resilience::error::ResilienceError;

const BEGIN: &str = "journal.";
const END: &str = ".rows";

/// What the name of a row file ends with that is to replace another.
const NEW: &str = ".new";

/// The row file whose first row has this number.
pub(crate) fn row_file_path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{BEGIN}{first}{END}"))
}

/// The row file that is to replace this one.
pub(crate) fn new_path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{BEGIN}{first}{END}{NEW}"))
}

/// The numbers of the row files of a folder, each with whether it was to replace another.
fn found(folder: &Path) -> Result<BTreeSet<(u64, bool)>, ResilienceError> {
    let system = |error: io::Error| ResilienceError::system(folder, error);
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(system)? {
        let name = entry.map_err(system)?.file_name();
        found.extend(name.to_str().and_then(parse));
    }
    Ok(found)
}

/// The number in the name of a row file, and whether it was to replace another. `None` for any other name.
fn parse(name: &str) -> Option<(u64, bool)> {
    let main = name.strip_suffix(NEW);
    let number = main.unwrap_or(name).strip_prefix(BEGIN)?.strip_suffix(END)?;
    Some((number.parse().ok()?, main.is_some()))
}

/// The numbers of the row files of a folder, in ascending order.
pub(crate) fn all(folder: &Path) -> Result<Vec<u64>, ResilienceError> {
    let row_files = found(folder)?.into_iter().filter(|(_, new)| !new);
    Ok(row_files.map(|(first, _)| first).collect())
}

/// Removes what a killed process has left that was to replace a row file.
pub(crate) fn remove_new(folder: &Path) -> Result<(), ResilienceError> {
    let new = found(folder)?.into_iter().filter(|(_, new)| *new);
    new.map(|(first, _)| new_path(folder, first)).try_for_each(|path| remove_file(&path))
}

/// Brings what earlier runs have left to the system to the disk: all files of the journal. To be called before `SQLite`
/// opens its own, or its lock would go with ours.
pub(crate) fn synchronize(folder: &Path) -> Result<(), ResilienceError> {
    let system = |error: io::Error| ResilienceError::system(folder, error);
    for entry in fs::read_dir(folder).map_err(system)? {
        let entry = entry.map_err(system)?;
        if entry.file_name().as_encoded_bytes().starts_with(BEGIN.as_bytes()) {
            let synchronized = File::open(entry.path()).and_then(|file| file.sync_all());
            synchronized.map_err(|error| ResilienceError::system(&entry.path(), error))?;
        }
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(system)
}

/// Removes all row files of a folder.
pub(crate) fn remove_all(folder: &Path) -> Result<(), ResilienceError> {
    remove_new(folder)?;
    all(folder)?.into_iter().try_for_each(|first| remove_file(&row_file_path(folder, first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_are_no_row_files() {
        let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        let folder = Path::new("folder");
        assert_eq!(parse(&name(row_file_path(folder, 17))), Some((17, false)));
        assert_eq!(parse(&name(new_path(folder, u64::MAX))), Some((u64::MAX, true)));
        for other in
            ["journal.sqlite", "journal.tail", "journal.x.rows", "journal.1.rows.old", ".rows"]
        {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
