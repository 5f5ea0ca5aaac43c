//! Votes for one key. All its messages have one order, so one worker has to count them.

use wallaroo::Generator;

use super::{key, votes};
use crate::messages::Count;

/// A vote for the only key.
pub fn count(generator: &mut Generator) -> Count {
    Count { key: key(0), votes: votes(generator) }
}
