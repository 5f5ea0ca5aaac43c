//! Copies of databases that another process may be writing, to be read at leisure.
//!
//! A file is copied before its log. What the process moves from the log into the file meanwhile is also
//! in the copy of the log, for as long as the log was not begun again from its start; its header tells. How long each log
//! is to be in its copy is asked for all files together, so that they are of one moment.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::private;
use super::worker_names::beside;
use crate::resilience::error::ResilienceError;

/// The length of a log's header, which is another one each time the log begins again from its start.
const HEADER: usize = 32;

/// How often to try, and then to give up.
const TRIES: u32 = 10;

/// A database that is copied.
struct Copied {
    from: PathBuf,
    to: PathBuf,
    /// Its log's header before the file was copied; `None` if it has none.
    header: Option<[u8; HEADER]>,
}

/// Copies these databases of a directory into another one, all as they were at one moment. They are
/// looked at in their order; `before` is called first.
///
/// # Errors
///
/// One cannot be read or copied, or is written faster than it can be copied.
pub(crate) fn copy_databases<T>(
    names: &[PathBuf],
    to: &Path,
    mut before: impl FnMut() -> Result<T, ResilienceError>,
) -> Result<T, ResilienceError> {
    for _ in 0..TRIES {
        let mut copied = Vec::new();
        for from in names {
            debug_assert!(from.file_name().is_some(), "a database is a file of its directory");
            let to = to.join(from.file_name().unwrap_or_default());
            copied.push(Copied::file(from.clone(), to)?);
        }
        let said = before()?;
        let lengths: Vec<_> = copied.iter().map(Copied::log_length).collect::<Result<_, _>>()?;
        for (copied, length) in copied.iter().zip(lengths) {
            copied.log(length)?;
        }
        let mut whole = true;
        for copied in &copied {
            whole &= header(&copied.log_path())? == copied.header;
        }
        if whole {
            return Ok(said);
        }
    }
    debug_assert!(!names.is_empty(), "with nothing to copy, the copy is whole at once");
    let any = names.first().cloned().unwrap_or_default();
    let reason = format!("its log was begun anew during each of {TRIES} copies");
    Err(ResilienceError::busy(&any, reason))
}

impl Copied {
    /// Copies the file itself, and a transaction that was not finished.
    fn file(from: PathBuf, to: PathBuf) -> Result<Self, ResilienceError> {
        let header = header(&beside(&from, "-wal"))?;
        copy(&from, &to, u64::MAX)?;
        let (unfinished, copied) = (beside(&from, "-journal"), beside(&to, "-journal"));
        copy_if_there(&unfinished, &copied, u64::MAX)?;
        Ok(Self { from, to, header })
    }

    fn log_path(&self) -> PathBuf {
        beside(&self.from, "-wal")
    }

    fn log_length(&self) -> Result<u64, ResilienceError> {
        let path = self.log_path();
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            found => found
                .map(|found| found.len())
                .map_err(|error| ResilienceError::system(&path, error)),
        }
    }

    fn log(&self, length: u64) -> Result<(), ResilienceError> {
        copy_if_there(&self.log_path(), &beside(&self.to, "-wal"), length)
    }
}

fn copy_if_there(from: &Path, to: &Path, length: u64) -> Result<(), ResilienceError> {
    if from.exists() {
        return copy(from, to, length);
    }
    match fs::remove_file(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(ResilienceError::system(to, error))
        }
        _ => Ok(()),
    }
}

/// Copies the first bytes of a file.
fn copy(from: &Path, to: &Path, length: u64) -> Result<(), ResilienceError> {
    let opened = File::open(from).map_err(|error| ResilienceError::system(from, error))?;
    let mut copy = private::create_file(to).map_err(|error| ResilienceError::system(to, error))?;
    let copied = io::copy(&mut opened.take(length), &mut copy);
    copied.map(drop).map_err(|error| match error.kind() {
        io::ErrorKind::StorageFull => ResilienceError::system(to, error),
        _ => ResilienceError::unreadable(from, error),
    })
}

/// The header of a log; `None` if it is missing or too short.
fn header(log: &Path) -> Result<Option<[u8; HEADER]>, ResilienceError> {
    let mut header = [0; HEADER];
    match File::open(log).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) => Ok(Some(header)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof => Ok(None),
            _ => Err(ResilienceError::unreadable(log, error)),
        },
    }
}

#[cfg(test)]
mod tests {
    use tempfile::tempdir;

    use super::*;

    #[test]
    fn what_is_written_faster_than_it_can_be_copied_is_busy_and_not_damaged() {
        let (from, to) = (tempdir().unwrap(), tempdir().unwrap());
        let file = from.path().join("file");
        fs::write(&file, "pages").unwrap();
        let mut written = 0_u8;
        let copied = copy_databases(std::slice::from_ref(&file), to.path(), || {
            written += 1;
            fs::write(beside(&file, "-wal"), [written; HEADER]).unwrap();
            Ok(())
        });
        let error = copied.unwrap_err().to_string();
        assert_eq!(u32::from(written), TRIES);
        assert!(error.contains("nothing is wrong with it: try again"), "{error}");
        assert!(!error.contains("damaged"), "{error}");
        // Nobody writes any more.
        copy_databases(std::slice::from_ref(&file), to.path(), || Ok(())).unwrap();
    }
}
