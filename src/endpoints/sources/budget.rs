//! The budget of a pipeline: the bound on the bytes in flight, of its frames and of their outputs.
//!
//! Invariant: frames enter only if they and their expected outputs fit beside all that is in flight, or if
//! nothing is in flight. Outputs longer than expected are charged when they are made, and nothing more enters
//! until they are gone. So the limit is passed only while frames that have entered make more, in proportion,
//! than those before them did.

use std::sync::Arc;

use tokio::sync::{Mutex as Turn, MutexGuard as TurnGuard, Notify};

use crate::core::frames::Hold;
use crate::core::sync::Mutex;
use crate::core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

#[cfg(all(test, feature = "interleavings"))]
mod interleavings;

/// The max bytes in flight.
const LIMIT: usize = 4 * 1024 * 1024;

/// The min cost of a batch of frames, however short: the memory that it needs besides its bytes.
const MIN_COST: usize = 512;

/// The min number of batches that share the limit, so that several workers have something to do.
const PIECES: usize = 4;

/// The expected outputs of a pipeline that has not made any yet, in bytes per byte of frames. High, to be
/// safe: it is corrected after the first frames.
const FIRST_EXPECTATION: usize = 256;

/// The min expectation when the first outputs have been made: the same frames may still make others, on
/// other workers.
const SECOND_EXPECTATION: usize = 8;

/// The expectation is a number of these parts of a byte.
const PARTS: usize = 256;

/// An expectation that is too high falls by this fraction of the difference per batch: 1/8.
const FALL: usize = 8;

/// The bound on what is in flight in one pipeline.
pub(crate) struct Budget {
    /// Bytes that are charged for what is in flight.
    used: AtomicUsize,
    /// Expected bytes of outputs per byte of frames, in parts.
    expected: AtomicUsize,
    /// Whether the pipeline has made outputs.
    known: AtomicBool,
    /// Fair: first come, first served.
    turn: Turn<()>,
    freed: Notify,
}

/// The share of frames that have entered. Its drop gives it back.
struct Share {
    budget: Arc<Budget>,
    /// The frames' bytes.
    frames: usize,
    charge: Mutex<Charge>,
}

/// What is charged for frames so far.
struct Charge {
    /// The bytes of their outputs.
    outputs: usize,
    /// The charge for them and their outputs.
    total: usize,
}

impl Budget {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            used: AtomicUsize::new(0),
            expected: AtomicUsize::new(FIRST_EXPECTATION * PARTS),
            known: AtomicBool::new(false),
            turn: Turn::new(()),
            freed: Notify::new(),
        })
    }

    /// How many bytes are charged for what is in flight.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// The max bytes in flight.
    pub fn limit() -> usize {
        LIMIT
    }

    /// How many bytes of frames should enter per batch.
    pub fn portion(&self) -> usize {
        let outputs = self.expected.load(Ordering::Relaxed);
        (LIMIT / PIECES).saturating_mul(PARTS) / (PARTS.saturating_add(outputs))
    }

    /// Waits until there is room for frames of this many bytes and their expected outputs.
    pub async fn take(self: &Arc<Self>, frames: usize) -> Arc<dyn Hold> {
        let turn = self.turn.lock().await;
        loop {
            if let Some(share) = self.take_in_turn(&turn, frames) {
                return share;
            }
            // `notify_one` stores a permit, so a share that was given back before this line counts.
            self.freed.notified().await;
        }
    }

    /// The same if it is possible without waiting.
    pub fn try_take(self: &Arc<Self>, frames: usize) -> Option<Arc<dyn Hold>> {
        let turn = self.turn.try_lock().ok()?;
        self.take_in_turn(&turn, frames)
    }

    fn take_in_turn(
        self: &Arc<Self>,
        _turn: &TurnGuard<'_, ()>,
        frames: usize,
    ) -> Option<Arc<dyn Hold>> {
        let frames = frames.max(MIN_COST);
        let cost = self.cost(frames);
        // Only outputs of frames in flight can be added at the same time.
        if self.used.load(Ordering::Acquire) > LIMIT - cost {
            return None;
        }
        self.used.fetch_add(cost, Ordering::AcqRel);
        let charge = Mutex::new(Charge { outputs: 0, total: cost });
        Some(Arc::new(Share { budget: Arc::clone(self), frames, charge }))
    }

    /// Gives a share back. A waiter is woken when half of the budget is free, and not for each share.
    fn free(&self, bytes: usize) {
        let before = self.used.fetch_sub(bytes, Ordering::AcqRel);
        debug_assert!(before >= bytes, "a share gives back what was charged for it");
        if before.saturating_sub(bytes) <= LIMIT / 2 {
            self.freed.notify_one();
        }
    }

    /// The expected cost of frames of this many bytes and their outputs.
    fn cost(&self, frames: usize) -> usize {
        let outputs = frames.saturating_mul(self.expected.load(Ordering::Relaxed)) / PARTS;
        frames.saturating_add(outputs).min(LIMIT)
    }

    /// Raises the expectation to what frames have made so far, in parts.
    fn expect(&self, parts: usize) {
        if self.known.swap(true, Ordering::Relaxed) {
            self.expected.fetch_max(parts, Ordering::Relaxed);
        } else {
            let least = SECOND_EXPECTATION * PARTS;
            self.expected.store(parts.saturating_mul(2).max(least), Ordering::Relaxed);
        }
    }

    /// Takes note of what frames made in total, when they are done.
    fn learn(&self, parts: usize) {
        self.expect(parts);
        let expected = self.expected.load(Ordering::Relaxed);
        let fallen = expected - expected.saturating_sub(parts).div_ceil(FALL);
        let order = Ordering::Relaxed;
        // If it has changed meanwhile, another batch has updated it.
        let _ = self.expected.compare_exchange(expected, fallen, order, order);
    }
}

