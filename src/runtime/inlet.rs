//! Where frames wait for a worker to take them: one queue a worker and pipeline.
//!
//! The queue itself needs no bound: the intake's room bounds what is in all queues together.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;

use super::gate::{Admission, Gate};
use crate::core::frames::Frames;
use crate::core::numbers::Timestamp;
use crate::endpoints::Delivery;

/// What a worker finds in its inlet.
pub(super) enum Next {
    /// Frames, and whether to trace them all.
    Frames(Frames, bool),
    /// Nothing that it may take now.
    Nothing,
    /// Nothing, and nothing will ever come.
    Closed,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(Frames, bool)>,
    /// Nothing more will come.
    closed: bool,
    /// The worker knows that it is closed.
    told: bool,
}

/// Where frames wait for a worker to take them.
#[derive(Default)]
pub(super) struct Inlet {
    queue: Mutex<Queue>,
    thread: OnceLock<Thread>,
}

impl Inlet {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Names the thread to wake when there is something to take.
    pub fn attach(&self, thread: Thread) {
        // A second thread would be a second worker with the same index: there is none.
        let _ = self.thread.set(thread);
    }

    pub fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    pub fn push(&self, frames: Frames, trace_all: bool) {
        let mut queue = self.lock();
        queue.waiting.push_back((frames, trace_all));
        let was_empty = queue.waiting.len() == 1;
        drop(queue);
        if was_empty {
            self.wake();
        }
    }

    /// Says that nothing will come any more.
    pub fn close(&self) {
        self.lock().closed = true;
        self.wake();
    }

    /// Whether the worker need not look: no frames that it may take wait, and it has not yet to be
    /// told that the inlet is closed.
    pub fn is_idle(&self, gate: &Gate) -> bool {
        let queue = self.lock();
        if queue.waiting.is_empty() { queue.told || !queue.closed } else { !gate.is_open() }
    }

    /// Takes what the gate admits.
    pub fn next(&self, gate: &Gate, now: Timestamp) -> Next {
        let mut queue = self.lock();
        let Some((first, trace_all)) = queue.waiting.front_mut() else {
            queue.told = queue.closed;
            return if queue.closed { Next::Closed } else { Next::Nothing };
        };
        let trace_all = *trace_all;
        let (frames, in_flight) = match gate.admit() {
            Admission::Nothing => return Next::Nothing,
            Admission::One(in_flight) => {
                let one = first.split_first();
                if first.is_empty() {
                    queue.waiting.pop_front();
                }
                let one = one.map(|mut one| {
                    one.set_read_at(now);
                    one
                });
                (one, in_flight)
            }
            Admission::All(since, in_flight) => {
                let all = queue.waiting.pop_front().map(|(mut frames, _)| {
                    frames.set_read_at(frames.read_at().max(since));
                    frames
                });
                (all, in_flight)
            }
        };
        match frames {
            Some(frames) => Next::Frames(frames.with_ticket(Arc::new(in_flight)), trace_all),
            None => Next::Nothing,
        }
    }
}

/// The inlets of one pipeline, one a worker: each connection's frames go to one of them, so that
/// their order is kept.
pub(super) struct Inlets(pub Vec<Arc<Inlet>>);

impl Delivery for Inlets {
    fn deliver(&self, connection: u64, frames: Frames, trace_all: bool) {
        let worker = usize::try_from(connection).unwrap_or_default().checked_rem(self.0.len());
        if let Some(inlet) = worker.and_then(|worker| self.0.get(worker)) {
            inlet.push(frames, trace_all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_looks_once_to_be_told_that_its_inlet_is_closed() {
        let (inlet, gate) = (Inlet::default(), Gate::open());
        assert!(inlet.is_idle(&gate));
        inlet.close();
        assert!(!inlet.is_idle(&gate));
        assert!(matches!(inlet.next(&gate, Timestamp(0)), Next::Closed));
        // Its worker may have to wait for others, and must not be busy meanwhile.
        assert!(inlet.is_idle(&gate));
    }
}
