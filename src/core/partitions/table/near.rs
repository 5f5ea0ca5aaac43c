//! Where a table's short keys were found last.
//!
//! In a small table, a good hash of the key is most of the work of a look-up. Here a key has one entry, which one
//! multiplication finds. Keys with the same entry replace each other, so a client that chooses such keys only causes
//! ordinary look-ups.

/// How many entries there are, as a power of two. They take 32 KiB.
const BITS: u32 = 10;

/// Up to this many keys, most have an entry of their own.
pub(super) const NOTED: usize = 128;

/// Where a table's short keys were found last. Invariant: a key's place never changes, so an entry stays true.
#[derive(Debug)]
pub(super) struct Near {
    entries: Vec<Entry>,
}

/// A key's words and its place.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// All zero if the entry is free: no key has such words.
    words: [u64; 3],
    place: u32,
}

impl Near {
    pub fn new() -> Self {
        Self { entries: vec![Entry { words: [0; 3], place: 0 }; 1 << BITS] }
    }

    /// The entry of a key. Two keys of one byte never share one.
    #[inline]
    fn entry([size, first, second]: [u64; 3]) -> usize {
        // Fibonacci hashing: numbers that follow each other lie far apart.
        let mixed = (first ^ second.rotate_left(32) ^ size).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        usize::try_from(mixed >> (u64::BITS - BITS)).unwrap_or_default()
    }

    /// The place that is noted for a key.
    #[inline]
    pub fn place(&self, words: [u64; 3]) -> Option<u32> {
        let entry = self.entries.get(Self::entry(words))?;
        let ([size, first, second], [a, b, c]) = (entry.words, words);
        ((size ^ a) | (first ^ b) | (second ^ c) == 0).then_some(entry.place)
    }

    /// Notes the place of a key.
    pub fn note(&mut self, words: [u64; 3], place: u32) {
        if let Some(entry) = self.entries.get_mut(Self::entry(words)) {
            *entry = Entry { words, place };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::prelude::*;

    use super::*;
    use crate::application::Key;

    #[test]
    fn keys_of_one_byte_share_no_entry() {
        let entries = (0..=u8::MAX).map(|byte| Near::entry(Key::from(byte).words().unwrap()));
        assert_eq!(entries.collect::<HashSet<_>>().len(), 256);
    }

    proptest! {
        #[test]
        fn a_noted_place_is_that_of_the_key(keys in prop::collection::vec("[ab]{0,16}", 0..200)) {
            let (mut near, mut places) = (Near::new(), HashMap::new());
            for key in keys {
                let (next, words) = (places.len(), Key::from(key.as_str()).words().unwrap());
                let place = *places.entry(key).or_insert(u32::try_from(next).unwrap());
                prop_assert!(near.place(words).is_none_or(|noted| noted == place));
                near.note(words, place);
                prop_assert_eq!(near.place(words), Some(place));
            }
        }
    }
}
