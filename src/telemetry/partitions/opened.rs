//! The one partition that a front end looks at closely: as it is now, whichever rows are shown, how its value
//! has changed, and the newest of its messages that were traced.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::question::{LOOK, Question};
use super::rates::{MIN_WAIT, Seen, ShownRow, next_rate};
use crate::application::Key;
use crate::core::frames::trace::Trace;
use crate::core::numbers::{Timestamp, WorkerIndex};
use crate::core::partitions::query::PartitionRow;
use crate::runtime::Engine;

/// How many changes of the value are kept.
const VALUES_KEPT: usize = 240;

/// The shortest time between two values: a later one takes the place of the one before.
const VALUE_TIME: Duration = Duration::from_millis(500);

/// Which partition: the state's place in the topology, and the key.
pub type PartitionName = (usize, Key);

/// A partition that is looked at closely.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OpenedPartition {
    /// Which one.
    pub name: PartitionName,
    /// The partition as it is now; `None` if there is none, or its worker has not answered yet.
    pub row: Option<ShownRow>,
    /// The path of the number whose values are kept: the first one of the state.
    pub field: Option<String>,
    /// When that number changed while it was looked at, and to what; the oldest first.
    pub values: Vec<(Timestamp, f64)>,
    /// The first of its messages that was traced.
    pub first: Option<Arc<Trace>>,
    /// Its newest messages that were traced, newest first.
    pub traces: Vec<Arc<Trace>>,
}

/// Keeps one partition up to date.
#[derive(Default)]
pub(crate) struct OpenedWatch {
    name: Option<PartitionName>,
    question: Option<Question<Option<PartitionRow>>>,
    row: Option<ShownRow>,
    seen: Option<Seen>,
    moved: Option<(WorkerIndex, Timestamp)>,
    field: Option<String>,
    values: VecDeque<(Timestamp, f64)>,
    /// The count of work when the partition was asked for.
    shown_work: Option<u64>,
    not_before: Timestamp,
}

impl OpenedWatch {
    /// The partition, without its messages.
    pub fn shown(&self) -> Option<OpenedPartition> {
        Some(OpenedPartition {
            name: self.name.clone()?,
            row: self.row.clone(),
            field: self.field.clone(),
            values: self.values.iter().copied().collect(),
            first: None,
            traces: Vec::new(),
        })
    }

    /// Whether what is shown is what was there after this much work.
    pub fn is_up_to_date(&self, work: u64) -> bool {
        self.name.is_none() || self.shown_work == Some(work)
    }

    /// Takes answers, and asks again if the partition may have changed. True if it may be another one now.
    pub fn poll(&mut self, engine: &Engine, wanted: Option<&PartitionName>, work: u64) -> bool {
        let now = engine.now();
        let other = self.name.as_ref() != wanted;
        if other {
            *self = Self { name: wanted.cloned(), ..Self::default() };
        }
        let answered = self.take_answers(engine, now);
        let outdated = self.shown_work != Some(work) || self.rate_fades(now);
        if let Some((state, key)) = &self.name
            && outdated
            && self.question.is_none()
            && now >= self.not_before
            && let Some(state) = engine.topology().states().get(*state)
        {
            self.question = Some(Question::new(now, work, engine.row(&state.name, key)));
        }
        answered || other
    }

    /// Asks again, because a partition has changed without a message.
    pub fn ask_anew(&mut self) {
        self.question = None;
        self.shown_work = None;
    }

    /// When [`poll`](Self::poll) should be called again, if nothing else happens.
    pub fn next_poll(&self, now: Timestamp, work: u64) -> Option<Duration> {
        if self.question.is_some() {
            Some(LOOK)
        } else if !self.is_up_to_date(work) || self.rate_moves() {
            Some(self.not_before.since(now).max(MIN_WAIT))
        } else {
            None
        }
    }

    fn rate_moves(&self) -> bool {
        self.row.as_ref().is_some_and(|row| row.rate.is_none_or(|rate| rate > 0.0))
    }

    fn rate_fades(&self, now: Timestamp) -> bool {
        self.rate_moves() && self.seen.as_ref().is_some_and(|seen| seen.is_old(now))
    }

    fn take_answers(&mut self, engine: &Engine, now: Timestamp) -> bool {
        let answered = |question: &mut Question<_>| question.is_answered(engine.workers());
        let Some(question) = self.question.take_if(answered) else { return false };
        let wait = now.since(question.asked).max(MIN_WAIT);
        self.not_before = now.after(wait);
        self.shown_work = Some(question.work);
        let found = question.answers.into_iter().flatten().next();
        self.row = found.map(|row| self.seen_now(row, now));
        true
    }

    /// The row with its rate and its former owner, after its value is noted.
    fn seen_now(&mut self, row: PartitionRow, now: Timestamp) -> ShownRow {
        let before = self.row.as_ref().map(|before| before.row.worker);
        if let Some(before) = before.filter(|before| *before != row.worker) {
            self.moved = Some((before, now));
        }
        let seen = next_rate(self.seen.take(), row.messages, now);
        let (rate, history) = (seen.rate, seen.history.iter().copied().collect());
        self.seen = Some(seen);
        if let Some((field, number)) = first_number(&row.value, "") {
            self.field = Some(field);
            self.note(now, number);
        }
        ShownRow { rate, history, moved: self.moved, row }
    }

    #[expect(clippy::float_cmp, reason = "a value is the same or another one")]
    fn note(&mut self, now: Timestamp, number: f64) {
        let mut newest = self.values.iter().rev();
        let (last, before) = (newest.next().copied(), newest.next().copied());
        if last.is_some_and(|(_, last)| last == number) {
            return;
        }
        if before.is_some_and(|(before, _)| now.since(before) < VALUE_TIME) {
            self.values.pop_back();
        }
        self.values.push_back((now, number));
        if self.values.len() > VALUES_KEPT {
            self.values.pop_front();
        }
    }
}

/// The first number of a state, and its path.
pub(super) fn first_number(value: &Value, path: &str) -> Option<(String, f64)> {
    match value {
        Value::Number(number) => Some((path.to_owned(), number.as_f64()?)),
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            first_number(value, &path)
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_number_of_a_state_is_found_at_any_depth() {
        assert_eq!(first_number(&json!(3), ""), Some((String::new(), 3.0)));
        let nested = json!({ "a": "x", "b": { "c": 1.5 } });
        assert_eq!(first_number(&nested, ""), Some(("b.c".to_owned(), 1.5)));
        assert_eq!(first_number(&json!({ "a": [1] }), ""), None);
    }

    #[test]
    fn values_are_kept_when_they_change_and_not_more_often_than_they_can_be_seen() {
        let mut watch = OpenedWatch::default();
        let at = |milliseconds: u64| Timestamp(milliseconds * 1_000_000);
        for (moment, number) in [(0, 1.0), (100, 1.0), (200, 2.0), (300, 3.0), (900, 4.0)] {
            watch.note(at(moment), number);
        }
        assert_eq!(watch.values, [(at(0), 1.0), (at(300), 3.0), (at(900), 4.0)]);
        for more in 0..1000 {
            watch.note(at(2000 + more * 600), f64::from(u32::try_from(more).unwrap()));
        }
        assert_eq!(watch.values.len(), VALUES_KEPT);
    }
}
