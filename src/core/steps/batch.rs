//! Messages on their way between steps, a batch at a time.
//!
//! Inside a segment a batch has its type. Between segments, where it may change its worker, the
//! batch (and only the batch) loses it: the segment that takes it knows what it is.

use std::any::Any;
use std::sync::Arc;

use super::recycled::Recycled;
use crate::application::Key;
use crate::core::frames::Frames;
use crate::core::frames::trace::Trace;
use crate::core::numbers::{SinkIndex, WorkerIndex};

/// A message and the frame that it was made of.
#[derive(Debug, Clone)]
pub struct Item<M> {
    /// The frame's place in its [`Frames`].
    pub frame: u32,
    /// The message.
    pub message: M,
}

/// Where a message goes, and the frame that it was made of.
#[derive(Debug, Clone)]
pub struct Address {
    /// The frame's place in its [`Frames`].
    pub frame: u32,
    /// The partition's key.
    pub key: Key,
}

/// Messages whose partitions are known. Addresses are apart from messages because they are only
/// looked at where they are, while each message is given away.
#[derive(Debug)]
pub struct Addressed<M> {
    /// One a message.
    pub addresses: Vec<Address>,
    /// The messages.
    pub messages: Vec<M>,
}

impl<M> Addressed<M> {
    /// No messages, with memory for some.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let (addresses, messages) = (Vec::with_capacity(capacity), Vec::with_capacity(capacity));
        Self { addresses, messages }
    }

    /// Adds a message.
    pub fn push(&mut self, address: Address, message: M) {
        self.addresses.push(address);
        self.messages.push(message);
    }

    /// How many messages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}

impl<M> Default for Addressed<M> {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl<M> Extend<(Address, M)> for Addressed<M> {
    fn extend<I: IntoIterator<Item = (Address, M)>>(&mut self, items: I) {
        items.into_iter().for_each(|(address, message)| self.push(address, message));
    }
}

/// What a segment is given: frames to decode, or a batch that another segment made.
pub enum Payload {
    /// The frames themselves.
    Frames,
    /// [`Addressed`] messages, or a `Vec` of [`Item`]s, as the two segments agree.
    Messages(Box<dyn Any + Send>),
}

/// A batch for one worker.
pub struct Parcel {
    /// The worker that must process it.
    pub worker: WorkerIndex,
    /// The frames that its messages were made of.
    pub frames: Arc<Frames>,
    /// The messages.
    pub payload: Payload,
    /// How many messages.
    pub messages: usize,
}

/// Encoded messages for a sink.
pub struct Output {
    /// Which of the pipeline's sinks.
    pub sink: SinkIndex,
    /// The frames that the outputs were made of.
    pub frames: Arc<Frames>,
    /// What to write: an output is a piece.
    pub pieces: Recycled,
    /// The traces of those outputs whose frame is traced.
    pub traces: Vec<Arc<Trace>>,
}

/// What a segment gives: batches for other workers' next segment, and outputs for sinks.
#[derive(Default)]
pub struct Outlet {
    /// Batches for the pipeline's next segment.
    pub parcels: Vec<Parcel>,
    /// Bytes for the pipeline's sinks.
    pub outputs: Vec<Output>,
}
