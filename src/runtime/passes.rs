//! While messages are looked at before they enter, each one needs a pass, and they enter one at a time.
//!
//! Invariant: a pass is of the message at the front of a queue, and none is given while the steps work at a message.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};

use parking_lot::Mutex;

use crate::core::frames::Hold;
use crate::core::numbers::{PipelineIndex, SequenceNumber};

/// A message that waits, by its pipeline and its number there.
pub type Front = (PipelineIndex, SequenceNumber);

/// Which engine passes serve, and how often messages had begun to need one: what entered before needed none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Serving {
    /// Grows with each engine.
    life: u64,
    begun: u64,
}

/// Says which message may enter, if messages are looked at before. It serves one engine after another.
#[derive(Default)]
pub struct Passes {
    /// Whether messages need a pass: asked once a batch.
    on: AtomicBool,
    state: Mutex<State>,
    /// The thread that looks.
    looker: Mutex<Option<Thread>>,
}

#[derive(Default)]
struct State {
    /// The message that has a pass, and was not taken yet.
    given: Option<Front>,
    /// How many messages that had one the steps work at.
    working: u64,
    serving: Serving,
}

impl Passes {
    /// The calling thread looks from now on: it is woken when there may be something to look at.
    pub fn attach(&self) {
        *self.looker.lock() = Some(thread::current());
    }

    /// Wakes the thread that looks.
    pub fn wake(&self) {
        if let Some(looker) = &*self.looker.lock() {
            looker.unpark();
        }
    }

    /// From now on, messages need a pass; or they need none.
    pub fn need(&self, on: bool) {
        let mut state = self.state.lock();
        state.given = None;
        if !self.on.swap(on, Ordering::AcqRel) && on {
            state.serving.begun += 1;
        }
        drop(state);
        self.wake();
    }

    /// Whether messages need a pass.
    #[must_use]
    pub fn are_needed(&self) -> bool {
        self.on.load(Ordering::Acquire)
    }

    /// What passes serve now.
    #[must_use]
    pub fn serving(&self) -> Serving {
        self.state.lock().serving
    }

    /// What the engine was at counts no more: it has ended.
    pub fn forget(&self) {
        let mut state = self.state.lock();
        let Serving { life, begun } = state.serving;
        *state = State { serving: Serving { life: life + 1, begun }, ..State::default() };
    }

    /// Whether no message has a pass, and the steps work at none that had one.
    #[must_use]
    pub fn are_used(&self) -> bool {
        let state = self.state.lock();
        state.given.is_none() && state.working == 0
    }

    /// Gives a message a pass. False if passes serve something else by now, or messages need none.
    pub(super) fn give(&self, front: Front, serving: Serving) -> bool {
        let mut state = self.state.lock();
        if state.serving != serving || !self.are_needed() {
            return false;
        }
        debug_assert!(state.given.is_none(), "one message enters at a time");
        state.given = Some(front);
        true
    }

    /// The message that has a pass and was not taken yet.
    #[must_use]
    pub fn given(&self) -> Option<Front> {
        self.state.lock().given
    }

    /// Takes the pass of a message back. False if it has none, or was taken.
    pub fn take_back(&self, front: Front) -> bool {
        self.state.lock().given.take_if(|given| *given == front).is_some()
    }

    /// Whether a message has a pass.
    pub(super) fn has(&self, front: Front) -> bool {
        self.state.lock().given == Some(front)
    }

    /// The message is taken, if it has a pass. What is returned is held until the steps are done with it.
    pub(super) fn take(self: &Arc<Self>, front: Front) -> Option<Working> {
        let mut state = self.state.lock();
        state.given.take_if(|given| *given == front)?;
        state.working += 1;
        Some(Working { passes: Arc::clone(self), life: state.serving.life })
    }
}

impl fmt::Debug for Passes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Passes").field("on", &self.on).finish_non_exhaustive()
    }
}

/// A message at which the steps work until this is dropped.
#[derive(Debug)]
pub(super) struct Working {
    passes: Arc<Passes>,
    life: u64,
}

impl Hold for Working {}

impl Drop for Working {
    fn drop(&mut self) {
        let mut state = self.passes.state.lock();
        if state.serving.life == self.life {
            state.working -= 1;
        }
        drop(state);
        self.passes.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONT: Front = (PipelineIndex(0), SequenceNumber(1));
    const OTHER: Front = (PipelineIndex(1), SequenceNumber(1));

    #[test]
    fn a_pass_is_for_one_message_and_used_when_the_steps_are_done_with_it() {
        let passes = Arc::new(Passes::default());
        passes.need(true);
        assert!(passes.give(FRONT, passes.serving()));
        assert!(passes.has(FRONT) && !passes.has(OTHER) && !passes.are_used());
        assert!(passes.take(OTHER).is_none());
        let working = passes.take(FRONT).unwrap();
        assert!(passes.take(FRONT).is_none() && !passes.are_used());
        assert!(!passes.take_back(FRONT), "it was taken");
        drop(working);
        assert!(passes.are_used());
    }

    #[test]
    fn a_pass_that_is_taken_back_lets_nothing_enter() {
        let passes = Arc::new(Passes::default());
        passes.need(true);
        assert!(passes.give(FRONT, passes.serving()));
        assert!(!passes.take_back(OTHER) && passes.take_back(FRONT));
        assert!(passes.take(FRONT).is_none() && passes.are_used());
    }

    #[test]
    fn no_pass_is_given_for_what_is_over() {
        let passes = Arc::new(Passes::default());
        passes.need(true);
        let of_engine = passes.serving();
        passes.forget();
        let of_need = passes.serving();
        assert!(!passes.give(FRONT, of_engine), "that engine has ended");
        passes.need(false);
        passes.need(true);
        assert!(!passes.give(FRONT, of_need), "messages needed none in between");
        assert!(passes.are_used() && passes.give(FRONT, passes.serving()));
    }

    #[test]
    fn what_an_engine_worked_at_that_has_ended_does_not_count() {
        let passes = Arc::new(Passes::default());
        passes.need(true);
        assert!(passes.give(FRONT, passes.serving()));
        let working = passes.take(FRONT).unwrap();
        passes.forget();
        assert!(passes.are_used());
        assert!(passes.give(FRONT, passes.serving()));
        let next = passes.take(FRONT).unwrap();
        drop(working);
        assert!(!passes.are_used());
        drop(next);
        assert!(passes.are_used());
    }

    #[test]
    fn without_a_need_no_pass_is_kept() {
        let passes = Arc::new(Passes::default());
        assert!(!passes.give(FRONT, passes.serving()));
        assert!(!passes.has(FRONT) && passes.are_used());
    }
}