impl Share {
    /// Bytes of outputs per byte of frames, in parts.
    fn parts(&self, made: usize) -> usize {
        made.saturating_mul(PARTS) / self.frames
    }
}

impl Hold for Share {
    fn charge(&self, bytes: usize) {
        let mut charge = self.charge.lock();
        charge.outputs += bytes;
        self.budget.expect(self.parts(charge.outputs));
        // Less than the first charge if the expectation has fallen since.
        let due = charge.total.min(self.budget.cost(self.frames)).max(self.frames + charge.outputs);
        if due < charge.total {
            self.budget.free(charge.total - due);
        } else {
            self.budget.used.fetch_add(due - charge.total, Ordering::AcqRel);
        }
        charge.total = due;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let (outputs, total) = {
            let charge = self.charge.lock();
            (charge.outputs, charge.total)
        };
        self.budget.learn(self.parts(outputs));
        self.budget.free(total);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// What a future gives without waiting.
    fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    /// Lets frames in, a portion each, until there is no room, with outputs of `amplification` times
    /// their length, which wait.
    fn fill(budget: &Arc<Budget>, amplification: usize) -> Vec<Arc<dyn Hold>> {
        let mut shares = Vec::new();
        loop {
            let portion = budget.portion();
            let Some(share) = now(budget.take(portion)) else { return shares };
            share.charge(portion.max(MIN_COST) * amplification);
            shares.push(share);
        }
    }

    #[test]
    fn outputs_that_wait_take_room_and_give_it_back() {
        let budget = Budget::new();
        let share = now(budget.take(1000)).unwrap();
        share.charge(2 * LIMIT);
        assert!(budget.used.load(Ordering::Relaxed) > LIMIT);
        let mut next = pin!(budget.take(1));
        let mut poll = || next.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(poll().is_pending());
        drop(share);
        assert!(poll().is_ready());
        assert_eq!(budget.used.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn frames_are_expected_to_make_what_those_before_them_made() {
        for amplification in [0, 1, 10, 1000] {
            let budget = Budget::new();
            for _ in 0..200 {
                drop(fill(&budget, amplification));
            }
            let shares = fill(&budget, amplification);
            let used = budget.used.load(Ordering::Relaxed);
            assert!(used <= LIMIT, "{used} bytes at {amplification}");
            assert!(used >= LIMIT / 2, "{used} bytes at {amplification}");
            assert!(shares.len() >= PIECES, "{} portions at {amplification}", shares.len());
        }
    }

    #[test]
    fn what_never_leaves_leaves_room_for_more_that_is_as_short() {
        let budget = Budget::new();
        let shares = fill(&budget, 1);
        assert!(shares.len() >= PIECES);
        let used = budget.used.load(Ordering::Relaxed);
        assert!((LIMIT / 2..=LIMIT).contains(&used), "{used} bytes of outputs that wait");
        let budget = Budget::new();
        drop(fill(&budget, 1000));
        assert_eq!(budget.used.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_is_longer_than_all_room_enters_alone() {
        let budget = Budget::new();
        let long = now(budget.take(10 * LIMIT)).unwrap();
        assert!(now(budget.take(1)).is_none());
        drop(long);
        assert!(now(budget.take(1)).is_some());
        assert!(now(budget.take(10 * LIMIT)).is_some());
    }
}
