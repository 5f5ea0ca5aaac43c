//! Where the partitions of a table are, by the hashes of their keys.
//!
//! Open addressing with one word per slot: a hash of 32 bits above a place plus one, and zero if it is free. A
//! slot's home is given by the upper bits of its hash, and it lies there or as near behind as is free. So a
//! look-up reads one line of memory, and moving to a table of twice the length reads and writes in order.

use std::mem;

/// How many slots a table begins with, as a power of two.
const FIRST: u32 = 8;

/// The max number of homes of an array of which only a quarter is used. It takes 128 KiB.
const SHORT: usize = 1 << 14;

/// How many slots each insertion moves while the table grows, and then more up to the next free one.
const MOVED: usize = 8;

/// How many slots there are behind the last home, for entries that find no free slot before. If these are not
/// enough, the array becomes longer, which costs a copy. At most five of eight slots are used, so that is rare.
const SPARE: usize = 128;

/// How much memory is kept that is no longer needed, in slots. It is given back bit by bit, without a pause.
const KEPT: usize = 1 << 16;

/// The slots of a table. While it grows there are two arrays, and each insertion moves a few slots from the
/// end of the old one.
#[derive(Debug)]
pub(super) struct Slots {
    now: Array,
    /// What has not been moved yet.
    old: Option<Array>,
    used: usize,
}

/// An array of slots.
#[derive(Debug)]
struct Array {
    /// Behind the homes are spare slots, so no search wraps around the end.
    slots: Vec<u64>,
    /// Hashes with a home below this are looked up here.
    homes: usize,
    /// How many bits of a hash do not count for its home.
    shift: u32,
}

fn slot(hash: u32, place: u32) -> u64 {
    (u64::from(hash) << 32) | (u64::from(place) + 1)
}

