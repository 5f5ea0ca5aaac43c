//! What to recover, to replay, to trim and to compact: the rules, without files.

use thiserror::Error;

use crate::core::numbers::Epoch;
use crate::resilience::position::JournalPosition;

/// What one file of a generation says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSummary {
    /// Which worker wrote it.
    pub worker: u64,
    /// Of how many.
    pub workers: u64,
    /// The newest epoch that it holds whole; `None` if it holds none.
    pub newest: Option<Epoch>,
    /// The oldest epoch that it can still give back.
    pub oldest: Epoch,
}

/// Why the files of a generation cannot be one whole.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Incomplete {
    /// No file at all.
    #[error("its files are missing")]
    Nothing,
    /// A worker's file is missing.
    #[error("the file of worker {0} is missing")]
    Missing(u64),
    /// A file was written by a run with another number of workers.
    #[error("the file of worker {0} is of a run with another number of workers")]
    Foreign(u64),
    /// A file holds no whole epoch.
    #[error("the file of worker {0} holds no checkpoint")]
    Empty(u64),
    /// A file has lost epochs that the others need.
    #[error(
        "the file of worker {worker} ends at checkpoint {ends}, and the others begin at {needed}"
    )]
    Lost {
        /// The worker.
        worker: u64,
        /// The newest epoch that its file holds.
        ends: Epoch,
        /// The oldest epoch that another file can still give back.
        needed: Epoch,
    },
}

/// The epoch to recover: the newest one that every worker's file holds.
///
/// # Errors
///
/// No epoch is in all files.
pub fn epoch_to_recover(files: &[FileSummary]) -> Result<Epoch, Incomplete> {
    let workers = files.first().ok_or(Incomplete::Nothing)?.workers;
    if let Some(foreign) = files.iter().find(|file| file.workers != workers) {
        return Err(Incomplete::Foreign(foreign.worker));
    }
    let missing = (0..workers).find(|worker| !files.iter().any(|file| file.worker == *worker));
    if let Some(worker) = missing {
        return Err(Incomplete::Missing(worker));
    }
    let mut newest = Vec::new();
    for file in files {
        newest.push((file.newest.ok_or(Incomplete::Empty(file.worker))?, file.worker));
    }
    let (ends, worker) = newest.into_iter().min().ok_or(Incomplete::Nothing)?;
    match files.iter().map(|file| file.oldest).max() {
        Some(needed) if needed > ends => Err(Incomplete::Lost { worker, ends, needed }),
        _ => Ok(ends),
    }
}

/// How many frames of a journaled row to leave out when it is replayed; `None` if all are done.
pub fn frames_done(position: JournalPosition, row: u64, frames: u64) -> Option<u64> {
    match row.cmp(&position.row) {
        std::cmp::Ordering::Less => None,
        std::cmp::Ordering::Equal => (position.frames < frames).then_some(position.frames),
        std::cmp::Ordering::Greater => Some(0),
    }
}

/// How many of the oldest rows of a worker's file to look at in a checkpoint that saves `saved`
/// partitions: those that are still the newest of their partition are written again at the end, and then
/// all of them are dropped. So a file has at most about three rows per partition, and a checkpoint's
/// work stays in proportion to what it saves.
pub fn rows_to_compact(rows: u64, live: u64, saved: u64) -> u64 {
    /// Below this a file is small, whatever is in it.
    const SMALL: u64 = 4096;
    if rows <= SMALL || rows <= 2 * live { 0 } else { (2 * saved + SMALL).min(rows) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(worker: u64, workers: u64, newest: u64, oldest: u64) -> FileSummary {
        FileSummary { worker, workers, newest: Some(Epoch(newest)), oldest: Epoch(oldest) }
    }

    #[test]
    fn the_newest_epoch_that_every_worker_holds_is_recovered() {
        assert_eq!(epoch_to_recover(&[file(0, 1, 7, 6)]), Ok(Epoch(7)));
        assert_eq!(epoch_to_recover(&[file(1, 2, 7, 6), file(0, 2, 8, 7)]), Ok(Epoch(7)));
    }

    #[test]
    fn files_that_are_no_whole_are_refused_with_what_is_wrong() {
        let recover = |files: &[FileSummary]| epoch_to_recover(files).unwrap_err();
        assert_eq!(recover(&[]), Incomplete::Nothing);
        assert_eq!(recover(&[file(0, 2, 7, 6)]), Incomplete::Missing(1));
        assert_eq!(recover(&[file(0, 2, 7, 6), file(1, 3, 7, 6)]), Incomplete::Foreign(1));
        let empty = FileSummary { worker: 1, workers: 2, newest: None, oldest: Epoch(0) };
        assert_eq!(recover(&[file(0, 2, 7, 6), empty]), Incomplete::Empty(1));
        let lost = Incomplete::Lost { worker: 1, ends: Epoch(4), needed: Epoch(6) };
        assert_eq!(recover(&[file(0, 2, 7, 6), file(1, 2, 4, 3)]), lost);
    }

    #[test]
    fn a_journaled_frame_is_replayed_where_it_had_not_been_taken() {
        let position = JournalPosition { row: 5, frames: 2 };
        assert_eq!(frames_done(position, 4, 10), None);
        assert_eq!(frames_done(position, 5, 3), Some(2));
        assert_eq!(frames_done(position, 5, 2), None);
        assert_eq!(frames_done(position, 6, 1), Some(0));
        assert_eq!(frames_done(JournalPosition::default(), 1, 1), Some(0));
    }
}
