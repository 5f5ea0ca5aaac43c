//! What a digest says of a program's run.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::hash::hash;
use crate::application::Key;
use crate::core::numbers::Epoch;

/// Of which program and run a digest is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Header {
    /// The application's name.
    pub application: String,
    /// The values of its options, by their names.
    pub options: BTreeMap<String, String>,
}

/// How many there are, and the sum of their hashes: the order does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// The sum of their hashes, modulo 2^64.
    pub sum: Hash,
}

impl Tally {
    /// Counts one more, which is these parts. Where one part ends and the next begins makes a difference.
    pub(super) fn add(&mut self, parts: &[&[u8]]) {
        let hash = parts.iter().fold(0, |seed, part| hash(part, seed));
        self.count += 1;
        self.sum = Hash(self.sum.0.wrapping_add(hash));
    }
}

/// A hash of 64 bits. In a file it is 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hash(pub u64);

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let hash = u64::from_str_radix(&text, 16).ok().filter(|_| digits);
        let wrong = || serde::de::Error::custom("a hash is 16 hexadecimal digits");
        hash.map(Self).ok_or_else(wrong)
    }
}

/// The partition of a key: the name of its state, and the key.
pub(super) type Name = (String, Key);

/// What a digest says of an epoch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EpochDigest {
    /// The checkpoint that ends it.
    pub epoch: Epoch,
    /// The messages that entered, of all pipelines.
    pub entered: Tally,
    /// The outputs by sink.
    pub outputs: BTreeMap<String, Tally>,
    /// The dead letters.
    pub dead_letters: Tally,
    /// The partitions that are others than at the end of the epoch before, by state and key.
    pub partitions: BTreeMap<(String, Key), Hash>,
}
