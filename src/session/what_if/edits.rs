//! What is to be done differently in a branch, as a person names it.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::application::Key;
use crate::core::numbers::{PipelineIndex, SequenceNumber};

/// A message of the recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageName {
    /// Its pipeline.
    pub pipeline: PipelineIndex,
    /// Its number there.
    pub sequence: SequenceNumber,
}

/// A moment of the recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spot {
    /// Before the first message that is still in the recording.
    Beginning,
    /// Directly before a message.
    Before(MessageName),
    /// Directly after a message.
    After(MessageName),
    /// After the last message.
    End,
}

/// The most edits of a branch.
pub const MAX_EDITS: usize = 1000;

/// The most messages that one edit puts in.
pub const MAX_TIMES: usize = 100_000;

/// The most bytes that all edits put in.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Something that is to be done differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhatIf {
    /// This message does not enter.
    LeaveOut(MessageName),
    /// This frame enters in place of a message, so many times.
    Replace(MessageName, Bytes, usize),
    /// This frame enters, so many times.
    PutIn {
        /// When.
        at: Spot,
        /// Its pipeline.
        pipeline: PipelineIndex,
        /// The frame.
        frame: Bytes,
        /// How many times.
        times: usize,
    },
    /// A partition has another state from then on.
    SetState {
        /// From when on.
        at: Spot,
        /// The name of the state.
        state: Arc<str>,
        /// The partition's key.
        key: Key,
        /// The state as JSON.
        json: String,
    },
}

impl WhatIf {
    /// How many bytes it puts in.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Replace(_, frame, times) | Self::PutIn { frame, times, .. } => {
                frame.len().saturating_mul(*times)
            }
            Self::LeaveOut(_) | Self::SetState { .. } => 0,
        }
    }

    /// How many messages it puts in.
    #[must_use]
    pub fn times(&self) -> usize {
        match self {
            Self::Replace(_, _, times) | Self::PutIn { times, .. } => *times,
            Self::LeaveOut(_) | Self::SetState { .. } => 0,
        }
    }
}
