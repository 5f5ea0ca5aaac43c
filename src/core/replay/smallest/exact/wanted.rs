//! What a test is to be of, and a test of it.

use crate::application::Key;
use crate::core::numbers::{PipelineIndex, SequenceNumber};
use crate::core::replay::recording::PartitionName;
use crate::core::replay::test_text::{Expected, Seen, TOPOLOGY, Test, TestMessage, TestPartition};

/// What a test is to be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// All partitions.
    Moment,
    /// A partition.
    Partition(PartitionName),
    /// A message, by its pipeline and its number there: the partitions that it has been at, and what became of it.
    Message(PipelineIndex, SequenceNumber),
}

impl Of {
    /// The key of the partition that it is of.
    pub(super) fn key(&self) -> Option<&Key> {
        match self {
            Self::Partition((_, key)) => Some(key),
            Self::Moment | Self::Message(..) => None,
        }
    }
}

/// A test that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What it is of.
    pub of: Of,
    /// The moment: only so many messages of the recording have entered. A message has its own moment.
    pub until: u64,
    /// The max number of messages in it.
    pub most: usize,
}

/// A test of what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exact {
    /// The partitions before the first message.
    pub base: Vec<TestPartition>,
    /// The messages.
    pub messages: Vec<TestMessage>,
    /// The number of the last message in the recording, from 1.
    pub last: u64,
    /// What the test says.
    pub seen: Seen,
    /// Whether that is right, or is to be mended.
    pub expected: Expected,
}

impl Exact {
    /// The test. `application` is the application's name and options.
    pub fn test(self, title: String, application: String) -> Test {
        let Self { base, messages, seen, expected, .. } = self;
        Test { title, application, topology: TOPOLOGY.to_owned(), base, messages, seen, expected }
    }
}
