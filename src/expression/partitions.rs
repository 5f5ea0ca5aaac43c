//! A condition about partitions, which the workers ask of each of theirs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use super::judge::{Expression, Row};
use crate::core::partitions::query::{Condition, Partitions};

/// A condition about the partitions of one state.
#[derive(Debug)]
pub struct PartitionCondition {
    expression: Arc<Expression>,
    /// All messages of all partitions: a share is of these.
    all_messages: AtomicU64,
}

impl PartitionCondition {
    /// Judges partitions by an expression about [`Rows::Partitions`](super::Rows::Partitions).
    #[must_use]
    pub fn new(expression: Arc<Expression>) -> Self {
        Self { expression, all_messages: AtomicU64::new(0) }
    }

    /// Whether this expression judges.
    #[must_use]
    pub fn is_by(&self, expression: &Arc<Expression>) -> bool {
        Arc::ptr_eq(&self.expression, expression)
    }
}

impl Condition for PartitionCondition {
    fn holds(&self, partitions: &dyn Partitions, at: usize, rate: Option<f64>) -> bool {
        let rate = rate.unwrap_or(0.0);
        let all_messages = self.all_messages.load(Ordering::Relaxed);
        self.expression.holds(&PartitionOf { partitions, at, rate, all_messages })
    }

    fn asks_for_rate(&self) -> bool {
        self.expression.names("rate")
    }

    fn text(&self) -> &str {
        self.expression.text()
    }

    fn all_messages(&self) -> u64 {
        self.all_messages.load(Ordering::Relaxed)
    }

    fn set_all_messages(&self, messages: u64) {
        self.all_messages.store(messages, Ordering::Relaxed);
    }
}

/// A partition of a table.
struct PartitionOf<'a> {
    partitions: &'a dyn Partitions,
    at: usize,
    rate: f64,
    all_messages: u64,
}

impl Row for PartitionOf<'_> {
    #[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
    fn value(&self, name: &str, field: Option<&str>) -> Option<Value> {
        let Self { partitions, at, .. } = *self;
        match (name, field) {
            ("key", _) => partitions.key(at).map(|key| key.to_string().into()),
            ("worker", _) => Some(partitions.worker().0.into()),
            ("messages", _) => Some(partitions.messages(at).into()),
            ("rate", _) => Some(self.rate.into()),
            ("share", _) => {
                let share = partitions.messages(at) as f64 / self.all_messages.max(1) as f64;
                Some(share.min(1.0).into())
            }
            ("state", None) => partitions.state(at),
            ("state", Some(field)) => partitions.field(at, field),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::application::Key;
    use crate::core::numbers::{Timestamp, WorkerIndex};
    use crate::core::partitions::query::{RowFilter, RowQuery};
    use crate::core::partitions::rates::Rates;
    use crate::core::partitions::scan::Scan;
    use crate::core::partitions::table::PartitionTable;
    use crate::expression::Rows;

    #[derive(Serialize, Deserialize)]
    struct Total {
        votes: u64,
        recent: Vec<u64>,
    }

    /// How many of a hundred partitions a condition lets through, and what it says of itself.
    fn matching(text: &str) -> (usize, Option<String>) {
        let mut table = PartitionTable::new(WorkerIndex(1));
        for number in 0..100 {
            let state = Total { votes: number, recent: vec![number, 1000] };
            table.create(Key::from(format!("k{number:02}")), state, Timestamp(0), true);
        }
        let expression = Arc::new(Expression::compile(text, Rows::Partitions).unwrap());
        let condition = Arc::new(PartitionCondition::new(Arc::clone(&expression)));
        condition.set_all_messages(200);
        let filter = RowFilter::Condition(condition);
        let mut scan = Scan::new(RowQuery { filter, limit: 5, ..RowQuery::default() });
        let mut rates = Rates::default();
        while !scan.look(&table, &mut rates, Timestamp(0), 64) {}
        (scan.finish(&table).matching, expression.trouble().map(str::to_owned))
    }

    #[test]
    fn a_condition_finds_the_partitions_of_a_table_whatever_it_asks_of_them() {
        for (text, found) in [
            ("state.votes >= 90", 10),
            ("state.votes >= 90 && key < 'k95' && worker == 1", 5),
            ("state.recent[0] == 7 || size(state.recent) != 2", 1),
            ("state.recent.exists(one, one < 3)", 3),
            ("has(state.votes)", 100),
            ("state == {'votes': 3, 'recent': [3, 1000]}", 1),
            ("messages == 0 && share == 0.0 && rate == 0.0", 100),
            ("worker == 0", 0),
        ] {
            assert_eq!(matching(text), (found, None), "{text}");
        }
        assert_eq!(matching("state.none == 1"), (0, Some("no row has state.none".to_owned())));
    }

    #[test]
    fn a_condition_about_the_rate_is_judged_by_what_is_measured_between_two_scans() {
        let mut table = PartitionTable::new(WorkerIndex(0));
        let places =
            ["slow", "fast"].map(|key| table.create(Key::from(key), 0_u64, Timestamp(0), true));
        let expression = Arc::new(Expression::compile("rate > 5.0", Rows::Partitions).unwrap());
        let condition = Arc::new(PartitionCondition::new(expression));
        let mut rates = Rates::default();
        let mut keys = |table: &PartitionTable<u64>, seconds: u64| {
            let filter = RowFilter::Condition(Arc::clone(&condition) as _);
            let mut scan = Scan::new(RowQuery { filter, limit: 5, ..RowQuery::default() });
            let now = Timestamp(seconds * 1_000_000_000);
            while !scan.look(table, &mut rates, now, 64) {}
            let rows = scan.finish(table).rows.into_iter();
            rows.map(|row| row.row.key.to_string()).collect::<Vec<_>>()
        };
        assert!(keys(&table, 1).is_empty());
        for (place, messages) in places.into_iter().zip([3, 30]) {
            table.at(place).unwrap().messages += messages;
        }
        assert_eq!(keys(&table, 2), ["fast"]);
        assert!(keys(&table, 4).is_empty(), "it is slow again");
    }
}
