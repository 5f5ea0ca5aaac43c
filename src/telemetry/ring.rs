//! A buffer of the newest values.

use std::collections::VecDeque;

/// The newest values, up to a max number and a max total weight. The newest one is kept whatever its
/// weight.
#[derive(Debug)]
pub(crate) struct Ring<T> {
    values: VecDeque<T>,
    capacity: usize,
    /// How many there have been.
    pushed: u64,
    weight: usize,
    most: usize,
    weigh: fn(&T) -> usize,
}

impl<T> Ring<T> {
    /// The newest values, without a limit of their weight: for values of bounded size.
    pub fn new(capacity: usize) -> Self {
        Self::weighed(capacity, 0, |_| 0)
    }

    /// The newest values with a total weight of at most `most`.
    pub fn weighed(capacity: usize, most: usize, weigh: fn(&T) -> usize) -> Self {
        Self { values: VecDeque::new(), capacity, pushed: 0, weight: 0, most, weigh }
    }

    pub fn push(&mut self, value: T) {
        self.pushed += 1;
        self.weight += (self.weigh)(&value);
        self.values.push_back(value);
        while self.values.len() > self.capacity
            || (self.weight > self.most && self.values.len() > 1)
        {
            let Some(oldest) = self.values.pop_front() else { return };
            self.weight -= (self.weigh)(&oldest);
        }
    }

    /// Takes all of them, the oldest first.
    pub fn take(&mut self) -> VecDeque<T> {
        self.weight = 0;
        std::mem::take(&mut self.values)
    }

    /// How many there have been: the number of the newest one, from 1.
    #[cfg(feature = "workbench")]
    pub fn pushed(&self) -> u64 {
        self.pushed
    }

    /// Those that are kept and have a number after this one, with their numbers, the oldest first.
    #[cfg(any(test, feature = "workbench"))]
    pub fn since(&self, number: u64) -> impl Iterator<Item = (u64, &T)> {
        let dropped = self.pushed - self.values.len() as u64;
        let seen = usize::try_from(number.saturating_sub(dropped)).unwrap_or(usize::MAX);
        (dropped + 1..).zip(&self.values).skip(seen)
    }

    pub fn newest_first(&self) -> impl Iterator<Item = &T> {
        self.values.iter().rev()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_are_kept() {
        let mut ring = Ring::new(3);
        (0..10).for_each(|number| ring.push(number));
        assert_eq!(ring.newest_first().copied().collect::<Vec<_>>(), [9, 8, 7]);
    }
    #[test]
    fn what_came_after_a_number_is_found_as_far_as_it_is_kept() {
        let mut ring = Ring::new(3);
        assert_eq!(ring.since(0).next(), None);
        "abcde".chars().for_each(|letter| ring.push(letter));
        let since =
            |number| ring.since(number).map(|(at, letter)| (at, *letter)).collect::<Vec<_>>();
        assert_eq!(since(0), [(3, 'c'), (4, 'd'), (5, 'e')]);
        assert_eq!(since(3), [(4, 'd'), (5, 'e')]);
        assert_eq!(since(5), []);
        assert_eq!(since(99), []);
    }

    #[test]
    fn heavy_values_leave_room_for_few() {
        let mut ring = Ring::weighed(10, 100, |weight: &usize| *weight);
        for weight in [10, 60, 30, 20] {
            ring.push(weight);
        }
        assert_eq!(ring.newest_first().copied().collect::<Vec<_>>(), [20, 30]);
        ring.push(1000);
        assert_eq!(ring.newest_first().copied().collect::<Vec<_>>(), [1000]);
        ring.push(1);
        assert_eq!(ring.newest_first().copied().collect::<Vec<_>>(), [1]);
    }
}
