//! A question about partitions on its way to another process.
//!
//! A condition cannot be sent. It travels as it was typed, and the other process, which runs the same program, makes the
//! same condition of it. `core` knows no language: whoever does gives a [`Compile`].

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::query::{Condition, RowFilter, RowQuery};

/// Understands a condition about partitions as it was typed. `None` if it is none.
pub type Compile = Arc<dyn Fn(&str) -> Option<Arc<dyn Condition>> + Send + Sync>;

/// Which partitions are let through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FilterSent {
    /// Those whose key contains this text.
    Text(String),
    /// Those of which a condition holds.
    Condition {
        /// As it was typed.
        text: String,
        /// How many messages all partitions have had together.
        all_messages: u64,
    },
}

impl Default for FilterSent {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl From<&RowFilter> for FilterSent {
    fn from(filter: &RowFilter) -> Self {
        match filter {
            RowFilter::Text(text) => Self::Text(text.clone()),
            RowFilter::Condition(condition) => Self::Condition {
                text: condition.text().to_owned(),
                all_messages: condition.all_messages(),
            },
        }
    }
}

impl FilterSent {
    /// The filter that was sent. `before` is the last one that the same process has sent: an equal condition is not
    /// understood anew.
    fn received(self, before: &RowFilter, compile: &Compile) -> RowFilter {
        let (text, all_messages) = match self {
            Self::Text(text) => return RowFilter::Text(text),
            Self::Condition { text, all_messages } => (text, all_messages),
        };
        let condition = match before {
            RowFilter::Condition(now) if now.text() == text => Some(Arc::clone(now)),
            _ => compile(&text),
        };
        match condition {
            Some(condition) => {
                condition.set_all_messages(all_messages);
                RowFilter::Condition(condition)
            }
            // Both processes are the same program, so it is one.
            None => RowFilter::Text(text),
        }
    }
}

impl<F> RowQuery<F> {
    fn with_filter<G>(self, change: impl FnOnce(F) -> G) -> RowQuery<G> {
        let Self { sort, descending, filter, offset, from_end, limit, pinned } = self;
        let filter = change(filter);
        RowQuery { sort, descending, filter, offset, from_end, limit, pinned }
    }
}

impl RowQuery {
    /// As it goes to another process.
    #[must_use]
    pub fn sent(self) -> RowQuery<FilterSent> {
        self.with_filter(|filter| FilterSent::from(&filter))
    }
}

impl RowQuery<FilterSent> {
    /// The question that was sent. `before` is the filter of the last one that the same process has sent: an equal
    /// condition is not understood anew.
    #[must_use]
    pub fn received(self, before: &RowFilter, compile: &Compile) -> RowQuery {
        self.with_filter(|filter| filter.received(before, compile))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

    use serde::de::DeserializeOwned;
    use serde_json::json;

    use super::*;
    use crate::application::Key;
    use crate::core::foresight::{Copied, Copies};
    use crate::core::numbers::{Timestamp, WorkerIndex};
    use crate::core::partitions::query::{
        PartitionCount, PartitionRow, Partitions, RowWindow, SortBy, SortedRow,
    };
    use crate::core::partitions::row::whole::Whole;
    use crate::core::partitions::saved::{Extent, SavedPartition, Unsaved};
    use crate::core::partitions::sort_value::SortValue;

    /// A condition that lets through as many partitions as are written in its text.
    struct Typed(String, AtomicU64);

    impl Condition for Typed {
        fn holds(&self, _: &dyn Partitions, at: usize, _: Option<f64>) -> bool {
            at.to_string() < self.0
        }

        fn asks_for_rate(&self) -> bool {
            false
        }

        fn text(&self) -> &str {
            &self.0
        }

        fn all_messages(&self) -> u64 {
            self.1.load(Ordering::Relaxed)
        }

        fn set_all_messages(&self, messages: u64) {
            self.1.store(messages, Ordering::Relaxed);
        }
    }

    /// The value after it was sent to another process.
    fn sent<T: Serialize + DeserializeOwned>(value: &T) -> T {
        rmp_serde::from_slice(&rmp_serde::to_vec_named(value).unwrap()).unwrap()
    }

    fn comes_as_it_was_sent<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
        assert_eq!(sent(value), *value);
    }

