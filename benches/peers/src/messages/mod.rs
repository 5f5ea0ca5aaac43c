//! The messages of the jobs, and their bytes.

mod count;
mod vote;

use std::fmt::Debug;
use std::hash::Hash;

use serde::{Serialize, de::DeserializeOwned};

pub use count::Count;
pub use vote::Vote;

/// Votes for a key, as a contestant written by hand sees them.
pub trait Message: Copy + Debug + Send + Sync + Serialize + DeserializeOwned + 'static {
    /// What is counted apart.
    type Key: Copy + Debug + Eq + Hash + Into<u64> + Send + Sync + 'static;

    /// How many bytes a payload has.
    const PAYLOAD: usize;

    /// The message of a payload; `None` if it has another length.
    fn decode(payload: &[u8]) -> Option<Self>;

    /// Appends the payload that [`decode`](Self::decode) reads.
    fn push_payload(self, bytes: &mut Vec<u8>);

    /// Whose votes they are.
    fn key(self) -> Self::Key;

    /// How many they are.
    fn votes(self) -> u64;

    /// Appends the key as a line begins with it. `digits` appends a number.
    fn push_key(key: Self::Key, line: &mut Vec<u8>, digits: impl Fn(u64, &mut Vec<u8>));
}

/// Appends the line of a total: the key, ` => `, the total. `digits` appends a number.
#[inline]
pub fn push_line<M: Message>(
    key: M::Key,
    total: u64,
    line: &mut Vec<u8>,
    digits: impl Fn(u64, &mut Vec<u8>),
) {
    M::push_key(key, line, &digits);
    line.extend_from_slice(b" => ");
    digits(total, line);
    line.push(b'\n');
}
