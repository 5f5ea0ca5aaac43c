//! Routed batches as Timely exchanges them between worker threads.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ahead::OnTheWay;
use crate::core::steps::batch::RoutedBatch;

/// Why a routed batch has no bytes.
const THREADS_ONLY: &str =
    "routed batches move between threads of one process and are never serialized";

/// A routed batch on its way to its worker. Timely wants everything that is exchanged to be serializable,
/// and serializes nothing between the threads of one process.
pub(crate) struct Exchanged {
    pub batch: RoutedBatch,
    pub on_the_way: OnTheWay,
}

impl Serialize for Exchanged {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(THREADS_ONLY))
    }
}

impl<'de> Deserialize<'de> for Exchanged {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom(THREADS_ONLY))
    }
}
