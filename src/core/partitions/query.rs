//! How a front end asks for the few partitions that it shows, out of any number.
//!
//! A [`Scan`] looks at a worker's partitions a slice at a time, so that it never holds up the work,
//! and keeps only as many rows as were asked for. [`merge`] puts the workers' answers together.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::saved::{Collected, Extent, SavedPartition};
use super::sort_value::SortValue;
use crate::application::{Key, push_text_of_bytes};
use crate::core::numbers::{Timestamp, WorkerIndex};

/// The partitions of one state on one worker, whatever the state's type.
pub trait Partitions {
    /// How many there are.
    fn len(&self) -> usize;
    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// How many were created by a message.
    fn dynamic(&self) -> usize;
    /// The worker that owns them.
    fn worker(&self) -> WorkerIndex;
    /// The partition at a place, as a front end shows it.
    fn row(&self, at: usize) -> Option<PartitionRow>;
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
    /// The partitions with changes to save, which from now on they have no more.
    fn take_changed(&mut self, extent: Extent) -> Collected;
    /// Brings a partition back, as it was saved. Returns its place in this table.
    ///
    /// # Errors
    ///
    /// The saved state is of another type.
    fn restore(&mut self, saved: &SavedPartition) -> Result<u32, String>;
    /// What the partition at a place is sorted by; rows with equal values are sorted by key.
    fn sort_value(&self, at: usize, by: &SortBy) -> SortValue;
    /// Gives the partition of a key back to its computations where it was poisoned.
    fn revive(&mut self, key: &Key) -> Revival;
}

/// What rows are sorted by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SortBy {
    /// The key.
    #[default]
    Key,
    /// The worker that owns the partition.
    Worker,
    /// How many messages the partition has processed.
    Messages,
    /// A field of the state.
    Field(String),
}

/// Which rows a front end wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowQuery {
    /// What to sort by.
    pub sort: SortBy,
    /// Greatest first. Rows with equal values stay sorted by key, smallest first, unless the key is
    /// what is sorted by.
    pub descending: bool,
    /// Only keys that contain this text; all where it is empty.
    pub filter: String,
    /// How many rows to leave out at the beginning.
    pub offset: usize,
    /// Leave them out at the end instead: the last of many rows are found as fast as the first.
    pub from_end: bool,
    /// How many rows to give.
    pub limit: usize,
}

impl RowQuery {
    fn wanted(&self) -> usize {
        self.offset.saturating_add(self.limit)
    }

    fn compare(&self, one: (&SortValue, &Key), two: (&SortValue, &Key)) -> Ordering {
        let by_value = one.0.compare(two.0);
        let by_key = one.1.cmp(two.1);
        let order = match (self.descending, &self.sort) {
            (false, _) => by_value.then(by_key),
            (true, SortBy::Key) => by_key.reverse(),
            (true, _) => by_value.reverse().then(by_key),
        };
        // Whoever counts from the end looks for the last rows, and turns them around when done.
        if self.from_end { order.reverse() } else { order }
    }
}

/// A row with the value that it is sorted by.
#[derive(Debug, Clone)]
pub struct SortedRow {
    /// The value.
    pub value: SortValue,
    /// The row.
    pub row: PartitionRow,
}

/// What a worker, or all of them together, answer to a [`RowQuery`].
#[derive(Debug, Clone, Default)]
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

/// Looks for the wanted rows among a worker's partitions, a slice at a time.
#[derive(Debug)]
pub struct Scan {
    query: RowQuery,
    next: usize,
    matching: usize,
    found: Vec<(SortValue, Key, usize)>,
    /// The last of the wanted number, once as many are found: what comes after it is not wanted.
    bar: Option<(SortValue, Key)>,
    key_text: String,
}

impl Scan {
    /// A scan that has not looked at any partition.
    #[must_use]
    pub fn new(query: RowQuery) -> Self {
        let key_text = String::new();
        Self { query, next: 0, matching: 0, found: Vec::new(), bar: None, key_text }
    }

    /// Looks at the next partitions, `slice` of them at most. True when it has seen all.
    pub fn look(&mut self, partitions: &dyn Partitions, slice: usize) -> bool {
        if self.query.wanted() == 0 && self.query.filter.is_empty() {
            (self.matching, self.next) = (partitions.len(), partitions.len());
        }
        let until = self.next.saturating_add(slice).min(partitions.len());
        for at in self.next..until {
            let Some(key) = partitions.key(at) else { break };
            if self.lets_through(key) {
                self.matching += 1;
                let value = partitions.sort_value(at, &self.query.sort);
                self.keep(value, key, at);
            }
        }
        self.next = until;
        self.next >= partitions.len()
    }

    fn lets_through(&mut self, key: &Key) -> bool {
        if self.query.filter.is_empty() {
            return true;
        }
        self.key_text.clear();
        push_text_of_bytes(&mut self.key_text, key.as_bytes());
        self.key_text.contains(&self.query.filter)
    }

    fn keep(&mut self, value: SortValue, key: &Key, at: usize) {
        let wanted = self.query.wanted();
        let beyond = |(last, last_key): &(SortValue, Key)| {
            self.query.compare((&value, key), (last, last_key)).is_gt()
        };
        if wanted == 0 || self.bar.as_ref().is_some_and(beyond) {
            return;
        }
        self.found.push((value, key.clone(), at));
        // Cutting back at twice the wanted number makes the cost of a row constant on average.
        if self.found.len() >= wanted.saturating_mul(2).max(64) {
            self.cut_back();
        }
    }

