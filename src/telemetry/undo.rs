//! Messages that were taken back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::application::Key;
use crate::core::numbers::{PipelineIndex, SequenceNumber};

/// What was taken back, and what came of the last wish to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoShown {
    /// How many times it was wanted to take a message back.
    pub wanted: u64,
    /// What came of the last time: the error is why nothing was taken back, in a sentence. `None` while it is being done, and
    /// before the first time.
    pub outcome: Option<Result<TakenBackShown, Arc<str>>>,
    /// The messages that were taken back, the newest last; the first of very many are left out.
    pub messages: Arc<[(PipelineIndex, SequenceNumber)]>,
    /// Whether a sink writes outputs, and does not drop them: those stay.
    pub outputs_leave: bool,
}

impl UndoShown {
    /// Whether a message is being taken back.
    pub fn is_busy(&self) -> bool {
        self.wanted > 0 && self.outcome.is_none()
    }

    /// Whether this message was taken back.
    pub fn has(&self, pipeline: PipelineIndex, sequence: SequenceNumber) -> bool {
        self.messages.contains(&(pipeline, sequence))
    }
}

/// A message that was taken back, and what that did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenBackShown {
    /// The message's pipeline.
    pub pipeline: PipelineIndex,
    /// Its number there.
    pub sequence: SequenceNumber,
    /// How many partitions are others, or are gone.
    pub partitions: u64,
    /// The key of the first of them, and whether that partition is gone.
    pub first: Option<(Key, bool)>,
    /// How many outputs of it have left for a sink that does not drop them.
    pub outputs: u64,
    /// How many dead letters there are of it.
    pub dead_letters: u64,
}
