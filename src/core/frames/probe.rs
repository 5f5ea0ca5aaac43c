//! A look at the state of one partition before and after each message that a replay brings to it: of all of it, whatever
//! its size, where a trace keeps the beginning.
//!
//! Frames carry it to the state steps. It costs nothing where there is none.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::preview::{PREVIEW_LIMIT, preview_json, to_json};
use crate::application::Key;

/// Which messages at the partition are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// Those of which so many have been there before: from the first number on, below the second.
    Places(u64, u64),
    /// Those with a greater number.
    After(u64),
    /// All of them.
    All,
}

/// A message that changed the partition, or the field of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The number of the message in its chapter.
    pub number: u64,
    /// What it was, as JSON that may be cut; `None` if it was not there.
    pub before: Option<String>,
    /// What it is after it.
    pub after: Option<String>,
    /// Whether the message made the computation panic: the partition takes no messages from then on.
    pub poisons: bool,
}

/// Looks at a partition, or at a field of it.
#[derive(Debug)]
pub struct Probe {
    state: Arc<str>,
    key: Key,
    /// The names of the fields and the places in lists that lead to it; none for all of the state.
    field: Vec<String>,
    looks: Looks,
    /// The max changes that are kept.
    most: usize,
    noted: Mutex<Noted>,
}

/// What has been seen so far.
#[derive(Debug, Default)]
struct Noted {
    /// How many messages have been at the partition.
    touched: u64,
    /// The greatest number of those that were not looked at.
    skipped: Option<u64>,
    /// The greatest number of all of them.
    greatest: Option<u64>,
    /// Whether one came after another one with a greater number.
    overtaken: bool,
    /// The message that is there now: its number, and what was before it.
    present: Option<(u64, Before)>,
    /// By the number of the message.
    changes: BTreeMap<u64, Change>,
    /// The change that happened last.
    last: Option<Change>,
}

/// What was before a message.
#[derive(Debug)]
struct Before {
    value: Option<Value>,
    created: bool,
}

impl Probe {
    /// Looks at a field of a partition, or at all of it, and keeps no more changes than `most`: the nearest ones to where
    /// it looks from.
    pub fn new(
        (state, key): (Arc<str>, Key),
        field: Vec<String>,
        looks: Looks,
        most: usize,
    ) -> Self {
        Self { state, key, field, looks, most, noted: Mutex::default() }
    }

    /// How many messages have been at the partition.
    pub fn touched(&self) -> u64 {
        self.noted.lock().touched
    }

    /// The greatest number of a message that was there and was not looked at.
    pub fn skipped(&self) -> Option<u64> {
        self.noted.lock().skipped
    }

    /// Whether a message came to the partition after one with a greater number: workers take turns, and pipelines may be
    /// merged. What a message does there may then not be what it does if none enters after it.
    pub fn is_overtaken(&self) -> bool {
        self.noted.lock().overtaken
    }

    /// The changes that are kept, by the numbers of their messages.
    pub fn changes(&self) -> Vec<Change> {
        self.noted.lock().changes.values().cloned().collect()
    }

    /// The least number of a message that changed it.
    pub fn first(&self) -> Option<u64> {
        self.noted.lock().changes.first_key_value().map(|(number, _)| *number)
    }

    /// The change that happened last. Workers take turns: it may be of an earlier message than another one.
    pub fn last(&self) -> Option<Change> {
        self.noted.lock().last.clone()
    }

    /// A message comes to the partition.
    fn begins<S: Serialize>(&self, number: u64, state: &S, created: bool) {
        let mut noted = self.noted.lock();
        let place = noted.touched;
        noted.touched += 1;
        noted.overtaken |= noted.greatest > Some(number);
        noted.greatest = noted.greatest.max(Some(number));
        if self.is_looked_at(number, place) {
            let value = (!created).then(|| self.value(state)).flatten();
            noted.present = Some((number, Before { value, created }));
        } else {
            noted.skipped = noted.skipped.max(Some(number));
            noted.present = None;
        }
    }

