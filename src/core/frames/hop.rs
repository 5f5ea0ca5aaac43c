//! One hop of a trace: what happened to a message at one step.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::application::Key;
use crate::core::numbers::{Timestamp, WorkerIndex};

/// What happened to the message at one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HopEvent {
    /// The decoder made this message (as JSON).
    Decoded(String),
    /// The decoder dropped the message on purpose.
    Filtered,
    /// A computation made these messages (as JSON). If there are none, it dropped its input.
    Computed(Vec<String>),
    /// The partition function gave this key, and placement this worker.
    Partitioned {
        /// The key.
        key: Key,
        /// The worker that owns it.
        owner: WorkerIndex,
    },
    /// A state computation ran.
    StateChanged {
        /// The partition's key.
        key: Key,
        /// Whether this message created the partition.
        created: bool,
        /// The state before, as JSON.
        before: String,
        /// The state after, as JSON.
        after: String,
        /// Whether the computation asked to save it.
        saved: bool,
        /// How many messages the partition has processed, with this one.
        messages: u64,
    },
    /// The encoder made these bytes.
    Encoded(Vec<u8>),
    /// A sink, named here, wrote the bytes.
    Written(Arc<str>),
    /// The message became a dead letter, for this reason.
    DeadLetter(String),
}

impl HopEvent {
    /// Whether this may be the last hop.
    #[must_use]
    pub fn is_end(&self) -> bool {
        match self {
            // A pipeline without a sink ends with its last state change or computation.
            Self::Written(_)
            | Self::Filtered
            | Self::DeadLetter(_)
            | Self::Computed(_)
            | Self::StateChanged { .. } => true,
            Self::Decoded(_) | Self::Partitioned { .. } | Self::Encoded(_) => false,
        }
    }

    /// The approximate size of its texts in memory, in bytes.
    pub fn byte_length(&self) -> usize {
        match self {
            Self::Decoded(text) | Self::DeadLetter(text) => text.len(),
            Self::Computed(texts) => texts.iter().map(String::len).sum(),
            Self::Partitioned { key, .. } => key.as_bytes().len(),
            Self::StateChanged { key, before, after, .. } => {
                key.as_bytes().len() + before.len() + after.len()
            }
            Self::Encoded(bytes) => bytes.len(),
            Self::Filtered | Self::Written(_) => 0,
        }
    }
}

/// One hop of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// The step's name.
    pub step: Arc<str>,
    /// The worker that ran it.
    pub worker: WorkerIndex,
    /// When it ended.
    pub at: Timestamp,
    /// What happened.
    pub event: HopEvent,
}
