//! Routed batches as Timely exchanges them between worker threads.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ahead::OnTheWay;
use crate::core::numbers::{BatchNumber, WorkerIndex};
use crate::core::steps::batch::RoutedBatch;

/// An [`Epoch`](crate::core::numbers::Epoch), for Timely.
pub(super) type Time = u64;

/// Why a routed batch has no bytes.
const THREADS_ONLY: &str =
    "routed batches move between threads of one process and are never serialized";

/// What is on its way to a worker. Timely wants everything that is exchanged to be serializable, and serializes nothing
/// between the threads of one process.
pub(crate) enum Exchanged {
    /// A routed batch, and of which batch of frames it was made, if those are processed in the order of their numbers.
    Routed { of: Option<BatchNumber>, batch: RoutedBatch, on_the_way: OnTheWay },
    /// That this worker gets no more of this batch of frames.
    All { of: BatchNumber, worker: WorkerIndex },
}

impl Exchanged {
    pub fn worker(&self) -> WorkerIndex {
        match self {
            Self::Routed { batch, .. } => batch.worker,
            Self::All { worker, .. } => *worker,
        }
    }
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
