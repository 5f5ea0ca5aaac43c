//! Which partitions a question is about: a text in their keys, or a condition of the one who asks.

use std::fmt;
use std::sync::Arc;

use super::query::Partitions;

/// Says of a partition whether it is let through. All workers ask it at once.
pub trait Condition: Send + Sync {
    /// Whether the partition at a place is let through. It takes a bounded time, because a worker does nothing
    /// else meanwhile, and it does not panic.
    fn holds(&self, partitions: &dyn Partitions, at: usize) -> bool;
}

/// Which partitions are let through.
#[derive(Clone)]
pub enum RowFilter {
    /// Those whose key contains this text, in both cases unless it has capitals; all of them if it is empty.
    Text(String),
    /// Those of which the condition holds.
    Condition(Arc<dyn Condition>),
}

impl RowFilter {
    /// Whether it lets everything through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }
}

impl Default for RowFilter {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl From<&str> for RowFilter {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Two conditions are equal if they are the same one.
impl PartialEq for RowFilter {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(two)) => one == two,
            (Self::Condition(one), Self::Condition(two)) => Arc::ptr_eq(one, two),
            _ => false,
        }
    }
}

impl Eq for RowFilter {}

impl fmt::Debug for RowFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.debug_tuple("Text").field(text).finish(),
            Self::Condition(_) => formatter.write_str("Condition"),
        }
    }
}
