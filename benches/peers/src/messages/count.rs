//! A vote for one of many keys.

use serde::{Deserialize, Serialize};

use super::Message;

/// Votes for a number: u64 big-endian key, u32 big-endian votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// For whom.
    pub key: u64,
    /// How many votes.
    pub votes: u32,
}

impl Message for Count {
    type Key = u64;

    const PAYLOAD: usize = 12;

    #[inline]
    fn decode(payload: &[u8]) -> Option<Self> {
        let payload = <&[u8; 12]>::try_from(payload).ok()?;
        let (key, votes) = payload.split_first_chunk::<8>()?;
        let votes = <[u8; 4]>::try_from(votes).ok()?;
        Some(Self { key: u64::from_be_bytes(*key), votes: u32::from_be_bytes(votes) })
    }

    fn push_payload(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.key.to_be_bytes());
        bytes.extend(self.votes.to_be_bytes());
    }

    #[inline]
    fn key(self) -> u64 {
        self.key
    }

    #[inline]
    fn votes(self) -> u64 {
        self.votes.into()
    }

    #[inline]
    fn push_key(key: u64, line: &mut Vec<u8>, digits: impl Fn(u64, &mut Vec<u8>)) {
        digits(key, line);
    }
}
