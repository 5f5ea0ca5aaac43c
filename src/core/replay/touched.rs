//! Which messages have been at which keys.
//!
//! A state belongs to a key. So what happens to a message depends on the messages that have been at its keys before, on
//! those that have been at theirs, and on no others. Keys of different states are not told apart: then a slice is larger
//! than it needs to be, and never too small.

use std::collections::{HashMap, HashSet};
use std::iter;

use crate::application::Key;
use crate::core::frames::trace::Trace;

/// How often a slice grows by what it depends on. If it has no end then, there is none.
const MAX_ROUNDS: usize = 16;

/// Which messages have been at which keys.
#[derive(Debug, Default)]
pub struct Touched {
    keys: HashMap<Key, u32>,
    /// The index of a message, and the number of a key.
    pairs: Vec<(usize, u32)>,
    /// Messages whose keys are not all known, because a trace is bounded.
    unknown: Vec<usize>,
}

/// A part of the messages, and their keys.
pub struct Part<'a> {
    /// In ascending order.
    pub messages: Vec<usize>,
    known: &'a HashMap<Key, u32>,
    keys: HashSet<u32>,
}

impl Part<'_> {
    /// Whether one of the messages has been at this key.
    pub fn has(&self, key: &Key) -> bool {
        self.known.get(key).is_some_and(|number| self.keys.contains(number))
    }
}

impl Touched {
    /// Notes the keys of a message.
    pub fn add(&mut self, message: usize, trace: &Trace) {
        for key in trace.keys_since(0).0 {
            let next = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
            let number = *self.keys.entry(key).or_insert(next);
            self.pairs.push((message, number));
        }
        if trace.hops_left_out() > 0 {
            self.unknown.push(message);
        }
    }

    /// Whether a message has been at this key.
    pub fn has(&self, key: &Key) -> bool {
        self.keys.contains_key(key)
    }

