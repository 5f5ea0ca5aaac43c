//! What survives the process: checkpoints of partitions and positions, and a journal of frames.
//!
//! Only this folder names rusqlite. It knows nothing of workers and channels: the runtime says when to
//! write what. FORMAT.md describes every table and column.

mod checkpoints;
mod database;
mod directory;
mod error;
pub mod history;
mod inspection;
mod journal;
mod position;
mod sealed;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use checkpoints::recovery::{Checkpoint, journal_positions, open_journal};
pub use checkpoints::worker_file::{SavedState, WorkerFile};
pub use database::Durability;
pub use directory::emptying::empty_directory;
#[cfg(feature = "workbench")]
pub(crate) use directory::private;
pub use directory::temporary::TemporaryDirectory;
pub use directory::{Directory, NewGeneration};
pub use error::ResilienceError;
use history::Bound;
pub use inspection::{FileLength, Inspection, JournalSummary, SavedCheckpoint};
pub use journal::attempts::{Care, DEATHS, Part, Suspect, Unit};
pub use journal::attempts_file::Attempts;
pub use journal::contents::{JournalPositions, Replayed};
pub use journal::{Entry, Journal};
pub use position::{JournalPosition, Position, Slot};

/// How often a checkpoint is made, unless set.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(1);

/// The directory in which an engine saves what must survive it, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResilienceSettings {
    /// The directory.
    pub directory: PathBuf,
    /// How long after the first change since a checkpoint the next one begins. It is longer if the last one took long: then
    /// three times as long as that.
    pub interval: Duration,
    /// What it survives.
    pub durability: Durability,
    /// What is kept for a replay. `None`: nothing.
    pub history: Option<HistorySettings>,
}

/// What a run keeps for a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistorySettings {
    /// How much is kept.
    pub bound: Bound,
    /// The options of the application. A run with others begins another recording.
    pub options: BTreeMap<String, String>,
}

impl ResilienceSettings {
    /// One checkpoint per second in this directory. Checkpoints survive the process.
    pub fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            interval: DEFAULT_INTERVAL,
            durability: Durability::default(),
            history: None,
        }
    }
}
