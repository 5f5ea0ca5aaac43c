//! Votes for many keys, each as likely.

use wallaroo::Generator;

use super::{key, votes};
use crate::messages::Count;

/// A vote for one of as many keys.
pub fn count<const KEYS: u64>(generator: &mut Generator) -> Count {
    Count { key: key(generator.below(KEYS)), votes: votes(generator) }
}
