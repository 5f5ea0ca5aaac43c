//! What a contestant has to come to, counted while its input is made, and by none of the contestants.

use std::collections::HashMap;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::contestants::Order;
use crate::digest::{Digest, Digester};
use crate::lines::Written;
use crate::messages::{Message, push_line};

/// How many keys' totals are compared: the smallest keys.
pub const COMPARED: usize = 1_000;

/// What a contestant came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many lines it wrote.
    pub lines: u64,
    /// How many bytes they had.
    pub bytes: u64,
    /// How many keys it has seen.
    pub keys: u64,
    /// The totals of the smallest keys, if it keeps totals that can be asked for.
    pub totals: Option<Vec<(u64, u64)>>,
    /// The sum of [`mixed`] lines, if it counts it.
    pub checksum: Option<u64>,
    /// Its lines, if it wrote them to a file or a receiver.
    pub written: Option<Digest>,
}

impl Outcome {
    /// The outcome of a contestant that has all totals.
    pub fn new(written: Written, totals: impl ExactSizeIterator<Item = (u64, u64)>) -> Self {
        Self {
            lines: written.lines,
            bytes: written.bytes,
            keys: totals.len() as u64,
            totals: Some(smallest(totals.collect())),
            checksum: None,
            written: None,
        }
    }
}

/// A line as a number, so that lines in any order have one sum.
#[inline]
pub fn mixed(key: u64, total: u64) -> u64 {
    (key | 1).wrapping_mul(total.wrapping_add(1))
}

/// The totals of the smallest keys, sorted.
pub fn smallest(mut totals: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    if totals.len() > COMPARED {
        totals.select_nth_unstable(COMPARED);
        totals.truncate(COMPARED);
    }
    totals.sort_unstable();
    totals
}

/// Counts what has to come of messages.
pub struct Expecting<M> {
    totals: HashMap<u64, u64>,
    written: Written,
    checksum: u64,
    line: Vec<u8>,
    digester: Option<Digester>,
    message: PhantomData<M>,
}

impl<M> Default for Expecting<M> {
    fn default() -> Self {
        Self {
            totals: HashMap::new(),
            written: Written::default(),
            checksum: 0,
            line: Vec::new(),
            digester: None,
            message: PhantomData,
        }
    }
}

impl<M: Message> Expecting<M> {
    /// Counts a message. `digest` says whether its line will be looked at.
    pub fn add(&mut self, message: M, digest: bool) {
        let key = message.key().into();
        let total = self.totals.entry(key).or_default();
        *total += message.votes();
        let digits = |number: u64, line: &mut Vec<u8>| line.extend(number.to_string().bytes());
        self.line.clear();
        push_line::<M>(message.key(), *total, &mut self.line, digits);
        self.written.lines += 1;
        self.written.bytes += self.line.len() as u64;
        self.checksum = self.checksum.wrapping_add(mixed(key, *total));
        if digest {
            self.digester.get_or_insert_default().add(&self.line);
        }
    }

    /// What has to come of all that were added.
    pub fn finish(self) -> Expected {
        let outcome = Outcome::new(self.written, self.totals.into_iter());
        let written = self.digester.map(|digester| digester.finish());
        Expected(Outcome { checksum: Some(self.checksum), written, ..outcome })
    }
}

/// What a contestant has to come to.
#[derive(Debug)]
pub struct Expected(Outcome);

impl From<Outcome> for Expected {
    fn from(outcome: Outcome) -> Self {
        Self(outcome)
    }
}

impl Expected {
    /// Says what of an outcome is wrong. What depends on an order that the contestant does not keep
    /// is not looked at.
    pub fn check(&self, found: &Outcome, order: Order) -> Result<(), String> {
        let Self(expected) = self;
        let same = |what: &str, found: u64, expected: u64| {
            if found == expected {
                Ok(())
            } else {
                Err(format!("{found} {what} instead of {expected}"))
            }
        };
        same("lines", found.lines, expected.lines)?;
        same("keys", found.keys, expected.keys)?;
        if found.totals.is_some() && found.totals != expected.totals {
            return Err("other totals".to_owned());
        }
        if order == Order::None {
            return Ok(());
        }
        same("bytes", found.bytes, expected.bytes)?;
        if found.checksum.is_some() && found.checksum != expected.checksum {
            return Err("other lines".to_owned());
        }
        match (found.written, expected.written) {
            (None, None) => Ok(()),
            (Some(found), Some(expected)) if order == Order::Whole && found == expected => Ok(()),
            (Some(found), Some(expected))
                if order == Order::PerKey && found.by_key == expected.by_key =>
            {
                Ok(())
            }
            _ => Err("the lines that were written are others, or in another order".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Vote;

    fn expected(votes: &[(u8, u32)]) -> Expected {
        let mut expecting = Expecting::default();
        for (letter, votes) in votes {
            expecting.add(Vote { letter: *letter, votes: *votes }, true);
        }
        expecting.finish()
    }

    #[test]
    fn an_outcome_is_checked_as_far_as_the_order_goes() {
        let wanted = expected(&[(b'a', 1), (b'b', 2), (b'a', 3)]);
        let moved = expected(&[(b'b', 2), (b'a', 1), (b'a', 3)]).0;
        assert!(wanted.check(&moved, Order::Whole).is_err());
        assert!(wanted.check(&moved, Order::PerKey).is_ok());
        let swapped = expected(&[(b'a', 3), (b'b', 2), (b'a', 1)]).0;
        assert!(wanted.check(&swapped, Order::PerKey).is_err());
        assert!(wanted.check(&swapped, Order::None).is_ok());
    }

    #[test]
    fn another_total_and_a_missing_line_are_wrong_in_any_order() {
        let wanted = expected(&[(b'a', 1), (b'b', 2)]);
        let other = expected(&[(b'a', 1), (b'b', 3)]).0;
        assert_eq!(wanted.check(&other, Order::None).unwrap_err(), "other totals");
        let fewer = expected(&[(b'b', 2)]).0;
        assert_eq!(wanted.check(&fewer, Order::None).unwrap_err(), "1 lines instead of 2");
    }

    #[test]
    fn only_the_smallest_keys_are_compared() {
        let totals = smallest((0..5_000).rev().map(|key| (key, 1)).collect());
        assert!(totals.into_iter().map(|(key, _)| key).eq(0..1_000));
    }
}
