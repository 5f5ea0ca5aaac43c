//! The memory of outputs, which is used again when they are written.
//!
//! Memory that a batch gives back to the system costs page faults in the next batch. So an encode step has a pool, to which the memory of its outputs returns when they are dropped.

use std::mem;
use std::ops::Deref;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::core::frames::pieces::Pieces;

/// How many bytes of memory a pool keeps: as many as may be in flight in a pipeline.
const MAX_KEPT: usize = 4 * 1024 * 1024;

/// How much more memory than asked for may be given: its user is charged for all of it.
pub(super) const MAX_SPARE: usize = 4 * 1024;

/// Memory that waits to be used again, of a bounded size.
#[derive(Debug, Default)]
pub(crate) struct Pool(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    memory: Vec<Memory>,
    /// Their bytes, entries included: there may be many entries of little memory.
    bytes: usize,
}

/// Empty memory for the bytes of pieces and for their ends.
pub(crate) type Memory = (Vec<u8>, Vec<u32>);

impl Pool {
    /// Memory for this many bytes and pieces.
    pub fn take(&self, bytes: usize, pieces: usize) -> Memory {
        let wanted = bytes + pieces * size_of::<u32>();
        // If it is much more than wanted it is freed: probably as little will be wanted next.
        let fits = |kept: &Memory| size_of_memory(kept) <= 2 * wanted + MAX_SPARE;
        let (mut memory, mut ends) = self.0.lock().pop().filter(fits).unwrap_or_default();
        memory.reserve_exact(bytes);
        ends.reserve_exact(pieces);
        (memory, ends)
    }

    fn give(&self, (mut bytes, mut ends): Memory) {
        bytes.clear();
        ends.clear();
        self.0.lock().push((bytes, ends));
    }
}

impl Kept {
    fn pop(&mut self) -> Option<Memory> {
        let memory = self.memory.pop()?;
        self.bytes -= size_of_entry(&memory);
        Some(memory)
    }

    /// Keeps it if there is room for it.
    fn push(&mut self, memory: Memory) {
        let size = size_of_entry(&memory);
        if size_of_memory(&memory) > 0 && self.bytes + size <= MAX_KEPT {
            self.memory.push(memory);
            self.bytes += size;
        }
    }
}

fn size_of_memory((bytes, ends): &Memory) -> usize {
    bytes.capacity() + ends.capacity() * size_of::<u32>()
}

fn size_of_entry(memory: &Memory) -> usize {
    size_of_memory(memory) + size_of::<Memory>()
}

/// Pieces whose memory returns to a pool when they are dropped, if it came from one.
#[derive(Debug)]
pub struct Recycled {
    pieces: Pieces<Vec<u8>>,
    pool: Option<Arc<Pool>>,
}

impl Recycled {
    /// These pieces, whose memory will return to the pool.
    pub(crate) fn new(pieces: Pieces<Vec<u8>>, pool: &Arc<Pool>) -> Self {
        Self { pieces, pool: Some(Arc::clone(pool)) }
    }
}

impl From<Pieces<Vec<u8>>> for Recycled {
    fn from(pieces: Pieces<Vec<u8>>) -> Self {
        Self { pieces, pool: None }
    }
}

impl Deref for Recycled {
    type Target = Pieces<Vec<u8>>;

    fn deref(&self) -> &Self::Target {
        &self.pieces
    }
}

impl Drop for Recycled {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.take() {
            pool.give(mem::take(&mut self.pieces).into_parts());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(pool: &Arc<Pool>, bytes: usize) -> Recycled {
        let (mut memory, mut ends) = pool.take(bytes, 1);
        memory.resize(bytes, 7);
        ends.push(u32::try_from(bytes).unwrap());
        Recycled::new(Pieces::new(memory, ends, 0), pool)
    }

    #[test]
    fn the_memory_of_a_dropped_output_is_used_again_and_is_empty() {
        let pool = Arc::default();
        let first = output(&pool, 10_000);
        let address = first.bytes().as_ptr();
        drop(first);
        let second = output(&pool, 9_000);
        assert_eq!(
            (second.bytes().as_ptr(), second.bytes().len(), second.len()),
            (address, 9_000, 1)
        );
    }

    #[test]
    fn a_short_output_does_not_hold_much_memory() {
        let pool = Arc::default();
        drop(output(&pool, 1_000_000));
        assert!(output(&pool, 10).memory() <= 2 * 14 + MAX_SPARE);
    }

    #[test]
    fn a_pool_keeps_no_more_than_it_may() {
        let pool = Arc::default();
        let outputs: Vec<_> = (0..10).map(|_| output(&pool, MAX_KEPT / 5)).collect();
        drop(outputs);
        let kept = pool.0.lock();
        assert_eq!(kept.memory.len(), 4, "five of them are a few ends too many");
        assert_eq!(kept.bytes, kept.memory.iter().map(size_of_entry).sum::<usize>());
        assert!(kept.bytes <= MAX_KEPT);
    }

    #[test]
    fn a_pool_of_many_short_outputs_counts_what_its_list_takes() {
        let pool = Arc::default();
        let outputs: Vec<_> =
            (0..MAX_KEPT / size_of::<Memory>()).map(|_| output(&pool, 1)).collect();
        drop(outputs);
        let kept = pool.0.lock();
        assert!(kept.memory.len() * size_of::<Memory>() < MAX_KEPT);
        assert!(kept.memory.len() > 10_000);
    }
}
