//! A vote of the alphabet: a letter and a number of votes.

use serde::{Deserialize, Serialize};

use super::Message;

/// A vote: 1 byte letter, u32 big-endian votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// For whom.
    pub letter: u8,
    /// How many votes.
    pub votes: u32,
}

impl Message for Vote {
    type Key = u8;

    const PAYLOAD: usize = 5;

    #[inline]
    fn decode(payload: &[u8]) -> Option<Self> {
        let [letter, votes @ ..] = *<&[u8; 5]>::try_from(payload).ok()?;
        Some(Self { letter, votes: u32::from_be_bytes(votes) })
    }

    fn push_payload(self, bytes: &mut Vec<u8>) {
        bytes.push(self.letter);
        bytes.extend(self.votes.to_be_bytes());
    }

    #[inline]
    fn key(self) -> u8 {
        self.letter
    }

    #[inline]
    fn votes(self) -> u64 {
        self.votes.into()
    }

    #[inline]
    fn push_key(key: u8, line: &mut Vec<u8>, _digits: impl Fn(u64, &mut Vec<u8>)) {
        line.push(key);
    }
}
