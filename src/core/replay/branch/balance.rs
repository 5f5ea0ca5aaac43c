//! Values of two runs, of which those that both have cancel each other out.
//!
//! Invariant: what is kept grows with what differs, and not with what is the same.

use std::collections::HashMap;
use std::hash::Hash;

/// How many values that differ are given with what they are; of each side.
pub const FIRST: usize = 1000;

/// Which of two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What happened.
    Happened,
    /// The branch.
    Branch,
}

/// Values that one run has and the other has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Only<T> {
    /// How many.
    pub count: u64,
    /// The first of them, and how often each is there.
    pub first: Vec<(T, u64)>,
}

impl<T> Default for Only<T> {
    fn default() -> Self {
        Self { count: 0, first: Vec::new() }
    }
}

/// The values that are in one of two runs only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlyIn<T> {
    /// Those of what happened.
    pub happened: Only<T>,
    /// Those of the branch.
    pub branch: Only<T>,
}

impl<T> Only<T> {
    fn map<U>(self, of: &impl Fn(T) -> U) -> Only<U> {
        let first = self.first.into_iter().map(|(value, times)| (of(value), times));
        Only { count: self.count, first: first.collect() }
    }
}

impl<T> OnlyIn<T> {
    /// The same with something else of each value.
    pub fn map<U>(self, of: impl Fn(T) -> U) -> OnlyIn<U> {
        OnlyIn { happened: self.happened.map(&of), branch: self.branch.map(&of) }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.happened.count == 0 && self.branch.count == 0
    }
}

/// Values of two runs.
#[derive(Debug)]
pub(super) struct Balance<T> {
    /// By value: how often more what happened has it than the branch, and where it was last.
    values: HashMap<T, (i64, u64)>,
    /// The same of what has come since it was settled last.
    fresh: HashMap<T, (i64, u64)>,
    next: u64,
}

impl<T> Default for Balance<T> {
    fn default() -> Self {
        Self { values: HashMap::new(), fresh: HashMap::new(), next: 0 }
    }
}

impl<T: Hash + Eq> Balance<T> {
    /// One of the runs has another value. Returns whether it is kept besides those of this time.
    pub fn add(&mut self, side: Side, value: T) -> bool {
        self.next += 1;
        let by = match side {
            Side::Happened => 1,
            Side::Branch => -1,
        };
        let before = self.fresh.len();
        let (count, last) = self.fresh.entry(value).or_default();
        *count += by;
        *last = self.next;
        self.fresh.len() > before
    }

    /// Forgets what has come since it was settled last.
    pub fn forget_fresh(&mut self) {
        self.fresh = HashMap::new();
    }

    /// Forgets what both runs have. Returns how many values are left.
    pub fn settle(&mut self) -> usize {
        for (value, (by, since)) in std::mem::take(&mut self.fresh) {
            if by != 0 {
                let (count, last) = self.values.entry(value).or_default();
                *count += by;
                *last = since;
            }
        }
        self.values.retain(|_, (count, _)| *count != 0);
        self.values.len()
    }

    /// The values that differ.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.values.keys()
    }

    /// What differs, in the order in which it came.
    pub fn finish(mut self) -> OnlyIn<T> {
        self.settle();
        let (mut happened, mut branch) = (Vec::new(), Vec::new());
        for (value, (count, last)) in self.values {
            let side = if count > 0 { &mut happened } else { &mut branch };
            side.push((last, value, count.unsigned_abs()));
        }
        OnlyIn { happened: only(happened), branch: only(branch) }
    }
}

fn only<T>(mut values: Vec<(u64, T, u64)>) -> Only<T> {
    let count = values.iter().map(|(_, _, times)| times).sum();
    values.sort_unstable_by_key(|(last, ..)| *last);
    let first = values.into_iter().take(FIRST).map(|(_, value, times)| (value, times));
    Only { count, first: first.collect() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_both_have_cancels_out_whenever_it_is_settled(
            values in prop::collection::vec((any::<bool>(), 0..20_u8, 0..8_u8), 0..200),
        ) {
            let (mut balance, mut model) = (Balance::default(), BTreeMap::<u8, i64>::new());
            for (happened, value, settles) in values {
                let side = if happened { Side::Happened } else { Side::Branch };
                let _ = balance.add(side, value);
                *model.entry(value).or_default() += if happened { 1 } else { -1 };
                if settles == 0 {
                    let left = model.values().filter(|count| **count != 0).count();
                    prop_assert_eq!(balance.settle(), left);
                }
            }
            let found = balance.finish();
            let of = |only: &Only<u8>| only.first.iter().copied().collect::<BTreeMap<_, _>>();
            let wanted = |sign: i64| {
                let of_sign = model.iter().filter(|(_, count)| count.signum() == sign);
                of_sign.map(|(value, count)| (*value, count.unsigned_abs())).collect::<BTreeMap<_, _>>()
            };
            prop_assert_eq!(of(&found.happened), wanted(1));
            prop_assert_eq!(of(&found.branch), wanted(-1));
            prop_assert_eq!(found.happened.count, wanted(1).values().sum::<u64>());
            prop_assert_eq!(found.branch.count, wanted(-1).values().sum::<u64>());
        }
    }

    #[test]
    fn the_first_values_are_given_and_all_are_counted() {
        let mut balance = Balance::default();
        for value in (0..5_000_u32).rev() {
            balance.add(Side::Branch, value);
            balance.add(Side::Branch, value);
        }
        let found = balance.finish();
        assert_eq!((found.happened.count, found.branch.count), (0, 10_000));
        assert_eq!(found.branch.first.len(), FIRST);
        assert_eq!(found.branch.first.first(), Some(&(4_999, 2)));
    }
}
