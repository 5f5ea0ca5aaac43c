//! The hash by which a table looks keys up.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::application::Key;

/// Hashes keys with a random secret, so that no client can choose keys that collide.
///
/// Short keys have *pair-multiply-shift* (Thorup, "High Speed Hashing for Integers and Strings", 3.5): for
/// any two keys, their hashes are equal with a chance of 2^-32 over the random secret. So keys that were chosen
/// without the secret collide as seldom as random ones. This is proved, which it is not for foldhash. But it is no
/// cipher: a client that measures how long very many answers take could learn something of the secret. So the table
/// bounds how far a look-up may go, and changes to `SipHash` beyond that ([`KeyHash::strengthen`]). Long keys always
/// have `SipHash`.
#[derive(Debug)]
pub(super) struct KeyHash {
    /// `None` if all keys have `SipHash`.
    factors: Option<[u64; 6]>,
    sip: RandomState,
}

impl KeyHash {
    /// A hash with a new secret from the system.
    pub fn new() -> Self {
        let sip = RandomState::new();
        // With a secret of its own, so that one hash tells nothing about the other.
        let secret = RandomState::new();
        Self { factors: Some([0, 1, 2, 3, 4, 5_u64].map(|number| secret.hash_one(number))), sip }
    }

    /// A hash that is the same for all short keys.
    #[cfg(test)]
    pub fn broken() -> Self {
        Self { factors: Some([0; 6]), sip: RandomState::new() }
    }

    /// The hash of a key.
    #[inline]
    pub fn hash(&self, key: &Key) -> u32 {
        match (&self.factors, key.words()) {
            (Some(factors), Some(words)) => mix(pair_multiply_shift(factors, words)),
            _ => self.sip_hash(key),
        }
    }

    #[cold]
    #[inline(never)]
    fn sip_hash(&self, key: &Key) -> u32 {
        let mut hasher = self.sip.build_hasher();
        hasher.write(key.as_bytes());
        upper_half(hasher.finish())
    }

    /// Whether all keys have `SipHash`.
    pub fn is_strong(&self) -> bool {
        self.factors.is_none()
    }

    /// From now on all keys have `SipHash`: their hashes change.
    pub fn strengthen(&mut self) {
        self.factors = None;
    }
}

#[inline]
fn pair_multiply_shift(factors: &[u64; 6], [size, first, second]: [u64; 3]) -> u32 {
    let [first_upper, first_lower, second_upper, second_lower, of_size, added] = *factors;
    let pair = |word: u64, upper: u64, lower: u64| {
        upper.wrapping_add(word >> 32).wrapping_mul(lower.wrapping_add(word & 0xffff_ffff))
    };
    let sum = pair(first, first_upper, first_lower).wrapping_add(pair(
        second,
        second_upper,
        second_lower,
    ));
    upper_half(sum.wrapping_add(of_size.wrapping_mul(size)).wrapping_add(added))
}

/// Spreads hashes; different ones stay different. Without it, consecutive keys have hashes at equal distances, which
/// may be neighbours and so compete for slots.
#[inline]
fn mix(hash: u32) -> u32 {
    // The last steps of MurmurHash3.
    let hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    let hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[inline]
fn upper_half(number: u64) -> u32 {
    (number >> 32) as u32
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// How many of these keys have a hash that an earlier one has.
    fn collisions(hash: &KeyHash, keys: impl Iterator<Item = Key>) -> usize {
        let mut seen = HashSet::new();
        keys.filter(|key| !seen.insert(hash.hash(key))).count()
    }

    #[test]
    fn regular_keys_collide_as_seldom_as_random_ones() {
        // Of 100,000 random numbers of 32 bits, 1.2 are expected to be equal to an earlier one.
        let numbers = || 0..100_000_u64;
        let families: [&dyn Fn(u64) -> Key; 6] = [
            &|number| Key::from(number.to_le_bytes()),
            &|number| Key::from(number.to_be_bytes()),
            &|number| Key::from((number << 40).to_le_bytes()),
            &|number| Key::from(number.to_string()),
            &|number| Key::from([number.to_le_bytes(), [0xff; 8]].concat()),
            &|number| Key::from(format!("a rather long key {number}")),
        ];
        for family in families {
            for hash in [KeyHash::new(), KeyHash::new()] {
                assert!(collisions(&hash, numbers().map(family)) < 30);
            }
        }
    }

    #[test]
    fn keys_of_zeros_differ_by_their_length() {
        let zeros = (0..=40).map(|length| Key::from(vec![0; length]));
        assert_eq!(collisions(&KeyHash::new(), zeros), 0);
    }

    #[test]
    fn keys_that_collide_with_one_secret_do_not_with_another() {
        let (one, other) = (KeyHash::new(), KeyHash::new());
        let keys = (0..200_000_u64).map(|number| Key::from(number.to_le_bytes()));
        let low = |hash: &KeyHash, key: &Key| hash.hash(key) >> 22;
        let chosen: Vec<Key> = keys.filter(|key| low(&one, key) == 0).collect();
        assert!(chosen.len() > 20, "{} were found", chosen.len());
        let again = chosen.iter().filter(|key| low(&other, key) == 0).count();
        assert!(again < chosen.len() / 2, "{again} of {}", chosen.len());
    }
}
