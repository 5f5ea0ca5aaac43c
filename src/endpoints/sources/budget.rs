//! Room for what is in flight in one pipeline: its frames, and the outputs that are made of them.
//!
//! Invariant: frames enter only where they, and the outputs that they are expected to make, fit beside
//! all that is in flight, or where nothing is. Outputs longer than expected are charged as soon as they
//! are made, and nothing more enters until they are gone. So what is in flight passes the limit only
//! while frames that had entered turn out to make more than those before them did, in proportion.

use std::sync::{Arc, PoisonError};

use tokio::sync::{Mutex as Turn, Notify};

use crate::core::frames::Account;
use crate::core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::core::sync::{Mutex, MutexGuard};

#[cfg(all(test, feature = "interleavings"))]
mod interleavings;

/// How many bytes may be in flight.
const LIMIT: usize = 4 * 1024 * 1024;

/// What a few frames cost at the least, whatever their length: the memory that they need on their way.
const LEAST_COST: usize = 512;

/// In how many pieces the limit is used at the least, so that several workers have something to do.
const PIECES: usize = 4;

/// What is expected of a pipeline that has not made anything yet, in bytes of outputs for a byte of
/// frames. Better too much: the first frames tell how it is.
const FIRST_EXPECTATION: usize = 256;

/// What is expected at the least when the first outputs have been made: others may still come of the
/// same frames, from other workers.
const SECOND_EXPECTATION: usize = 8;

/// The expectation is kept as a number of these parts.
const PARTS: usize = 256;

/// How fast an expectation that was too high falls: by one of so many parts with each batch.
const FALL: usize = 8;

/// Room for what is in flight in one pipeline.
pub(crate) struct Room {
    /// Bytes that are charged for what is in flight.
    used: AtomicUsize,
    /// Bytes of outputs for a byte of frames, in parts.
    expected: AtomicUsize,
    /// Whether anything is known of what the pipeline makes.
    known: AtomicBool,
    /// Who waits for room waits for its turn first: first come, first served.
    turn: Turn<()>,
    freed: Notify,
}

/// Frames that have entered. Dropping it gives their room back.
struct Stay {
    room: Arc<Room>,
    /// The frames' bytes.
    frames: usize,
    bill: Mutex<Bill>,
}

/// What frames have cost so far.
struct Bill {
    /// The bytes of the outputs made of them.
    made: usize,
    /// What is charged for them and their outputs.
    charged: usize,
}

impl Room {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            used: AtomicUsize::new(0),
            expected: AtomicUsize::new(FIRST_EXPECTATION * PARTS),
            known: AtomicBool::new(false),
            turn: Turn::new(()),
            freed: Notify::new(),
        })
    }

    /// How many bytes of frames should enter together.
    pub fn portion(&self) -> usize {
        let outputs = self.expected.load(Ordering::Relaxed);
        (LIMIT / PIECES).saturating_mul(PARTS) / (PARTS.saturating_add(outputs))
    }

    /// Waits until there is room for frames of this many bytes and what they will become.
    pub async fn enter(self: &Arc<Self>, frames: usize) -> Arc<dyn Account> {
        let frames = frames.max(LEAST_COST);
        let _turn = self.turn.lock().await;
        loop {
            let cost = self.cost(frames);
            // Nobody else adds to it, but outputs of what is in flight already.
            if self.used.load(Ordering::Acquire) <= LIMIT - cost {
                self.used.fetch_add(cost, Ordering::AcqRel);
                return Arc::new(Stay {
                    room: Arc::clone(self),
                    frames,
                    bill: Mutex::new(Bill { made: 0, charged: cost }),
                });
            }
            // What is freed before this line leaves word for the next who waits: this one.
            self.freed.notified().await;
        }
    }

    /// What frames of this many bytes are expected to cost with all that they make.
    fn cost(&self, frames: usize) -> usize {
        let outputs = frames.saturating_mul(self.expected.load(Ordering::Relaxed)) / PARTS;
        frames.saturating_add(outputs).min(LIMIT)
    }

    /// Takes note of what frames have made so far, in parts: those to come may make as much.
    fn expect(&self, parts: usize) {
        if self.known.swap(true, Ordering::Relaxed) {
            self.expected.fetch_max(parts, Ordering::Relaxed);
        } else {
            let least = SECOND_EXPECTATION * PARTS;
            self.expected.store(parts.saturating_mul(2).max(least), Ordering::Relaxed);
        }
    }

    /// Takes note of what frames made in the end.
    fn learn(&self, parts: usize) {
        self.expect(parts);
        let expected = self.expected.load(Ordering::Relaxed);
        let fallen = expected - expected.saturating_sub(parts).div_ceil(FALL);
        let order = Ordering::Relaxed;
        // Where another was faster, it has learned as much.
        let _ = self.expected.compare_exchange(expected, fallen, order, order);
    }
}

