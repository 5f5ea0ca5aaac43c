//! Where to go in the past.

use crate::core::replay::Direction;
use crate::telemetry::PartitionName;

/// Where to go in the past, from the moment that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Travel {
    /// To the message before or after.
    Message(Direction),
    /// To the nearest change: of this partition, or of any.
    Change(Direction, Option<PartitionName>),
    /// To the message with this number; 0 is the beginning.
    To(u64),
    /// To now.
    Live,
}

impl Travel {
    /// Whether it leads to later moments.
    #[must_use]
    pub fn is_forth(&self) -> bool {
        matches!(self, Self::Message(Direction::Forth) | Self::Change(Direction::Forth, _))
    }
}
