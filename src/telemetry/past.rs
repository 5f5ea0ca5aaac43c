//! Which moment of the past is shown.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::partitions::opened::PartitionName;
use crate::core::frames::probe::Change;
use crate::core::frames::trace::Trace;

/// A moment of the past, which is shown in the place of now: the end of a message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PastShown {
    /// The number of its message, in the order in which messages were read; 0 is the beginning of the run.
    pub message: u64,
    /// The message behind which the recording begins; 0 if it has everything.
    pub first: u64,
    /// The last message of the recording.
    pub last: u64,
    /// What happened to the message; `None` at the beginning.
    pub trace: Option<Arc<Trace>>,
    /// Whether all of its dead letters are counted: otherwise there may have been more.
    pub letters_known: bool,
}

impl PastShown {
    /// How many messages of the recording came after it.
    #[must_use]
    pub fn back(&self) -> u64 {
        self.last.saturating_sub(self.message)
    }
}

/// A search through the recording that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchShown {
    /// What is looked for, as a person wrote it; or the key of the partition whose changes are.
    pub text: Arc<str>,
    /// How many messages have been looked at.
    pub looked: u64,
    /// How many there are to be looked at; 0 if that is not known.
    pub all: u64,
}

/// The changes of a partition that are recorded, or the newest of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangesShown {
    /// The partition.
    pub of: PartitionName,
    /// The changes, newest first.
    pub changes: Vec<ChangeShown>,
    /// Whether these are all that the recording has.
    pub is_all: bool,
}

/// A change of a partition.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeShown {
    /// The partition before and after it. Its number is that of the message.
    pub change: Change,
    /// What happened to the message.
    pub trace: Arc<Trace>,
}
