//! What a partition step and the state step behind it share on a worker.

use std::cell::RefCell;
use std::mem::size_of;
use std::rc::Rc;

use super::batch::Item;

/// Messages that stay on their worker: the end of one segment puts them there, and the state step of the next one
/// takes them.
pub(crate) type Mailbox<M> = Rc<RefCell<Letters<M>>>;

/// The max memory of a batch that is kept for another.
const MAX_BYTES: usize = 256 * 1024;

/// How many are kept.
const MAX_KEPT: usize = 8;

/// The messages, and memory for those that are sent: what comes from other workers is as much as what goes to them.
pub(crate) struct Letters<M> {
    pub messages: Vec<Item<M>>,
    /// Of batches that were processed here.
    emptied: Vec<Vec<Item<M>>>,
}

impl<M> Default for Letters<M> {
    fn default() -> Self {
        Self { messages: Vec::new(), emptied: Vec::new() }
    }
}

impl<M> Letters<M> {
    /// Keeps the memory of a batch that was processed.
    pub fn keep(&mut self, emptied: Vec<Item<M>>) {
        let bytes = emptied.capacity().saturating_mul(size_of::<Item<M>>());
        if self.emptied.len() < MAX_KEPT && (1..=MAX_BYTES).contains(&bytes) {
            debug_assert!(emptied.is_empty(), "its messages were processed");
            self.emptied.push(emptied);
        }
    }

    /// An empty batch with room for this many messages.
    pub fn empty(&mut self, capacity: usize) -> Vec<Item<M>> {
        let mut batch = self.emptied.pop().unwrap_or_default();
        batch.reserve(capacity);
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_processed_batch_is_used_again_within_limits() {
        let mut letters = Letters::<u64>::default();
        let processed = letters.empty(1000);
        let place = processed.as_ptr();
        letters.keep(processed);
        let again = letters.empty(900);
        assert_eq!(again.as_ptr(), place);
        letters.keep(Vec::with_capacity(MAX_BYTES));
        assert!(letters.emptied.is_empty(), "too long to be kept");
        (0..2 * MAX_KEPT).for_each(|_| letters.keep(Vec::with_capacity(1)));
        assert_eq!(letters.emptied.len(), MAX_KEPT);
    }
}