    fn cut_back(&mut self) {
        let wanted = self.query.wanted();
        let query = &self.query;
        if wanted > 0 && self.found.len() > wanted {
            self.found.select_nth_unstable_by(wanted - 1, |one, two| {
                query.compare((&one.0, &one.1), (&two.0, &two.1))
            });
            self.found.truncate(wanted);
            self.bar = self.found.last().map(|(value, key, _)| (value.clone(), key.clone()));
        }
    }

    /// The rows found.
    #[must_use]
    pub fn finish(mut self, partitions: &dyn Partitions) -> RowWindow {
        self.cut_back();
        let query = &self.query;
        self.found.sort_unstable_by(|one, two| query.compare((&one.0, &one.1), (&two.0, &two.1)));
        let rows = self
            .found
            .into_iter()
            .filter_map(|(value, _, at)| partitions.row(at).map(|row| SortedRow { value, row }))
            .collect();
        RowWindow {
            rows,
            matching: self.matching,
            total: partitions.len(),
            dynamic: partitions.dynamic(),
            by_worker: BTreeMap::from([(partitions.worker(), partitions.len())]),
        }
    }
}

/// Puts the workers' answers together: the rows from the query's offset on.
#[must_use]
pub fn merge(query: &RowQuery, windows: impl IntoIterator<Item = RowWindow>) -> RowWindow {
    let mut merged = RowWindow::default();
    for window in windows {
        merged.rows.extend(window.rows);
        merged.matching += window.matching;
        merged.total += window.total;
        merged.dynamic += window.dynamic;
        merged.by_worker.extend(window.by_worker);
    }
    merged
        .rows
        .sort_by(|one, two| query.compare((&one.value, &one.row.key), (&two.value, &two.row.key)));
    merged.rows.drain(..query.offset.min(merged.rows.len()));
    merged.rows.truncate(query.limit);
    if query.from_end {
        merged.rows.reverse();
    }
    merged
}

/// One partition as a front end shows it.
#[derive(Debug, Clone, Serialize)]
pub struct PartitionRow {
    /// The state's name.
    pub state: String,
    /// The key.
    pub key: Key,
    /// The worker that owns it.
    pub worker: WorkerIndex,
    /// Whether its first message created it, rather than `--precreate`.
    pub dynamic: bool,
    /// Messages that it has processed.
    pub messages: u64,
    /// When it came into being; `None` where it came back from what was saved.
    #[serde(skip)]
    pub created: Option<Timestamp>,
    /// Whether a change since the last checkpoint asked to be saved.
    #[serde(skip)]
    pub to_save: bool,
    /// Whether a computation panicked on it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub poisoned: bool,
    /// The state as JSON.
    pub value: Value,
}

/// What came of asking to revive a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Revival {
    /// There is no such partition.
    NotFound,
    /// It was not poisoned: nothing has changed.
    WasGood,
    /// It takes messages again, with its state as it was.
    Revived,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::numbers::{Timestamp, WorkerIndex};
    use crate::core::partitions::placement::Placement;
    use crate::core::partitions::table::PartitionTable;

    fn tables(votes: &[u32], workers: usize) -> Vec<PartitionTable<u32>> {
        let placement = Placement::new(workers.try_into().unwrap());
        let mut tables: Vec<_> =
            (0..workers).map(|worker| PartitionTable::new(WorkerIndex(worker))).collect();
        for (number, votes) in votes.iter().enumerate() {
            let key = Key::from(format!("{number:03}"));
            tables[placement.worker(&key).0].create(key, *votes, Timestamp(0), true);
        }
        tables
    }

    fn window(tables: &[PartitionTable<u32>], query: &RowQuery, slice: usize) -> RowWindow {
        let answers = tables.iter().map(|table| {
            let mut scan = Scan::new(query.clone());
            while !scan.look(table, slice) {}
            scan.finish(table)
        });
        merge(query, answers.collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn a_window_is_a_part_of_all_rows_sorted(
            votes in prop::collection::vec(0_u32..20, 0..200),
            workers in 1_usize..4,
            offset in 0_usize..50,
            limit in 0_usize..50,
            slice in 1_usize..70,
            descending: bool,
            by_votes: bool,
            from_end: bool,
        ) {
            let sort = if by_votes { SortBy::Field("votes".to_owned()) } else { SortBy::Key };
            let filter = String::new();
            let query = RowQuery { sort, descending, filter, offset, from_end, limit };
            let found = window(&tables(&votes, workers), &query, slice);

            let mut all: Vec<(i64, usize)> =
                votes.iter().enumerate().map(|(key, votes)| (i64::from(*votes), key)).collect();
            all.sort_by_key(|(votes, key)| match (by_votes, descending) {
                (true, false) => (*votes, i64::try_from(*key).unwrap()),
                (true, true) => (-votes, i64::try_from(*key).unwrap()),
                (false, false) => (i64::try_from(*key).unwrap(), 0),
                (false, true) => (-i64::try_from(*key).unwrap(), 0),
            });
            if from_end {
                all.reverse();
            }
            let mut expected: Vec<_> =
                all.iter().skip(offset).take(limit).map(|(_, key)| format!("{key:03}")).collect();
            if from_end {
                expected.reverse();
            }
            let keys: Vec<_> = found.rows.iter().map(|row| row.row.key.to_string()).collect();
            prop_assert_eq!(keys, expected);
            prop_assert_eq!(found.matching, votes.len());
            prop_assert_eq!(found.total, votes.len());
        }
    }

    #[test]
    fn a_filter_keeps_the_keys_that_contain_it() {
        let query = RowQuery { filter: "1".to_owned(), limit: 100, ..RowQuery::default() };
        let found = window(&tables(&[0; 30], 2), &query, 7);
        assert_eq!((found.matching, found.total, found.rows.len()), (12, 30, 12));
    }
}
