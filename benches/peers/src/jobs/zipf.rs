//! Votes for many keys of which few have most.

use wallaroo::Generator;

use super::{key, votes};
use crate::messages::Count;

/// The exponent of Zipf's law.
pub const EXPONENT: f64 = 1.1;

/// How many keys there are.
const KEYS: u64 = 1_000_000;

/// A vote for one of the keys. The generator has to have the exponent.
pub fn count(generator: &mut Generator) -> Count {
    Count { key: key(generator.choose(KEYS)), votes: votes(generator) }
}