    /// The computation is done with the message, or has refused it, or has panicked.
    fn ends<S: Serialize>(&self, number: u64, state: &S, poisons: bool) {
        let mut noted = self.noted.lock();
        let after = self.value(state);
        let present = noted.present.take().filter(|(present, _)| *present == number);
        let (before, created) = match present {
            Some((_, Before { value, created })) => (value, created),
            // It was done with the message, and has panicked while its outputs were taken.
            None if poisons && self.is_looked_at(number, noted.touched.saturating_sub(1)) => {
                (after.clone(), false)
            }
            None => return,
        };
        let is_whole = self.field.is_empty();
        if before == after && !(is_whole && (created || poisons)) {
            return;
        }
        let (before, after) = told(before, after);
        let change = Change { number, before, after, poisons };
        // A message of several that were made of one frame: the frame did all of it.
        let first = noted.changes.remove(&number);
        let whole = match first {
            Some(first) => Change { before: first.before, ..change.clone() },
            None => change.clone(),
        };
        noted.changes.insert(number, whole);
        noted.last = Some(change);
        if noted.changes.len() > self.most {
            match self.looks {
                Looks::Places(..) => noted.changes.pop_first(),
                Looks::After(_) | Looks::All => noted.changes.pop_last(),
            };
        }
    }

    fn is_looked_at(&self, number: u64, place: u64) -> bool {
        match self.looks {
            Looks::Places(from, to) => (from..to).contains(&place),
            Looks::After(after) => number > after,
            Looks::All => true,
        }
    }

    /// What is looked at of a state; `None` if it has no such field.
    fn value<S: Serialize>(&self, state: &S) -> Option<Value> {
        let value = to_json(state).unwrap_or_else(Value::String);
        if self.field.is_empty() { Some(value) } else { field_of(&value, &self.field).cloned() }
    }
}

/// The part of a value to which these names of fields and places in lists lead; `None` if it has none.
pub fn field_of<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| match value {
        Value::Array(values) => values.get(name.parse::<usize>().ok()?),
        other => other.get(name),
    })
}

/// What it was and what it is, as JSON. Of what is too long, only the fields that differ.
fn told(before: Option<Value>, after: Option<Value>) -> (Option<String>, Option<String>) {
    let text = |value: &Option<Value>| value.as_ref().map(preview_json);
    let (one, other) = (text(&before), text(&after));
    let is_cut =
        |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > PREVIEW_LIMIT);
    match (before, after) {
        (Some(Value::Object(mut before)), Some(Value::Object(mut after)))
            if is_cut(&one) || is_cut(&other) =>
        {
            before.retain(|name, value| {
                after.get(name) != Some(value) || {
                    after.remove(name);
                    false
                }
            });
            (text(&Some(before.into())), text(&Some(after.into())))
        }
        _ => (one, other),
    }
}

/// A probe on its way with frames, of which the first one has this number in its chapter.
#[derive(Debug)]
pub struct Carried {
    /// The probe.
    pub probe: Arc<Probe>,
    /// The number of the first frame.
    pub first: u64,
}

/// A probe at the partition that it looks at, with the message that is there.
pub(in crate::core) struct AtWork<'a> {
    probe: &'a Probe,
    number: u64,
}

impl Carried {
    /// The probe, if this partition is the one that it looks at.
    pub(super) fn at(&self, frame: u32, state: &str, key: &Key) -> Option<AtWork<'_>> {
        let is_it = *self.probe.state == *state && self.probe.key == *key;
        is_it.then(|| AtWork { probe: &self.probe, number: self.first + u64::from(frame) })
    }
}

