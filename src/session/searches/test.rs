//! What a test is made of, and a test that was made.

use serde::{Deserialize, Serialize};

use crate::core::numbers::{PipelineIndex, SequenceNumber};
use crate::core::replay::test_text::{Expected, Test};
use crate::telemetry::PartitionName;

/// What a test is made of: what was seen of it at the moment that is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TestOf {
    /// All partitions.
    Moment,
    /// A partition.
    Partition(PartitionName),
    /// A message, by its pipeline and its number there, at its own moment.
    Message(PipelineIndex, SequenceNumber),
}

/// A test that was made of what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestMade {
    /// The text of its file.
    pub file: String,
    /// How many messages are in it.
    pub messages: usize,
    /// Whether it fails until the application is mended.
    pub is_red: bool,
}

impl TestMade {
    /// The file of a test.
    #[must_use]
    pub fn of(test: &Test) -> Self {
        Self {
            file: test.file(),
            messages: test.messages.len(),
            is_red: test.expected == Expected::Otherwise,
        }
    }
}
