//! Votes for letters.

use wallaroo::Generator;

use super::votes;
use crate::messages::Vote;

/// A vote for one of the letters from a to z, each as likely.
pub fn vote(generator: &mut Generator) -> Vote {
    let letter = b'a' + u8::try_from(generator.below(26)).unwrap_or_default();
    Vote { letter, votes: votes(generator) }
}
