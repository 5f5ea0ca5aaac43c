//! How a front end asks for the few partitions that it shows, out of any number.
//!
//! [`scan`](super::scan) looks for the answer.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::saved::{Collected, Extent, SavedPartition};
use super::sort_value::SortValue;
use crate::application::Key;
use crate::core::numbers::WorkerIndex;

pub use super::row::PartitionRow;

/// The partitions of one state on one worker, whatever the state's type.
pub trait Partitions {
    /// How many there are.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// How many were created by a message.
    fn dynamic(&self) -> usize;
    /// The worker that owns them.
    fn worker(&self) -> WorkerIndex;
    /// The partition at a place, as a front end shows it.
    fn row(&self, at: usize) -> Option<PartitionRow>;
    /// The place of the partition of a key.
    fn place_of(&self, key: &Key) -> Option<usize>;
    /// How many messages the partition at a place has processed.
    fn messages(&self, at: usize) -> u64;
    /// The key of the partition at a place.
    fn key(&self, at: usize) -> Option<&Key>;
    /// The places, sorted by key.
    fn places_by_key(&self) -> Vec<usize> {
        // With copies of the keys: sorting by way of the table would miss the cache at every step.
        let of_place = |at| self.key(at).map(|key| (key.clone(), at));
        let mut places: Vec<_> = (0..self.len()).filter_map(of_place).collect();
        places.sort_unstable();
        places.into_iter().map(|(_, at)| at).collect()
    }
    /// Remembers from now on which partitions have changes to save.
    fn remember_changes(&mut self);
    /// Begins to collect the partitions with changes to save, as they are now.
    fn begin_collecting(&mut self, extent: Extent);
    /// Collects up to this many of them. Returns false if that was all.
    fn collect(&mut self, at_most: usize) -> bool;
    /// What has been collected.
    fn take_collected(&mut self) -> Collected;
    /// Brings a partition back, as it was saved. Returns its place in this table.
    ///
    /// # Errors
    ///
    /// The saved state is of another type.
    fn restore(&mut self, saved: &SavedPartition) -> Result<u32, String>;
    /// Puts a state in place of a key's, or creates its partition: from JSON, as a person writes it. Returns its place in
    /// this table.
    ///
    /// # Errors
    ///
    /// The JSON is of another type than the state.
    fn restore_json(&mut self, key: &Key, json: &str) -> Result<u32, String>;
    /// The state of the partition at a place as JSON.
    fn state(&self, at: usize) -> Option<Value>;
    /// A field of that state as JSON, without the others; `None` if it has no such field.
    fn field(&self, at: usize, name: &str) -> Option<Value>;
    /// What the partition at a place is sorted by; rows with equal values are sorted by key. The rate is not known
    /// here: see [`Rates`](super::rates::Rates).
    fn sort_value(&self, at: usize, by: &SortBy) -> SortValue;
    /// A copy of the partition of a key, if its state takes no more than this many bytes. `None` if there is no such
    /// partition.
    ///
    /// # Errors
    ///
    /// The state is too long, or cannot be saved.
    fn copy(&self, key: &Key, longest: usize) -> Option<Result<SavedPartition, String>>;
    /// Lets computations touch the partition of a key again if it was poisoned.
    fn revive(&mut self, key: &Key) -> Revival;
}

/// What rows are sorted by.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum SortBy {
    /// The key.
    #[default]
    Key,
    /// The worker that owns the partition.
    Worker,
    /// How many messages the partition has processed.
    Messages,
    /// How many messages a second it processes now; rows that are equally fast by their messages.
    Rate,
    /// A field of the state.
    Field(String),
}

/// Says of a partition whether it is let through. All workers ask it at once.
pub trait Condition: Send + Sync {
    /// Whether the partition at a place is let through; `rate` is its messages a second, if they are measured. It
    /// takes a bounded time, because a worker does nothing else meanwhile, and it does not panic.
    fn holds(&self, partitions: &dyn Partitions, at: usize, rate: Option<f64>) -> bool;
    /// Whether it asks for the rate of a partition, which is not known otherwise.
    fn asks_for_rate(&self) -> bool;
    /// As it was typed: another process makes the same condition of it.
    fn text(&self) -> &str;
    /// How many messages all partitions have had together, for shares of them.
    fn all_messages(&self) -> u64;
    /// Says how many messages all partitions have had together by now.
    fn set_all_messages(&self, messages: u64);
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

    /// Whether it asks for the rates of partitions.
    pub fn asks_for_rate(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Condition(condition) => condition.asks_for_rate(),
        }
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

/// Which rows a front end wants to see. To another process it goes with a filter in its
/// [form for that](super::sent::FilterSent).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RowQuery<F = RowFilter> {
    /// What to sort by.
    pub sort: SortBy,
    /// Greatest first. Rows with equal values stay sorted by key, smallest first, unless the key is
    /// what is sorted by.
    pub descending: bool,
    /// Which partitions are let through.
    pub filter: F,
    /// How many rows to leave out at the beginning.
    pub offset: usize,
    /// Leave them out at the end instead: the last of many rows are found as fast as the first.
    pub from_end: bool,
    /// How many rows to give.
    pub limit: usize,
    /// These come before all others, in whichever order.
    pub pinned: Vec<Key>,
}

impl RowQuery {
    pub(super) fn wanted(&self) -> usize {
        self.offset.saturating_add(self.limit)
    }

    pub(super) fn compare(&self, one: (&SortValue, &Key), two: (&SortValue, &Key)) -> Ordering {
        let by_value = one.0.compare(two.0);
        let by_key = one.1.cmp(two.1);
        let order = match (self.descending, &self.sort) {
            (false, _) => by_value.then(by_key),
            (true, SortBy::Key) => by_key.reverse(),
            (true, _) => by_value.reverse().then(by_key),
        };
        let pinned = |key: &Key| self.pinned.contains(key);
        let order = pinned(two.1).cmp(&pinned(one.1)).then(order);
        // From the end: the last rows are looked for, and `merge` reverses them.
        if self.from_end { order.reverse() } else { order }
    }
}

/// A row with the value that it is sorted by.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SortedRow {
    /// The value.
    pub value: SortValue,
    /// The row.
    #[serde(with = "super::row::whole")]
    pub row: PartitionRow,
}

/// What a worker, or all of them together, answer to a [`RowQuery`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RowWindow {
    /// The rows, in order.
    pub rows: Vec<SortedRow>,
    /// How many rows the filter let through.
    pub matching: usize,
    /// How many partitions there are.
    pub total: usize,
    /// How many of them were created by a message.
    pub dynamic: usize,
    /// How many each worker owns.
    pub by_worker: BTreeMap<WorkerIndex, usize>,
}

/// How many partitions of a state a worker has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionCount {
    /// The state's name.
    pub state: Arc<str>,
    /// The worker.
    pub worker: WorkerIndex,
    /// How many.
    pub partitions: usize,
    /// How many of them were created by a message.
    pub dynamic: usize,
}

/// What came of asking to revive a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Revival {
    /// There is no such partition.
    NotFound,
    /// It was not poisoned: nothing has changed.
    WasGood,
    /// It takes messages again, with its state as it was.
    Revived,
}
