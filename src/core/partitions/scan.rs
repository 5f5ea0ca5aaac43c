//! Looks for the few rows that a front end shows, out of any number of partitions.
//!
//! A [`Scan`] looks at a worker's partitions a slice at a time, so that it never holds up the work,
//! and keeps only as many rows as were asked for. [`merge`] puts the workers' answers together.

use std::collections::BTreeMap;

use super::query::{Partitions, RowFilter, RowQuery, RowWindow, SortBy, SortedRow};
use super::rates::Rates;
use super::sort_value::SortValue;
use crate::application::{Key, push_text_of_bytes};
use crate::core::numbers::Timestamp;
use crate::core::text::has;

/// A condition costs more than a text: of so many times fewer partitions, between two looks at the clock.
const CONDITION_COST: usize = 16;

/// Looks for the wanted rows among a worker's partitions, a slice at a time.
#[derive(Debug)]
pub struct Scan {
    query: RowQuery,
    next: usize,
    matching: usize,
    found: Vec<(SortValue, Key, usize)>,
    /// Once the wanted number is found, the last of them: rows behind it are not kept.
    bar: Option<(SortValue, Key)>,
    key_text: String,
}

impl Scan {
    /// A scan that has not looked at any partition.
    pub fn new(query: RowQuery) -> Self {
        let key_text = String::new();
        Self { query, next: 0, matching: 0, found: Vec::new(), bar: None, key_text }
    }

    /// Looks at the next partitions, `slice` of them at most. True when it has seen all. `rates` are those of
    /// this table; they are kept from one scan to the next.
    pub fn look(
        &mut self,
        partitions: &dyn Partitions,
        rates: &mut Rates,
        now: Timestamp,
        slice: usize,
    ) -> bool {
        if self.query.wanted() == 0 && self.query.filter.is_empty() {
            (self.matching, self.next) = (partitions.len(), partitions.len());
        }
        let slice = match self.query.filter {
            RowFilter::Condition(_) => slice.div_ceil(CONDITION_COST),
            RowFilter::Text(_) => slice,
        };
        let measures = self.query.sort == SortBy::Rate || self.query.filter.asks_for_rate();
        let until = self.next.saturating_add(slice).min(partitions.len());
        for at in self.next..until {
            let Some(key) = partitions.key(at) else {
                debug_assert!(false, "a table has a partition at each place below its length");
                break;
            };
            // Those that the filter keeps back are counted as well: it may change.
            let rate = measures.then(|| rates.rate(at, partitions.messages(at), now)).flatten();
            if self.lets_through(partitions, key, at, rate) {
                self.matching += 1;
                let value = match &self.query.sort {
                    SortBy::Rate => SortValue::Rate(rate, partitions.messages(at)),
                    sort => partitions.sort_value(at, sort),
                };
                self.keep(value, key, at);
            }
        }
        self.next = until;
        self.next >= partitions.len()
    }

