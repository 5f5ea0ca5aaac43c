//! Which worker owns a key.
//!
//! Invariant: it depends on the key and the number of workers alone, so that every worker, and a run
//! that comes later, agree. Each worker owns an equal interval of the hashes, as in Wallaroo 0.5
//! (which hashed with MD5).

use std::hash::{BuildHasher, Hasher};
use std::num::NonZeroUsize;

use foldhash::quality::FixedState;

use crate::application::Key;
use crate::core::numbers::WorkerIndex;

/// Says which worker owns a key.
#[derive(Debug, Clone, Copy)]
pub struct Placement {
    workers: NonZeroUsize,
}

impl Placement {
    /// The placement over this many workers.
    pub fn new(workers: NonZeroUsize) -> Self {
        Self { workers }
    }

    /// How many workers there are.
    pub fn workers(self) -> NonZeroUsize {
        self.workers
    }

    /// The hash that a key's placement uses, the same in every worker and every run. No table may look
    /// keys up by it: a client can compute keys that have one hash.
    #[inline]
    pub fn hash(self, key: &Key) -> u64 {
        let mut hasher = FixedState::default().build_hasher();
        hasher.write(key.as_bytes());
        hasher.finish()
    }

    /// The owner of the keys with this hash.
    #[inline]
    pub fn worker_of_hash(self, hash: u64) -> WorkerIndex {
        // The hash as a fraction of all hashes, times the number of workers.
        let scaled = (u128::from(hash) * self.workers.get() as u128) >> 64;
        let worker = usize::try_from(scaled).unwrap_or_default();
        debug_assert!(
            worker as u128 == scaled && worker < self.workers.get(),
            "a fraction of the number of workers is less than it"
        );
        WorkerIndex(worker)
    }

    /// The owner of a key.
    pub fn worker(self, key: &Key) -> WorkerIndex {
        self.worker_of_hash(self.hash(key))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_key_has_one_owner_among_the_workers(bytes: Vec<u8>, workers in 1_usize..64) {
            let placement = Placement::new(NonZeroUsize::new(workers).unwrap());
            let owner = placement.worker(&Key::from(bytes.clone()));
            prop_assert!(owner.0 < workers);
            prop_assert_eq!(owner, placement.worker(&Key::from(bytes)));
        }
    }

    #[test]
    fn many_keys_are_spread_evenly() {
        let placement = Placement::new(NonZeroUsize::new(4).unwrap());
        let mut counts = [0_u32; 4];
        for number in 0..40_000_u32 {
            counts[placement.worker(&Key::from(number.to_string())).0] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
    }
}
