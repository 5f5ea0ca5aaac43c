//! The keys of messages. Keys are not sent: the owner of a message makes its key again, which costs less than to move it.

use std::sync::Arc;

use super::batch::Item;
use super::context::{Context, StepName};
use crate::application::{Key, PartitionFunction};
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::Cause;
use crate::core::frames::trace::HopEvent;
use crate::core::numbers::WorkerIndex;
use crate::core::partitions::placement::Placement;
use crate::core::partitions::saved::MAX_KEY;

/// Makes keys with an author's partition function.
pub(crate) struct Keys<P> {
    /// The partition step's.
    pub name: StepName,
    function: Arc<P>,
    placement: Placement,
}

impl<P> Keys<P> {
    pub fn new(name: StepName, function: Arc<P>, placement: Placement) -> Self {
        Self { name, function, placement }
    }

    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.placement.workers().get()
    }

    /// The owner of a key.
    #[inline]
    pub fn owner(&self, key: &Key) -> WorkerIndex {
        // The only worker owns everything, whatever the hash.
        if self.workers() == 1 { WorkerIndex(0) } else { self.placement.worker(key) }
    }

    /// The key of a message. If it is too long, the message becomes a dead letter.
    #[inline]
    pub fn key_of<M>(
        &self,
        frames: &Frames,
        item: &Item<M>,
        context: &mut Context<'_>,
    ) -> Option<Key>
    where
        P: PartitionFunction<M>,
    {
        let key = self.function.partition(&item.message);
        if key.is_long() && key.as_bytes().len() > MAX_KEY {
            self.too_long(frames, item.frame, &key, context);
            return None;
        }
        Some(key)
    }

    #[cold]
    fn too_long(&self, frames: &Frames, frame: u32, key: &Key, context: &mut Context<'_>) {
        let length = key.as_bytes().len();
        let reason = format!("its key has {length} bytes, and a key has at most {MAX_KEY}");
        context.dead_letter(&self.name, frames, frame, None, Cause::TooLong, reason);
    }

    /// Makes a message a dead letter whose partition function panicked.
    pub fn panicked(&self, frames: &Frames, frame: u32, reason: String, context: &mut Context<'_>) {
        context.dead_letter(&self.name, frames, frame, None, Cause::Panicked, reason);
    }

    /// Adds the hop of the partition step to a message's trace, if it has one.
    pub fn trace(&self, frames: &Frames, frame: u32, key: &Key, context: &mut Context<'_>) {
        context.trace(&self.name, frames, frame, || HopEvent::Partitioned {
            key: key.clone(),
            owner: self.owner(key),
        });
    }
}