#[inline]
fn hash_of(slot: u64) -> u32 {
    (slot >> 32) as u32
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half")]
#[inline]
fn place_of(slot: u64) -> u32 {
    (slot as u32).wrapping_sub(1)
}

impl Array {
    /// An empty array with 2^`bits` homes.
    fn new(bits: u32) -> Self {
        let homes = 1_usize << bits;
        Self { slots: vec![0; homes + SPARE], homes, shift: 32 - bits }
    }

    /// How many slots are used at most.
    fn most(&self) -> usize {
        // In a short array most keys are at their homes, so the processor predicts the branches well.
        if self.homes <= SHORT { self.homes / 4 } else { self.homes / 8 * 5 }
    }

    #[inline]
    fn home(&self, hash: u32) -> usize {
        // As 64 bits, because a shift by 32 is possible there.
        usize::try_from(u64::from(hash) >> self.shift).unwrap_or(usize::MAX)
    }

    #[inline]
    fn find(&self, hash: u32, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let slots = self.slots.get(self.home(hash)..)?;
        for slot in slots {
            if *slot == 0 {
                return None;
            }
            if hash_of(*slot) == hash && is_it(place_of(*slot)) {
                return Some(place_of(*slot));
            }
        }
        None
    }

    /// Adds a slot. Returns its distance from its home.
    #[inline]
    fn put(&mut self, slot: u64) -> usize {
        let home = self.home(hash_of(slot));
        let from_home = self.slots.get_mut(home..).unwrap_or_default();
        let behind = from_home.len();
        if let Some((distance, free)) =
            from_home.iter_mut().enumerate().find(|(_, free)| **free == 0)
        {
            *free = slot;
            distance
        } else {
            self.slots.push(slot);
            behind
        }
    }

    /// Takes slots off the end: at least this many, and more until no slot's search crosses the new end.
    fn give(&mut self, at_least: usize, mut to: impl FnMut(u64)) {
        let mut given = 0;
        while let Some(slot) = self.slots.pop() {
            given += 1;
            if slot != 0 {
                to(slot);
            }
            // No slot behind a free one has its home before it.
            if given >= at_least && self.slots.last().is_none_or(|last| *last == 0) {
                break;
            }
        }
        self.homes = self.homes.min(self.slots.len());
        if self.slots.capacity() > self.slots.len() + KEPT + SPARE {
            self.slots.shrink_to(self.slots.len() + SPARE);
        }
    }
}

impl Slots {
    pub fn new() -> Self {
        Self { now: Array::new(FIRST), old: None, used: 0 }
    }

    /// The array in which a hash is looked up.
    #[inline]
    fn array(&self, hash: u32) -> &Array {
        match &self.old {
            Some(old) if old.home(hash) < old.homes => old,
            _ => &self.now,
        }
    }

    /// What is at the home of a hash, for [`Slots::guess`]. It is read for many hashes before the first guess, so
    /// that the processor waits for all of them at a time.
    #[inline]
    pub fn peek(&self, hash: u32) -> u64 {
        let array = self.array(hash);
        array.slots.get(array.home(hash)).copied().unwrap_or_default()
    }

    /// The first place with this hash: almost always that of the key.
    #[inline]
    pub fn guess(&self, hash: u32, peeked: u64) -> Option<u32> {
        if peeked == 0 {
            return None;
        }
        if hash_of(peeked) == hash {
            return Some(place_of(peeked));
        }
        self.find(hash, |_| true)
    }

    /// The place with this hash that is the right one.
    #[inline]
    pub fn find(&self, hash: u32, is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        self.array(hash).find(hash, is_it)
    }

    /// Adds a place. Returns how many slots a look-up of it passes over.
    pub fn insert(&mut self, hash: u32, place: u32) -> usize {
        if self.used >= self.now.most() && self.now.shift > 0 {
            debug_assert!(self.old.is_none(), "a table has grown long before it must grow again");
            self.move_all();
            let longer = Array::new(33 - self.now.shift);
            self.old = Some(mem::replace(&mut self.now, longer));
        }
        let slot = slot(hash, place);
        let distance = match &mut self.old {
            Some(old) if old.home(hash) < old.homes => old.put(slot),
            _ => self.now.put(slot),
        };
        self.used += 1;
        self.move_some(MOVED);
        distance
    }

    fn move_some(&mut self, at_least: usize) {
        let Self { now, old, .. } = self;
        if let Some(array) = old {
            array.give(at_least, |slot| {
                now.put(slot);
            });
            if array.slots.is_empty() {
                *old = None;
            }
        }
    }

    fn move_all(&mut self) {
        self.move_some(usize::MAX);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_place_is_found_by_its_hash_while_the_table_grows(
            hashes in prop::collection::vec(
                prop_oneof![
                    any::<u32>(),
                    // Few distinct ones, and those at the end.
                    (0..5_u32).prop_map(|few| few << 29),
                    (0..300_u32).prop_map(|behind| u32::MAX - behind),
                ],
                0..1500,
            ),
            absent in prop::collection::vec(any::<u32>(), 20),
        ) {
            let mut slots = Slots::new();
            for (place, hash) in (0_u32..).zip(&hashes) {
                prop_assert_eq!(slots.find(*hash, |found| found == place), None);
                slots.insert(*hash, place);
                // Those that a move may have lost, now and then.
                let step = if place % 64 == 0 { 1 } else { 97 };
                for (place, hash) in (0_u32..=place).zip(&hashes).step_by(step) {
                    prop_assert_eq!(slots.find(*hash, |found| found == place), Some(place));
                    let guess = slots.guess(*hash, slots.peek(*hash)).unwrap();
                    prop_assert_eq!(hashes.get(guess as usize), Some(hash));
                }
            }
            for hash in absent.iter().filter(|hash| !hashes.contains(hash)) {
                prop_assert_eq!(slots.guess(*hash, slots.peek(*hash)), None);
            }
        }
    }

    #[test]
    fn no_insertion_moves_many_slots() {
        let mut slots = Slots::new();
        let (mut growths, mut most) = (0, 0);
        for number in 0..500_000_u32 {
            let before = slots.old.as_ref().map(|old| old.slots.len());
            let length = slots.now.slots.len();
            slots.insert(
                number.wrapping_mul(0x9e37_79b9).reverse_bits().wrapping_mul(0x85eb_ca6b),
                number,
            );
            let left = slots.old.as_ref().map_or(0, |old| old.slots.len());
            // If it has just begun to grow, there were as many as the table had.
            let grew = slots.now.slots.len() > length;
            growths += u32::from(grew);
            let had = if grew { length } else { before.unwrap_or(0) };
            most = most.max(had.saturating_sub(left));
        }
        assert!(growths > 10, "it grew {growths} times");
        assert!((MOVED..500).contains(&most), "one insertion moved {most} slots");
    }
}
