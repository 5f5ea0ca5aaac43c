//! The lines of a file with a digest.
//!
//! Each is JSON. The first is the header. Then each epoch has a line, with the number of its partitions, and behind it
//! a line per partition: its state, its key, its hash. The last line has the checksum of all lines before it, so that a
//! file that was cut or changed is never taken for another digest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::epoch::{Hash, Header, Tally};
use crate::application::Key;
use crate::core::numbers::Epoch;

/// What the first line begins with.
pub(super) const FORMAT: &str = "wallaroo digest";

/// The version of the format.
pub(super) const VERSION: u32 = 1;

/// The first line.
#[derive(Serialize, Deserialize)]
pub(super) struct First {
    pub format: String,
    pub version: u32,
    #[serde(flatten)]
    pub header: Header,
}

/// The line of an epoch.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfEpoch {
    pub epoch: Epoch,
    pub entered: Tally,
    pub outputs: BTreeMap<String, Tally>,
    pub dead_letters: Tally,
    /// How many lines of partitions follow.
    pub partitions: u64,
}

/// The line of a partition.
pub(super) type OfPartition = (String, Key, Hash);

/// The last line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Last {
    /// How many epochs there are.
    pub epochs: u64,
    /// The hash of each line, with that of the line before as its seed.
    pub checksum: Hash,
}
