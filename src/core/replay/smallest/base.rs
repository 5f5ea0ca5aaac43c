//! The partitions before the first message.

use std::sync::Arc;

use crate::core::partitions::saved::SavedPartition;

/// A partition of the base, with the name of its state.
pub type BasePartition = (Arc<str>, SavedPartition);