impl AtWork<'_> {
    /// The message comes to the partition, and may have created it.
    pub fn begins<S: Serialize>(&self, state: &S, created: bool) {
        self.probe.begins(self.number, state, created);
    }

    /// The computation is done with the message, or has refused it.
    pub fn ends<S: Serialize>(&self, state: &S) {
        self.probe.ends(self.number, state, false);
    }

    /// The computation has panicked.
    pub fn poisons<S: Serialize>(&self, state: &S) {
        self.probe.ends(self.number, state, true);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn probe(field: &[&str], looks: Looks, most: usize) -> Probe {
        let field = field.iter().map(|name| (*name).to_owned()).collect();
        Probe::new(("s".into(), Key::from("k")), field, looks, most)
    }

    fn run(probe: &Probe, states: &[Value]) -> Vec<u64> {
        for (number, pair) in (1..).zip(states.windows(2)) {
            probe.begins(number, &pair[0], number == 1);
            probe.ends(number, &pair[1], false);
        }
        probe.changes().iter().map(|change| change.number).collect()
    }

    #[test]
    fn a_field_changes_where_it_is_another_one_at_any_depth_and_size() {
        let long = "x".repeat(10_000);
        let state = |deep: u64, other: u64| json!({"long": long, "list": [0, {"deep": deep}], "other": other});
        let states = [state(0, 0), state(0, 0), state(1, 0), state(1, 5), state(2, 5)];
        let all = Looks::Places(0, u64::MAX);
        assert_eq!(run(&probe(&["list", "1", "deep"], all, 9), &states), [1, 2, 4]);
        assert_eq!(run(&probe(&["other"], all, 9), &states), [1, 3]);
        assert_eq!(run(&probe(&["none"], all, 9), &states), [0; 0]);
        // Behind the 2 KiB that a trace keeps. Only the fields that differ are told.
        let whole = probe(&[], all, 9);
        assert_eq!(run(&whole, &states), [1, 2, 3, 4]);
        let third = &whole.changes()[2];
        let told = [&third.before, &third.after].map(|told| told.as_deref().unwrap_or_default());
        assert_eq!(told, [r#"{"other":0}"#, r#"{"other":5}"#]);
    }

    #[test]
    fn the_nearest_changes_are_kept_and_what_is_not_looked_at_is_noted() {
        let states: Vec<Value> = (0..10).map(Value::from).collect();
        let newest = probe(&[], Looks::Places(4, 8), 2);
        assert_eq!(run(&newest, &states), [7, 8]);
        assert_eq!((newest.touched(), newest.skipped()), (9, Some(9)));
        let last = newest.last().unwrap();
        assert_eq!((last.before.as_deref(), last.after.as_deref()), (Some("7"), Some("8")));
        assert_eq!(run(&probe(&[], Looks::After(4), 2), &states), [5, 6]);
    }

    #[test]
    fn a_message_that_comes_after_a_later_one_is_told() {
        let probe = probe(&[], Looks::All, 9);
        for (number, overtaken) in [(3, false), (3, false), (5, false), (4, true), (6, true)] {
            probe.begins(number, &0, false);
            probe.ends(number, &1, false);
            assert_eq!(probe.is_overtaken(), overtaken);
        }
    }

    #[test]
    fn what_several_messages_of_a_frame_did_is_one_change_and_a_panic_is_one_of_the_partition() {
        let all = Looks::Places(0, u64::MAX);
        let whole = probe(&[], all, 9);
        for (before, after) in [(1, 2), (2, 3)] {
            whole.begins(5, &before, false);
            whole.ends(5, &after, false);
        }
        let change = &whole.changes()[0];
        assert_eq!((change.before.as_deref(), change.after.as_deref()), (Some("1"), Some("3")));
        whole.begins(6, &3, false);
        whole.ends(6, &3, true);
        assert_eq!(whole.last().map(|last| (last.number, last.poisons)), Some((6, true)));
        let field = probe(&["f"], all, 9);
        field.begins(6, &json!({"f": 1}), false);
        field.ends(6, &json!({"f": 1}), true);
        assert_eq!(field.last(), None);
    }
}
