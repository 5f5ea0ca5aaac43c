//! Keeps the newest of something.

use std::collections::VecDeque;

/// The newest values, up to a fixed number.
#[derive(Debug)]
pub(super) struct Ring<T> {
    values: VecDeque<T>,
    capacity: usize,
}

impl<T> Ring<T> {
    pub fn new(capacity: usize) -> Self {
        Self { values: VecDeque::new(), capacity }
    }

    pub fn push(&mut self, value: T) {
        if self.values.len() >= self.capacity {
            self.values.pop_front();
        }
        self.values.push_back(value);
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
}
