//! Reads all row files of a folder, and finds where their last whole row ends.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::contents::{LiveRow, Place};
use super::row::Found;
use super::row_file_names::{all, row_file_path};
use super::tail::Said;
use crate::resilience::error::ResilienceError;
use crate::resilience::sealed::Seal;

/// The rows of all row files.
#[derive(Debug, Default)]
pub(crate) struct Scanned {
    /// In their order. Some may have been dropped.
    pub rows: Vec<LiveRow>,
    /// Each row file by the number of its first row: how many rows and how many bytes it has. What is behind these
    /// bytes was not written to its end.
    pub row_files: BTreeMap<u64, (u64, u64)>,
}

impl Scanned {
    /// Reads the row files of a folder. What the tail says was read before.
    pub fn read(folder: &Path, seal: Seal, tail: Said) -> Result<Self, ResilienceError> {
        let mut scanned = Self::default();
        let numbers = all(folder)?;
        let mut next = 0;
        for first in &numbers {
            let path = row_file_path(folder, *first);
            let file =
                fs::read(&path).map_err(|error| ResilienceError::unreadable(&path, error))?;
            let whole = scanned.row_file(*first, &file, seal, &mut next);
            let newest = numbers.last() == Some(first);
            let right =
                whole.is_some_and(|whole| whole == file.len() || newest && may_be_torn(next, tail));
            if !right {
                let reason = format!("row {next} has changed or is missing");
                return Err(ResilienceError::damaged(&path, reason));
            }
        }
        Ok(scanned)
    }

    /// Reads a row file, whose rows have at least the number `next`. Returns how long its whole rows are; `None` if one has
    /// a number that does not belong here.
    fn row_file(&mut self, first: u64, file: &[u8], seal: Seal, next: &mut u64) -> Option<usize> {
        let (mut rows, mut at) = (0, 0);
        *next = first.max(*next);
        while let Some(found) = Found::first_of(file.get(at..).unwrap_or_default(), seal) {
            if found.row < *next {
                return None;
            }
            let place = Place { row_file: first, offset: at as u64, length: found.length as u64 };
            let slot = (Arc::from(found.pipeline), found.slot);
            let (row, bytes) = (found.row, found.bytes.len() as u64);
            self.rows.push(LiveRow { row, slot, frames: found.frames, bytes, place });
            (rows, at, *next) = (rows + 1, at + found.length, found.row.checked_add(1)?);
        }
        self.row_files.insert(first, (rows, at as u64));
        Some(at)
    }
}

/// Whether a row may be the end of a write that was not finished: the journal was never said to have it.
fn may_be_torn(row: u64, tail: Said) -> bool {
    match tail {
        Said::Row { row: written, .. } => row > written,
        // It is made before any row file.
        Said::Missing => false,
        Said::Torn => true,
    }
}