impl Stay {
    /// For a byte of frames, in parts.
    fn parts(&self, made: usize) -> usize {
        made.saturating_mul(PARTS) / self.frames
    }

    fn bill(&self) -> MutexGuard<'_, Bill> {
        self.bill.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account for Stay {
    fn charge(&self, bytes: usize) {
        let mut bill = self.bill();
        bill.made += bytes;
        self.room.expect(self.parts(bill.made));
        // Less than at first where that was more than is expected now.
        let due = bill.charged.min(self.room.cost(self.frames)).max(self.frames + bill.made);
        if due < bill.charged {
            self.room.used.fetch_sub(bill.charged - due, Ordering::AcqRel);
            self.room.freed.notify_one();
        } else {
            self.room.used.fetch_add(due - bill.charged, Ordering::AcqRel);
        }
        bill.charged = due;
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        let (made, charged) = {
            let bill = self.bill();
            (bill.made, bill.charged)
        };
        self.room.learn(self.parts(made));
        self.room.used.fetch_sub(charged, Ordering::AcqRel);
        self.room.freed.notify_one();
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
    fn fill(room: &Arc<Room>, amplification: usize) -> Vec<Arc<dyn Account>> {
        let mut stays = Vec::new();
        loop {
            let portion = room.portion();
            let Some(stay) = now(room.enter(portion)) else { return stays };
            stay.charge(portion.max(LEAST_COST) * amplification);
            stays.push(stay);
        }
    }

    #[test]
    fn outputs_that_wait_take_room_and_give_it_back() {
        let room = Room::new();
        let stay = now(room.enter(1000)).unwrap();
        stay.charge(2 * LIMIT);
        assert!(room.used.load(Ordering::Relaxed) > LIMIT);
        let mut next = pin!(room.enter(1));
        let mut poll = || next.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(poll().is_pending());
        drop(stay);
        assert!(poll().is_ready());
        assert_eq!(room.used.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn frames_are_expected_to_make_what_those_before_them_made() {
        for amplification in [0, 1, 10, 1000] {
            let room = Room::new();
            for _ in 0..200 {
                drop(fill(&room, amplification));
            }
            let stays = fill(&room, amplification);
            let used = room.used.load(Ordering::Relaxed);
            assert!(used <= LIMIT, "{used} bytes at {amplification}");
            assert!(used >= LIMIT / 2, "{used} bytes at {amplification}");
            assert!(stays.len() >= PIECES, "{} portions at {amplification}", stays.len());
        }
    }

    #[test]
    fn what_never_leaves_leaves_room_for_more_that_is_as_short() {
        let room = Room::new();
        let stays = fill(&room, 1);
        assert!(stays.len() >= PIECES);
        let used = room.used.load(Ordering::Relaxed);
        assert!((LIMIT / 2..=LIMIT).contains(&used), "{used} bytes of outputs that wait");
        let room = Room::new();
        drop(fill(&room, 1000));
        assert_eq!(room.used.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_is_longer_than_all_room_enters_alone() {
        let room = Room::new();
        let long = now(room.enter(10 * LIMIT)).unwrap();
        assert!(now(room.enter(1)).is_none());
        drop(long);
        assert!(now(room.enter(1)).is_some());
        assert!(now(room.enter(10 * LIMIT)).is_some());
    }
}
