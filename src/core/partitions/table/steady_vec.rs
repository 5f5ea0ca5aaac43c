//! A vector that grows without a pause.

/// How many values a piece holds.
const PIECE: usize = 1 << 15;

/// A vector in pieces. Only the first piece ever moves what it holds, and that is at most [`PIECE`] values:
/// a plain vector of some millions would copy all of them at once whenever it is full.
#[derive(Debug)]
pub(super) struct SteadyVec<T> {
    first: Vec<T>,
    /// Those behind the first. All but the last are full, and the first is if there are others.
    others: Vec<Vec<T>>,
}

impl<T> SteadyVec<T> {
    pub fn new() -> Self {
        Self { first: Vec::new(), others: Vec::new() }
    }

    /// How many values.
    pub fn len(&self) -> usize {
        match self.others.as_slice() {
            [] => self.first.len(),
            [full @ .., last] => (full.len() + 1) * PIECE + last.len(),
        }
    }

    /// The value at a place.
    #[inline]
    pub fn get(&self, at: usize) -> Option<&T> {
        match at.checked_sub(PIECE) {
            None => self.first.get(at),
            Some(behind) => self.others.get(behind / PIECE)?.get(behind % PIECE),
        }
    }

    /// The value at a place.
    #[inline]
    pub fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        match at.checked_sub(PIECE) {
            None => self.first.get_mut(at),
            Some(behind) => self.others.get_mut(behind / PIECE)?.get_mut(behind % PIECE),
        }
    }

    /// All values in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(self.others.iter().flatten())
    }

    /// Adds a value at the end.
    pub fn push(&mut self, value: T) {
        // Few values take little memory.
        let last = self.others.last_mut().unwrap_or(&mut self.first);
        if last.len() < PIECE {
            last.push(value);
        } else {
            let mut piece = Vec::with_capacity(PIECE);
            piece.push(value);
            self.others.push(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_places_over_pieces() {
        let mut values = SteadyVec::new();
        for value in 0..2 * PIECE + 3 {
            assert_eq!((values.len(), values.get(value)), (value, None));
            values.push(value);
        }
        *values.get_mut(PIECE).unwrap() += 1;
        assert_eq!(values.get(PIECE), Some(&(PIECE + 1)));
        *values.get_mut(PIECE).unwrap() -= 1;
        assert!(values.iter().copied().eq(0..2 * PIECE + 3));
    }

    #[test]
    fn values_behind_the_first_piece_never_move() {
        let mut values = SteadyVec::new();
        (0..=PIECE).for_each(|value| values.push(value));
        let before = std::ptr::from_ref(values.get(PIECE).unwrap());
        (0..2 * PIECE).for_each(|value| values.push(value));
        assert_eq!(before, std::ptr::from_ref(values.get(PIECE).unwrap()));
    }
}
