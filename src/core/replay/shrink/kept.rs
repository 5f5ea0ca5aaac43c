//! Which of many things are kept.
//!
//! Ranges of indices, and no copies of the things: a million messages of which all are kept are one range.

use std::ops::Range;

/// Which of many things are kept: their indices, in ascending order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Kept {
    /// Invariant: in ascending order, none is empty, and between two of them something is left out. So equal sets have
    /// equal ranges.
    ranges: Vec<Range<usize>>,
    len: usize,
}

impl Kept {
    /// All of so many things.
    pub fn all(count: usize) -> Self {
        Self::default().then(0..count)
    }

    /// These, in any order.
    pub fn of(indices: impl IntoIterator<Item = usize>) -> Self {
        let mut indices: Vec<usize> = indices.into_iter().collect();
        indices.sort_unstable();
        indices.dedup();
        indices.into_iter().fold(Self::default(), |kept, index| kept.then(index..index + 1))
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the one with this index is kept.
    pub fn contains(&self, index: usize) -> bool {
        let behind = self.ranges.partition_point(|range| range.end <= index);
        self.ranges.get(behind).is_some_and(|range| range.contains(&index))
    }

    /// The indices of those that are kept.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.ranges.iter().cloned().flatten()
    }

    /// How many ranges they are.
    pub(super) fn range_count(&self) -> usize {
        self.ranges.len()
    }

    /// Those at these places among all that are kept.
    pub(super) fn places(&self, places: Range<usize>) -> Self {
        self.clone_places(Self::default(), &places)
    }

    /// The others.
    pub(super) fn without(&self, places: Range<usize>) -> Self {
        let before = self.places(0..places.start);
        self.clone_places(before, &(places.end..self.len))
    }

    /// These, and the last ones of `other`, so many.
    pub(super) fn with_last_of(self, other: &Self, count: usize) -> Self {
        other.clone_places(self, &(other.len.saturating_sub(count)..other.len))
    }

    fn clone_places(&self, to: Self, places: &Range<usize>) -> Self {
        let mut first = 0;
        let mut kept = to;
        for range in &self.ranges {
            let from = places.start.max(first);
            let until = places.end.min(first + range.len());
            if from < until {
                kept = kept.then(range.start + (from - first)..range.start + (until - first));
            }
            first += range.len();
            if first >= places.end {
                break;
            }
        }
        kept
    }

    /// These, and a range behind them.
    fn then(mut self, range: Range<usize>) -> Self {
        if range.is_empty() {
            return self;
        }
        self.len += range.len();
        match self.ranges.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            last => {
                debug_assert!(
                    last.is_none_or(|last| last.end < range.start),
                    "ranges are added in ascending order"
                );
                self.ranges.push(range);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::btree_set;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_and_what_is_left_are_those_of_a_list(
            indices in btree_set(0..60_usize, 0..40),
            from in 0..50_usize,
            length in 0..50_usize,
            last in 0..5_usize,
        ) {
            let list: Vec<usize> = indices.iter().copied().collect();
            let kept = Kept::of(list.iter().rev().copied());
            prop_assert_eq!(kept.len(), list.len());
            prop_assert!(kept.iter().eq(list.iter().copied()));
            prop_assert!((0..61).all(|index| kept.contains(index) == indices.contains(&index)));
            let from = from.min(list.len());
            let until = (from + length).min(list.len());
            prop_assert_eq!(kept.places(from..until), Kept::of(list[from..until].to_vec()));
            let others = [&list[..from], &list[until..]].concat();
            prop_assert_eq!(kept.without(from..until), Kept::of(others));
            let before_last = list.len().saturating_sub(last);
            let some = from.min(before_last);
            let with_last: BTreeSet<_> = list[..some].iter().chain(&list[before_last..]).collect();
            prop_assert_eq!(
                kept.places(0..some).with_last_of(&kept, last),
                Kept::of(with_last.into_iter().copied())
            );
        }
    }

    #[test]
    fn a_million_that_are_all_kept_are_one_range() {
        let kept = Kept::all(1_000_000);
        assert_eq!(kept.range_count(), 1);
        assert_eq!(kept.without(5..7).range_count(), 2);
        assert!(Kept::all(0).is_empty());
    }
}