    /// Parts of the first messages, so many, that may be enough for the last of them: those at its keys, and all that
    /// it depends on. None of them is everything.
    pub fn parts(&self, count: usize) -> impl Iterator<Item = Part<'_>> {
        let last: HashSet<usize> = count.checked_sub(1).into_iter().collect();
        self.parts_around(self.around(&last, count), count)
    }

    /// The same for a key: the messages that have been at it, and all that it depends on.
    pub(super) fn parts_at(&self, key: &Key, count: usize) -> impl Iterator<Item = Part<'_>> {
        let number = self.keys.get(key);
        let at_it = self.pairs.iter().filter(|(_, at)| Some(at) == number);
        let at_it = at_it.map(|(message, _)| message).chain(&self.unknown).copied();
        self.parts_around(at_it.filter(|message| *message < count).collect(), count)
    }

    fn parts_around(&self, near: HashSet<usize>, count: usize) -> impl Iterator<Item = Part<'_>> {
        let start = near.clone();
        let far = iter::once_with(move || self.all_around(start, count));
        let parts = iter::once(Some(near)).chain(far).flatten();
        parts.filter(move |part| part.len() < count).map(|part| self.part(&part))
    }

    /// These messages, and those that have been at their keys.
    fn around(&self, messages: &HashSet<usize>, count: usize) -> HashSet<usize> {
        let keys = self.keys_of(messages);
        let at_them = self.pairs.iter().filter(|(_, key)| keys.contains(key));
        let near = at_them.map(|(message, _)| message).chain(&self.unknown);
        near.chain(messages).copied().filter(|message| *message < count).collect()
    }

    /// The same until there are no more; `None` if there was nothing to add, or if there is no end.
    fn all_around(&self, messages: HashSet<usize>, count: usize) -> Option<HashSet<usize>> {
        let before = messages.len();
        self.whole(messages, count).filter(|all| all.len() > before)
    }

    /// These messages, and all that they depend on; `None` if there is no end.
    fn whole(&self, messages: HashSet<usize>, count: usize) -> Option<HashSet<usize>> {
        let mut all = messages;
        for _ in 0..MAX_ROUNDS {
            let more = self.around(&all, count);
            if more.len() == all.len() {
                return Some(more);
            }
            all = more;
        }
        None
    }

    /// The messages that have been at these keys, and all that they depend on, in ascending order; and all keys that they
    /// have been at, with these. `None` if there is no end.
    pub fn of_keys(&self, keys: &[Key]) -> Option<(Vec<usize>, HashSet<Key>)> {
        let wanted: HashSet<u32> =
            keys.iter().filter_map(|key| self.keys.get(key)).copied().collect();
        let at_them = self.pairs.iter().filter(|(_, key)| wanted.contains(key));
        let start = at_them.map(|(message, _)| *message).chain(self.unknown.iter().copied());
        let part = self.part(&self.whole(start.collect(), usize::MAX)?);
        let known = self.keys.iter().filter(|(_, number)| part.keys.contains(number));
        let known = known.map(|(key, _)| key).chain(keys).cloned();
        Some((part.messages, known.collect()))
    }

    fn keys_of(&self, messages: &HashSet<usize>) -> HashSet<u32> {
        let of_these = self.pairs.iter().filter(|(message, _)| messages.contains(message));
        of_these.map(|(_, key)| *key).collect()
    }

    fn part(&self, messages: &HashSet<usize>) -> Part<'_> {
        let keys = self.keys_of(messages);
        let mut messages: Vec<usize> = messages.iter().copied().collect();
        messages.sort_unstable();
        Part { messages, known: &self.keys, keys }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::core::frames::trace::{Hop, HopEvent};
    use crate::core::numbers::{SequenceNumber, Timestamp, WorkerIndex};

    fn touched(messages: &[&[&str]]) -> Touched {
        let mut touched = Touched::default();
        for (at, keys) in messages.iter().enumerate() {
            let name: Arc<str> = "p".into();
            let trace = Trace::new(
                Arc::clone(&name),
                Arc::clone(&name),
                SequenceNumber(1),
                b"",
                Timestamp(0),
            );
            for key in *keys {
                let owner = WorkerIndex(0);
                let event = HopEvent::Partitioned { key: Key::from(*key), owner };
                let step = Arc::clone(&name);
                trace.push(Hop { step, worker: owner, at: Timestamp(0), event });
            }
            touched.add(at, &trace);
        }
        touched
    }

    fn parts(touched: &Touched, count: usize) -> Vec<Vec<usize>> {
        touched.parts(count).map(|part| part.messages).collect()
    }

    #[test]
    fn first_the_messages_at_its_keys_then_all_that_it_depends_on() {
        let touched = touched(&[&["a"], &["b"], &["a", "c"], &["c", "d"], &["d"], &["b"], &["d"]]);
        let expected = [vec![3, 4, 6], vec![0, 2, 3, 4, 6]];
        assert_eq!(parts(&touched, 7), expected);
        assert_eq!(parts(&touched, 6), [[1, 5]], "there is no more than the first");
        assert_eq!(parts(&touched, 1), Vec::<Vec<usize>>::new(), "all is no part");
        let part = touched.parts(6).next().unwrap();
        assert!(part.has(&Key::from("b")) && !part.has(&Key::from("a")));
    }

    #[test]
    fn the_messages_of_a_key_come_with_all_that_they_depend_on() {
        let touched = touched(&[&["a"], &["b"], &["a", "c"], &["c", "d"], &["d"], &["b"]]);
        let (messages, keys) = touched.of_keys(&[Key::from("d")]).unwrap();
        assert_eq!(messages, [0, 2, 3, 4]);
        assert_eq!(keys, ["a", "c", "d"].map(Key::from).into());
        let (messages, keys) = touched.of_keys(&[Key::from("of the base")]).unwrap();
        assert!(messages.is_empty() && keys == [Key::from("of the base")].into());
    }

    #[test]
    fn of_a_key_first_its_messages_then_all_that_they_depend_on() {
        let touched = touched(&[&["a"], &["b"], &["a", "c"], &["c"], &["b"]]);
        let parts_at = |key: &str, count| -> Vec<Vec<usize>> {
            touched.parts_at(&Key::from(key), count).map(|part| part.messages).collect()
        };
        assert_eq!(parts_at("c", 5), [vec![2, 3], vec![0, 2, 3]]);
        assert_eq!(parts_at("c", 3), [vec![2], vec![0, 2]]);
        assert_eq!(parts_at("b", 5), [[1, 4]]);
        assert_eq!(parts_at("nothing", 5), [Vec::<usize>::new()]);
    }

    #[test]
    fn a_message_without_a_key_depends_on_nothing() {
        assert_eq!(parts(&touched(&[&["a"], &["a"], &[]]), 3), [[2]]);
    }
}
