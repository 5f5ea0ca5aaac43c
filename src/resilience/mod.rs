//! What survives the process: checkpoints of partitions and positions, and a journal of frames.
//!
//! Only this folder names rusqlite. It knows nothing of workers and channels: the runtime says when to
//! write what. FORMAT.md describes every table and column.

mod attempts;
mod attempts_file;
mod checksum;
mod copy;
mod database;
mod decision;
mod directory;
mod error;
mod inspection;
mod journal;
mod journal_contents;
mod journal_tail;
mod machine;
mod position;
mod private;
mod reading;
mod recovery;
mod temporary;
mod worker_file;
mod worker_names;
mod worker_reader;

use std::path::PathBuf;
use std::time::Duration;

pub use attempts::{Care, DEATHS, Part, Suspect, Unit};
pub use attempts_file::Attempts;
pub use database::Durability;
pub use directory::{Directory, NewGeneration};
pub use error::ResilienceError;
pub use inspection::{FileLength, Inspection, JournalSummary, SavedCheckpoint};
pub use journal::{Entry, Journal, JournalPositions, Replayed};
pub use position::{JournalPosition, Position, Slot};
pub use recovery::{Checkpoint, journal_positions, open_journal};
pub use temporary::TemporaryDirectory;
pub use worker_file::{SavedState, WorkerFile};

/// How often a checkpoint is made, unless set.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(1);

/// Where and how often an engine saves what must survive it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResilienceSettings {
    /// The directory.
    pub directory: PathBuf,
    /// How long after the first change since a checkpoint the next one begins.
    pub interval: Duration,
    /// What it survives.
    pub durability: Durability,
}

impl ResilienceSettings {
    /// A checkpoint a second in this directory, which survive the process.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self { directory, interval: DEFAULT_INTERVAL, durability: Durability::default() }
    }
}