    #[test]
    fn a_question_comes_with_the_same_condition_and_an_equal_one_is_not_understood_anew() {
        let understood = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&understood);
        let compile: Compile = Arc::new(move |text| {
            count.fetch_add(1, Ordering::Relaxed);
            (text != "?").then(|| Arc::new(Typed(text.to_owned(), AtomicU64::new(0))) as _)
        });
        let condition = |text: &str, messages| {
            RowFilter::Condition(Arc::new(Typed(text.to_owned(), AtomicU64::new(messages))))
        };
        let mut before = RowFilter::default();
        for (text, messages, times) in [("3", 7, 1), ("3", 8, 1), ("4", 9, 2)] {
            let query = RowQuery {
                sort: SortBy::Field("votes".to_owned()),
                descending: true,
                filter: condition(text, messages),
                offset: 3,
                from_end: true,
                limit: 4,
                pinned: vec![Key::from(0xff_u8)],
            };
            let come = sent(&query.clone().sent()).received(&before, &compile);
            let RowFilter::Condition(same) = &come.filter else { panic!("it is a condition") };
            assert_eq!((same.text(), same.all_messages()), (text, messages));
            assert_eq!(understood.load(Ordering::Relaxed), times);
            before = come.filter.clone();
            let filter = query.filter.clone();
            assert_eq!(RowQuery { filter, ..come }, query, "all else is as it was");
        }
        let text = RowQuery { filter: "a".into(), ..RowQuery::default() };
        assert_eq!(sent(&text.clone().sent()).received(&before, &compile), text);
        let none = RowQuery { filter: condition("?", 0), ..RowQuery::default() };
        let come = sent(&none.sent()).received(&before, &compile);
        assert_eq!(come.filter, "?".into(), "what is no condition is looked for as a text");
    }

    #[test]
    fn what_processes_ask_and_answer_about_partitions_comes_as_it_was_sent() {
        let key = || Key::from(&b"\xff\x00long, so that it is not kept in the key itself"[..]);
        let saved = SavedPartition {
            place: 7,
            key: key(),
            dynamic: true,
            messages: u64::MAX,
            poisoned: true,
            value: (0..=255).collect(),
        };
        comes_as_it_was_sent(&saved);
        assert!(rmp_serde::to_vec_named(&saved).unwrap().len() < 400, "bytes are no numbers");
        comes_as_it_was_sent(&[Extent::Asked, Extent::Everything]);
        comes_as_it_was_sent(&Unsaved { key: key(), reason: "no".to_owned(), is_told: true });
        let copies = [Copied::New, Copied::Saved(saved), Copied::Failed("no".to_owned())];
        let states = ["a", "b", "c"].map(|state| (Arc::from(state), key()));
        comes_as_it_was_sent::<Copies>(&states.into_iter().zip(copies).collect());
        let (state, worker) = (Arc::from("votes"), WorkerIndex(3));
        comes_as_it_was_sent(&PartitionCount { state, worker, partitions: 2, dynamic: 1 });
    }

    #[test]
    fn a_row_comes_with_every_field_alone_and_in_a_window() {
        let row = |created, flag| PartitionRow {
            state: "votes".to_owned(),
            key: Key::from("k"),
            worker: WorkerIndex(3),
            dynamic: flag,
            messages: 5,
            created,
            to_save: flag,
            poisoned: flag,
            value: json!({ "sum": 1.5, "last": [null, -3, "x"], "big": u64::MAX }),
        };
        let rows = [row(None, true), row(Some(Timestamp(9)), false)];
        comes_as_it_was_sent(&rows.clone().map(Whole));
        comes_as_it_was_sent(&Some(Whole(row(None, true))));
        let values = [
            SortValue::Nothing,
            SortValue::Integer(i128::from(i64::MIN) * 4),
            SortValue::Float(f64::NEG_INFINITY),
            SortValue::Text("t".to_owned()),
            SortValue::Rate(Some(2.5), 3),
            SortValue::Rate(None, 4),
        ];
        let sorted = values.iter().zip(rows.iter().cycle());
        let sorted =
            sorted.map(|(value, row)| SortedRow { value: value.clone(), row: row.clone() });
        let by_worker = BTreeMap::from([(WorkerIndex(0), 2), (WorkerIndex(5), 4)]);
        let window =
            RowWindow { rows: sorted.collect(), matching: 6, total: 7, dynamic: 1, by_worker };
        let come = sent(&window);
        for (row, was) in come.rows.iter().zip(&window.rows) {
            assert_eq!((&row.value, &row.row), (&was.value, &was.row));
        }
        assert_eq!(come.rows.len(), 6);
        assert_eq!((come.matching, come.total, come.dynamic), (6, 7, 1));
        assert_eq!(come.by_worker, window.by_worker);
    }
}
