//! What is shown of a branch of the recording.

use std::sync::Arc;

use serde_json::Value;

use crate::application::Key;
use crate::core::frames::preview::PREVIEW_LIMIT;
use crate::core::replay::branch::OnlyIn;

/// A branch of the recording: how far it is, and what came of it.
#[derive(Debug, Clone)]
pub struct BranchShown {
    /// How many messages are done again.
    pub done: u64,
    /// How many messages have to be done again: what happened and the branch. 0 until that is known.
    pub all: u64,
    /// What came of it, or why nothing did; `None` until it is done.
    pub outcome: Option<Result<Arc<BranchDiffers>, Arc<str>>>,
    /// Whether the newest messages are not in the recording yet, because a checkpoint waits.
    pub without_newest: bool,
}

impl BranchShown {
    /// What it makes different, once that is known.
    #[must_use]
    pub fn differs(&self) -> Option<&BranchDiffers> {
        self.outcome.as_ref()?.as_ref().ok().map(AsRef::as_ref)
    }
}

/// What a branch makes different, at the end of the recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchDiffers {
    /// The last message of the recording.
    pub last: u64,
    /// How many partitions differ.
    pub partition_count: u64,
    /// The first of them.
    pub partitions: Vec<PartitionDiffersShown>,
    /// The outputs of each sink that has others.
    pub outputs: Vec<SinkDiffersShown>,
    /// The dead letters.
    pub dead_letters: OnlyIn<LetterShown>,
    /// The message until which outputs and dead letters were compared, if that is not the last one: too much differs.
    pub compared_until: Option<u64>,
    /// Why some of the difference may not come of the edits, if that is so.
    pub unfaithful: Option<String>,
}

impl BranchDiffers {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.partition_count == 0 && self.outputs.is_empty() && self.dead_letters.is_empty()
    }
}

/// A partition that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionDiffersShown {
    /// The name of its state.
    pub state: Arc<str>,
    /// Its key.
    pub key: Key,
    /// As it happened; `None` if it did not come into being.
    pub happened: Option<StateShown>,
    /// In the branch; `None` if it does not come into being there.
    pub branch: Option<StateShown>,
}

/// A partition on one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateShown {
    /// How many messages it has processed.
    pub messages: u64,
    /// Whether it is poisoned.
    pub poisoned: bool,
    /// Its state as JSON.
    pub value: Value,
}

/// The outputs of a sink that only one side has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkDiffersShown {
    /// The names of the pipelines that write to it.
    pub pipelines: String,
    /// The sink's name, or its number if its pipeline has several; empty if it has one.
    pub sink: String,
    /// The outputs.
    pub outputs: OnlyIn<CutBytes>,
}

/// A dead letter that only one side has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterShown {
    /// The pipeline.
    pub pipeline: Arc<str>,
    /// The step that could not process its message.
    pub step: Arc<str>,
    /// The failure in words, maybe cut.
    pub reason: String,
    /// The payload.
    pub payload: CutBytes,
}

/// The beginning of some bytes: it is looked at again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutBytes {
    /// The first of them.
    pub first: Vec<u8>,
    /// How many there are.
    pub length: usize,
}

impl CutBytes {
    /// The first [`PREVIEW_LIMIT`] of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let first = bytes.get(..PREVIEW_LIMIT).unwrap_or(bytes).to_vec();
        Self { first, length: bytes.len() }
    }
}