    fn lets_through(
        &mut self,
        partitions: &dyn Partitions,
        key: &Key,
        at: usize,
        rate: Option<f64>,
    ) -> bool {
        match &self.query.filter {
            RowFilter::Text(text) if text.is_empty() => true,
            RowFilter::Text(text) => {
                self.key_text.clear();
                push_text_of_bytes(&mut self.key_text, key.as_bytes());
                has(&self.key_text, text)
            }
            RowFilter::Condition(condition) => condition.holds(partitions, at, rate),
        }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::sync::Arc;

    use super::*;
    use crate::core::numbers::WorkerIndex;
    use crate::core::partitions::placement::Placement;
    use crate::core::partitions::query::Condition;
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
            let mut rates = Rates::default();
            while !scan.look(table, &mut rates, Timestamp(0), slice) {}
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
            let (filter, pinned) = (RowFilter::default(), Vec::new());
            let query = RowQuery { sort, descending, filter, offset, from_end, limit, pinned };
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
    fn rows_are_sorted_by_their_rate_and_those_that_are_equally_fast_by_their_messages() {
        let mut table = PartitionTable::<u32>::new(WorkerIndex(0));
        let places = ["idle", "many", "hot", "warm"]
            .map(|key| table.create(Key::from(key), 0, Timestamp(0), true));
        let query =
            RowQuery { sort: SortBy::Rate, descending: true, limit: 9, ..RowQuery::default() };
        let mut rates = Rates::default();
        let mut keys = |table: &PartitionTable<u32>, seconds: u64| {
            let mut scan = Scan::new(query.clone());
            let now = Timestamp(seconds * 1_000_000_000);
            while !scan.look(table, &mut rates, now, 3) {}
            let rows = scan.finish(table).rows;
            rows.iter().map(|row| row.row.key.to_string()).collect::<Vec<_>>()
        };
        let process = |table: &mut PartitionTable<u32>, messages: [u64; 4]| {
            for (place, messages) in places.into_iter().zip(messages) {
                table.at(place).unwrap().messages += messages;
            }
        };
        process(&mut table, [0, 50, 20, 0]);
        assert_eq!(keys(&table, 1), ["many", "hot", "idle", "warm"]);
        process(&mut table, [0, 0, 9, 3]);
        assert_eq!(keys(&table, 2), ["hot", "warm", "many", "idle"]);
    }

    #[test]
    fn pinned_rows_come_first_also_from_the_end() {
        let pinned = vec![Key::from("004"), Key::from("002")];
        let query = RowQuery { pinned, limit: 4, ..RowQuery::default() };
        let keys = |query: &RowQuery| {
            let found = window(&tables(&[0; 6], 2), query, 2);
            found.rows.iter().map(|row| row.row.key.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(keys(&query), ["002", "004", "000", "001"]);
        let last = RowQuery { from_end: true, ..query };
        assert_eq!(keys(&last), ["000", "001", "003", "005"]);
    }

    #[test]
    fn a_filter_in_lower_case_finds_both_cases_and_one_with_capitals_only_its_own() {
        let mut table = PartitionTable::<u32>::new(WorkerIndex(0));
        for key in ["Apple", "apple", "pear"] {
            table.create(Key::from(key), 0, Timestamp(0), true);
        }
        let matching = |filter: &str| {
            let filter = filter.into();
            let query = RowQuery { filter, limit: 9, ..RowQuery::default() };
            window(std::slice::from_ref(&table), &query, 1).matching
        };
        assert_eq!([matching("apple"), matching("Apple"), matching("p")], [2, 1, 3]);
    }

    #[test]
    fn a_condition_is_asked_of_every_partition_and_of_few_at_a_time() {
        struct Voted(std::sync::atomic::AtomicUsize);
        impl Condition for Voted {
            fn text(&self) -> &'static str {
                "state == 5"
            }
            fn all_messages(&self) -> u64 {
                0
            }
            fn set_all_messages(&self, _: u64) {}
            fn asks_for_rate(&self) -> bool {
                false
            }
            fn holds(&self, partitions: &dyn Partitions, at: usize, _: Option<f64>) -> bool {
                self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                partitions.state(at) == Some(5.into())
            }
        }
        let tables = tables(&[5, 0, 5, 5, 1], 1);
        let voted = Arc::new(Voted(0.into()));
        let filter = RowFilter::Condition(Arc::clone(&voted) as _);
        let query = RowQuery { filter, limit: 2, ..RowQuery::default() };
        let mut scan = Scan::new(query.clone());
        let mut rates = Rates::default();
        assert!(!scan.look(&tables[0], &mut rates, Timestamp(0), CONDITION_COST * 2));
        assert_eq!(voted.0.load(std::sync::atomic::Ordering::Relaxed), 2);
        let found = window(&tables, &query, 1);
        assert_eq!((found.matching, found.total, found.rows.len()), (3, 5, 2));
    }

    #[test]
    fn a_filter_keeps_the_keys_that_contain_it() {
        let query = RowQuery { filter: "1".into(), limit: 100, ..RowQuery::default() };
        let found = window(&tables(&[0; 30], 2), &query, 7);
        assert_eq!((found.matching, found.total, found.rows.len()), (12, 30, 12));
    }
}
