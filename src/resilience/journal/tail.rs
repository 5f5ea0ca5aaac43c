//! The journal's tail: how far the journal had been written, in a file beside it.
//!
//! New rows are at the end of the journal's newest row file. Damage there looks like a write that was not finished. So after
//! each write of rows the number of the newest is also written to this file. The tail may be behind the journal (the process
//! can die between the two writes) and is never ahead of it.
//!
//! The file has two slots, and the older one is overwritten. If a write is torn, the other slot is whole, and
//! the tail is one write of rows further behind.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::resilience::database::Durability;
use crate::resilience::directory::private;
use crate::resilience::error::ResilienceError;
use crate::resilience::sealed::{Seal, checksum, integer, unsigned};

/// A slot: two numbers of 8 bytes, little-endian: the row, and the checksum.
const SLOT: usize = 16;

/// What the file of a tail says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// There is no file.
    Missing,
    /// No slot is whole: the machine or the disk failed in a write.
    Torn,
    /// The journal had been written up to this row at least.
    Row {
        /// The row.
        row: u64,
        /// In which slot it is.
        slot: u64,
    },
}

/// The tail, to be written.
#[derive(Debug)]
pub(crate) struct Tail {
    file: File,
    path: PathBuf,
    seal: Seal,
    /// The slot to be written next.
    next: u64,
}

impl Tail {
    /// Makes or opens the tail of a journal that ends at this row. What it says was read before.
    pub fn open(
        journal: &Path,
        durability: Durability,
        seal: Seal,
        said: Said,
        row: u64,
    ) -> Result<Self, ResilienceError> {
        let path = path(journal);
        let file = private::open_file(&path);
        let file = file.map_err(|error| ResilienceError::system(&path, error))?;
        let next = match said {
            Said::Row { slot, .. } => 1 - slot,
            Said::Missing | Said::Torn => 0,
        };
        let mut tail = Self { file, path, seal, next };
        tail.set(row)?;
        if durability == Durability::Power {
            // Once, for the file's name: later writes need no sync, since the tail may be behind.
            let directory = tail.path.parent().map(File::open).transpose();
            let synchronized = tail.file.sync_all().and_then(|()| match directory? {
                Some(directory) => directory.sync_all(),
                None => Ok(()),
            });
            synchronized.map_err(|error| ResilienceError::system(&tail.path, error))?;
        }
        Ok(tail)
    }

    /// Says that the journal has been written up to this row.
    pub fn set(&mut self, row: u64) -> Result<(), ResilienceError> {
        let bytes = slot_of(row, self.seal);
        let written = self.file.write_all_at(&bytes, self.next * SLOT as u64);
        written.map_err(|error| ResilienceError::system(&self.path, error))?;
        // Not after a failure: then only the other slot is whole.
        self.next = 1 - self.next;
        Ok(())
    }
}

/// Where the tail of a journal is.
pub(crate) fn path(journal: &Path) -> PathBuf {
    journal.with_extension("tail")
}

/// What the tail of a journal says.
pub(crate) fn read(journal: &Path, seal: Seal) -> Result<Said, ResilienceError> {
    let path = path(journal);
    match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Said::Missing),
        Err(error) => Err(ResilienceError::unreadable(&path, error)),
        Ok(bytes) => Ok(said(&bytes, seal)),
    }
}

fn said(bytes: &[u8], seal: Seal) -> Said {
    let slots = bytes.as_chunks::<SLOT>().0.iter().take(2);
    let rows = (0..).zip(slots).filter_map(|(slot, bytes)| Some((row_of(bytes, seal)?, slot)));
    rows.max().map_or(Said::Torn, |(row, slot)| Said::Row { row, slot })
}

/// The row of a slot that is whole.
fn row_of(slot: &[u8; SLOT], seal: Seal) -> Option<u64> {
    let (row, _) = slot.split_first_chunk()?;
    let row = u64::from_le_bytes(*row);
    (slot_of(row, seal) == slot).then_some(row)
}

fn slot_of(row: u64, seal: Seal) -> Vec<u8> {
    let sum = unsigned(checksum(Some(seal), [integer(row)]));
    [row, sum].map(u64::to_le_bytes).concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_write_leaves_what_was_said_before() {
        let folder = tempfile::tempdir().unwrap();
        let (journal, seal) = (folder.path().join("journal.sqlite"), Seal::of_journal(7));
        for row in 1..6 {
            let before = read(&journal, seal).unwrap();
            let mut tail = Tail::open(&journal, Durability::Process, seal, before, row).unwrap();
            let mut whole = fs::read(path(&journal)).unwrap();
            let Said::Row { row: found, .. } = said(&whole, seal) else { panic!("of {row}") };
            assert_eq!(found, row);
            tail.set(row + 100).unwrap();
            let after = fs::read(path(&journal)).unwrap();
            let starts = SLOT * usize::from(whole.len() > SLOT && after[..SLOT] == whole[..SLOT]);
            let starts = if whole.len() == SLOT { SLOT } else { starts };
            whole.resize(after.len(), 0);
            // Each number of bytes of the new slot that may have come to the disk.
            for written in 0..SLOT {
                let mut torn = whole.clone();
                let end = starts + written;
                torn[starts..end].copy_from_slice(&after[starts..end]);
                let Said::Row { row: found, .. } = said(&torn, seal) else { panic!("{written}") };
                assert!(found == row || found == row + 100, "{found} of {row}, {written}");
            }
            // As if the process had died before that.
            fs::write(path(&journal), &whole).unwrap();
        }
    }

    #[test]
    fn what_an_earlier_program_wrote_is_read() {
        let (seal, row) = (Seal::of_journal(3), 9);
        let bytes = slot_of(row, seal);
        assert_eq!(said(&bytes, seal), Said::Row { row, slot: 0 });
        for torn in [&bytes[..7], &[0; 16], &[0; 32], &[]] {
            assert_eq!(said(torn, seal), Said::Torn);
        }
    }
}
