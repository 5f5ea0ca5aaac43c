//! Pieces of bytes that stand one after another: frames as they were cut, and outputs as they were made.
//!
//! Invariant: the ends ascend and are within the bytes, so piece `n` is what stands between the ends `n - 1`
//! and `n`.

use std::ops::Range;

use bytes::Bytes;

use super::wrapping::NUMBER_LENGTH;

/// Pieces of bytes, one after another, and the offset of the first in its stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pieces<B = Bytes> {
    bytes: B,
    ends: Vec<u32>,
    offset: u64,
}

impl<B: AsRef<[u8]>> Pieces<B> {
    /// The pieces of `bytes` that end at `ends`. `offset` is the offset of the first in its stream.
    pub fn new(bytes: B, ends: Vec<u32>, offset: u64) -> Self {
        Self { bytes, ends, offset }
    }

    /// Whether the invariant holds. To be checked for what was read from a disk.
    pub fn are_whole(&self) -> bool {
        let within = self.ends.last().is_none_or(|end| *end as usize <= self.bytes.as_ref().len());
        within && self.ends.is_sorted()
    }

    /// The number of pieces.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no pieces.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of all pieces.
    pub fn bytes(&self) -> &B {
        &self.bytes
    }

    /// The end of each piece in [`bytes`](Self::bytes).
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// The length of all pieces in bytes.
    pub fn byte_length(&self) -> u64 {
        self.start(self.ends.len()).into()
    }

    /// A piece's offset in its stream, in bytes.
    pub fn offset(&self, at: usize) -> u64 {
        self.offset + u64::from(self.start(at))
    }

    /// One piece. `None` if there are fewer.
    pub fn get(&self, at: usize) -> Option<&[u8]> {
        let end = *self.ends.get(at)? as usize;
        let piece = self.bytes.as_ref().get(self.start(at) as usize..end);
        debug_assert!(piece.is_some(), "ends ascend and are within the bytes");
        piece
    }

    /// Every piece, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        (0..self.ends.len()).map(|at| self.get(at).unwrap_or_default())
    }

    /// The start of a piece in `bytes`: the end of the one before it.
    pub(super) fn start(&self, at: usize) -> u32 {
        debug_assert!(at <= self.ends.len(), "there is no such piece");
        let before = at.checked_sub(1);
        before.and_then(|before| self.ends.get(before)).copied().unwrap_or(0)
    }
}

impl Pieces {
    /// The frames of a source that makes its messages itself: the numbers of so many messages, from this one on.
    pub fn of_numbers(from: u64, count: u64) -> Self {
        let numbers = from..from.saturating_add(count);
        let bytes: Vec<u8> = numbers.flat_map(u64::to_be_bytes).collect();
        let ends = (NUMBER_LENGTH..=bytes.len()).step_by(NUMBER_LENGTH);
        let ends = ends.filter_map(|end| u32::try_from(end).ok()).collect();
        Self::new(bytes.into(), ends, from.saturating_mul(NUMBER_LENGTH as u64))
    }

    /// The pieces with these indices, without a copy. Indices that are too large are left out.
    #[must_use]
    pub fn slice(&self, places: Range<usize>) -> Self {
        let mut rest = self.clone();
        rest.ends.truncate(places.end);
        drop(rest.split_to(places.start));
        let length = rest.start(rest.len());
        rest.bytes.truncate(length as usize);
        rest
    }

    /// Takes the first pieces off without a copy: this many, or all if there are fewer.
    #[must_use]
    pub fn split_to(&mut self, count: usize) -> Self {
        debug_assert!(self.are_whole(), "ends ascend and are within the bytes");
        let count = count.min(self.ends.len());
        let (offset, end) = (self.offset, self.start(count));
        let later = self.ends.split_off(count);
        let ends = std::mem::replace(&mut self.ends, later);
        for later in &mut self.ends {
            *later -= end;
        }
        self.offset += u64::from(end);
        let bytes = self.bytes.split_to((end as usize).min(self.bytes.len()));
        Self { bytes, ends, offset }
    }

    /// Takes the first pieces off: as many as have at most this many bytes together, but at least one. `None`
    /// if there are no pieces.
    pub fn take_first(&mut self, most: usize) -> Option<Self> {
        let fit = self.ends.partition_point(|end| *end as usize <= most).max(1);
        (!self.is_empty()).then(|| self.split_to(fit))
    }
}

impl Pieces<Vec<u8>> {
    /// The memory that the pieces take, in bytes.
    pub fn memory(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<u32>()
    }

    /// The bytes and the ends, for their memory to be used again.
    pub fn into_parts(self) -> (Vec<u8>, Vec<u32>) {
        (self.bytes, self.ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn four() -> Pieces {
        Pieces::new(Bytes::from_static(b"abbcccd"), vec![1, 3, 6, 7], 10)
    }

    #[test]
    fn a_piece_is_what_stands_between_two_ends() {
        let made = Pieces::new(b"abbd", vec![1, 3, 3, 4], 0);
        assert_eq!(made.iter().collect::<Vec<_>>(), [&b"a"[..], b"bb", b"", b"d"]);
        assert_eq!(made.iter().next_back(), Some(&b"d"[..]));
        assert_eq!(
            (made.get(1), made.get(2), made.get(4)),
            (Some(&b"bb"[..]), Some(&b""[..]), None)
        );
        assert_eq!((four().offset(0), four().offset(2), four().byte_length()), (10, 13, 7));
    }

    #[test]
    fn some_of_the_pieces_keep_their_place() {
        for (places, bytes, ends, offset) in [
            (0..4, &b"abbcccd"[..], vec![1, 3, 6, 7], 10),
            (1..3, b"bbccc", vec![2, 5], 11),
            (3..9, b"d", vec![1], 16),
            (4..9, b"", Vec::new(), 17),
        ] {
            let found = four().slice(places);
            assert_eq!(found, Pieces::new(Bytes::from_static(bytes), ends, offset));
        }
    }

    #[test]
    fn pieces_are_taken_off_as_many_as_fit_and_keep_their_place() {
        let mut rest = four();
        let taken: Vec<_> = std::iter::from_fn(|| rest.take_first(2)).collect();
        let piece = |bytes: &'static [u8], offset| {
            let ends = vec![u32::try_from(bytes.len()).unwrap()];
            Pieces::new(Bytes::from_static(bytes), ends, offset)
        };
        assert_eq!(taken, [piece(b"a", 10), piece(b"bb", 11), piece(b"ccc", 13), piece(b"d", 16)]);
        let mut three = four();
        assert_eq!(three.take_first(3).unwrap().ends(), [1, 3]);
        assert_eq!(three.take_first(9).unwrap().ends(), [3, 4]);
        assert!(three.take_first(3).is_none());
    }

    #[test]
    fn ends_that_descend_or_pass_the_bytes_are_found_out() {
        let whole = |ends: &[u32]| Pieces::new(b"abc", ends.to_vec(), 0).are_whole();
        assert!(whole(&[]) && whole(&[1, 1, 3]) && whole(&[2]));
        assert!(!whole(&[2, 1]) && !whole(&[1, 4]));
    }
}
