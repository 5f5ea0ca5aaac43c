//! Whether workers may take frames: running, paused, or a few messages at a time; and whether anything has
//! changed since the last checkpoint.
//!
//! A pause does not stop frames that are in flight; they are processed to the end. [`RunState`] tells the two apart.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::core::frames::Hold;
use crate::core::numbers::Timestamp;
use crate::core::sync::Mutex;
use crate::core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::runtime::passes::{Front, Passes, Working};

/// What the engine is doing, for display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunState {
    /// Frames are taken as they come.
    Running,
    /// No frame is taken, but some are still in flight.
    Pausing,
    /// No frame is taken, and none is in flight.
    Paused,
    /// This many messages are taken as soon as they come, then none.
    Stepping(u64),
}

/// What a worker may take. It is in flight from this moment on.
#[derive(Debug)]
pub(crate) enum Admission {
    /// All waiting frames. Time spent waiting before this was due to the pause, not to the engine.
    All(Timestamp, InFlight),
    /// One message.
    One(InFlight),
    /// One message, which had a pass.
    Passed(InFlight, Working),
    /// Nothing.
    Nothing,
}

#[derive(Debug)]
enum State {
    Running {
        since: Timestamp,
    },
    /// Like running, but it can never be paused again: the run is ending.
    Ending {
        since: Timestamp,
    },
    Paused {
        steps: u64,
    },
}

/// Whether workers may take frames.
#[derive(Debug)]
pub(crate) struct Gate {
    state: Mutex<State>,
    /// Set while a checkpoint is taken: then nothing is admitted.
    held: AtomicBool,
    in_flight: Arc<AtomicU64>,
    /// Whether the state is paused: asked once per batch, without the lock.
    paused: AtomicBool,
    /// Whether anything has happened that a checkpoint would save.
    changed: AtomicBool,
    change: Notify,
    /// Which message may enter, if messages are looked at before.
    passes: Option<Arc<Passes>>,
}

impl Gate {
    pub fn open() -> Self {
        Self::new(State::Running { since: Timestamp::default() })
    }

    /// A gate that admits nothing until it is told to.
    pub fn paused() -> Self {
        Self::new(State::Paused { steps: 0 })
    }

    fn new(state: State) -> Self {
        Self {
            paused: AtomicBool::new(matches!(state, State::Paused { .. })),
            state: Mutex::new(state),
            held: AtomicBool::new(false),
            in_flight: Arc::default(),
            changed: AtomicBool::new(false),
            change: Notify::new(),
            passes: None,
        }
    }

    /// Admits only messages that have a pass, while they need one.
    pub fn with_passes(self, passes: Option<Arc<Passes>>) -> Self {
        Self { passes, ..self }
    }

    /// There may be something to look at.
    pub fn wake_looker(&self) {
        if let Some(passes) = self.needed_passes() {
            passes.wake();
        }
    }

    fn needed_passes(&self) -> Option<&Arc<Passes>> {
        self.passes.as_ref().filter(|passes| passes.are_needed())
    }

    /// Admits nothing from now on. False if nothing was admitted before, or if the run is ending.
    pub fn pause(&self) -> bool {
        let mut state = self.state.lock();
        let State::Running { .. } = *state else { return false };
        *state = State::Paused { steps: 0 };
        self.paused.store(true, Ordering::Release);
        true
    }

    pub fn resume(&self, now: Timestamp) {
        let mut state = self.state.lock();
        if let State::Paused { .. } = *state {
            *state = State::Running { since: now };
            self.paused.store(false, Ordering::Release);
        }
    }

    /// Admits everything from now on: an ending run cannot be paused.
    pub fn finish(&self, now: Timestamp) {
        let mut state = self.state.lock();
        let since = match *state {
            State::Running { since } | State::Ending { since } => since,
            State::Paused { .. } => now,
        };
        *state = State::Ending { since };
        self.paused.store(false, Ordering::Release);
    }

    /// Admits one more message. Pauses first if the engine is running.
    pub fn step(&self) {
        let mut state = self.state.lock();
        match &mut *state {
            State::Running { .. } => {
                *state = State::Paused { steps: 1 };
                self.paused.store(true, Ordering::Release);
            }
            State::Paused { steps } => *steps += 1,
            State::Ending { .. } => {}
        }
    }

    /// What a worker that has frames waiting may take now. It must take them, and keep the `InFlight` until everything
    /// made of them is dropped. `front` is the first of them, if it may need a pass.
    pub fn admit(&self, front: Option<Front>) -> Admission {
        // Counted under the lock, so that the engine does not look paused in between.
        let mut state = self.state.lock();
        if self.held.load(Ordering::Acquire) {
            return Admission::Nothing;
        }
        let needed = self.needed_passes().zip(front);
        let pass = || needed.map(|(passes, front)| passes.take(front));
        match &mut *state {
            State::Ending { since } => Admission::All(*since, self.depart()),
            State::Running { since } => match pass() {
                None => Admission::All(*since, self.depart()),
                Some(None) => Admission::Nothing,
                Some(Some(working)) => Admission::Passed(self.depart(), working),
            },
            State::Paused { steps: 0 } => Admission::Nothing,
            State::Paused { steps } => {
                let pass = pass();
                if let Some(None) = pass {
                    return Admission::Nothing;
                }
                *steps -= 1;
                match pass.flatten() {
                    None => Admission::One(self.depart()),
                    Some(working) => Admission::Passed(self.depart(), working),
                }
            }
        }
    }

    /// Whether a worker that has frames waiting may take any. `front` is the first of them, if it may need a pass.
    pub fn is_open(&self, front: Option<Front>) -> bool {
        let state = self.state.lock();
        let lacks_pass = || {
            let needed = self.needed_passes().zip(front);
            needed.is_some_and(|(passes, front)| !passes.has(front))
        };
        !self.held.load(Ordering::Acquire)
            && match *state {
                State::Ending { .. } => true,
                State::Paused { steps: 0 } => false,
                State::Running { .. } | State::Paused { .. } => !lacks_pass(),
            }
    }

    /// Whether a message that gets a pass now enters.
    pub fn waits_for_pass(&self) -> bool {
        let state = self.state.lock();
        !self.held.load(Ordering::Acquire)
            && match *state {
                State::Running { .. } => true,
                State::Paused { steps } => steps > 0,
                State::Ending { .. } => false,
            }
    }

    /// Whether the run is ending: all is admitted, and it can never be paused again.
    pub fn is_ending(&self) -> bool {
        matches!(*self.state.lock(), State::Ending { .. })
    }

    /// Whether all that was taken is dropped, with what was made of it.
    pub fn is_empty(&self) -> bool {
        // What was admitted without a pass, because none was needed then, is counted when the lock is free.
        let _state = self.state.lock();
        self.in_flight.load(Ordering::Acquire) == 0
    }

    /// Whether the engine is paused. To be asked after frames were added to a queue: then either the caller or a
    /// snapshot that is made after the pause sees them.
    pub fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Acquire)
    }

    /// Whether a checkpoint is taken.
    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }

    /// Admits nothing until [`release`](Self::release). Frames admitted before continue.
    pub fn hold(&self) {
        let _state = self.state.lock();
        self.changed.store(false, Ordering::Release);
        self.held.store(true, Ordering::Release);
    }

    /// Admits again, according to the state.
    pub fn release(&self) {
        let state = self.state.lock();
        self.held.store(false, Ordering::Release);
        drop(state);
        self.wake_looker();
    }

    /// Notes that something has happened that a checkpoint would save.
    pub fn change(&self) {
        if !self.changed.swap(true, Ordering::AcqRel) {
            self.change.notify_one();
        }
    }

    /// Whether something has happened since the last [`hold`](Self::hold) that a checkpoint would save.
    pub fn has_changed(&self) -> bool {
        self.changed.load(Ordering::Acquire)
    }

    /// Returns when something has happened since the last [`hold`](Self::hold) that a checkpoint
    /// would save.
    pub async fn changed(&self) {
        while !self.has_changed() {
            self.change.notified().await;
        }
    }

    fn depart(&self) -> InFlight {
        self.change();
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        InFlight(Arc::clone(&self.in_flight))
    }

    pub fn run_state(&self) -> RunState {
        let state = self.state.lock();
        match *state {
            State::Running { .. } | State::Ending { .. } => RunState::Running,
            State::Paused { steps: 0 } if self.in_flight.load(Ordering::Acquire) == 0 => {
                RunState::Paused
            }
            State::Paused { steps: 0 } => RunState::Pausing,
            State::Paused { steps } => RunState::Stepping(steps),
        }
    }
}

/// Something that is in flight until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<AtomicU64>);

impl Hold for InFlight {}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_admitted_is_in_flight_at_once() {
        let gate = Gate::open();
        let admitted = gate.admit(None);
        assert!(matches!(admitted, Admission::All(Timestamp(0), _)));
        gate.pause();
        assert_eq!(gate.run_state(), RunState::Pausing);
        assert!(matches!(gate.admit(None), Admission::Nothing));
        drop(admitted);
        assert_eq!(gate.run_state(), RunState::Paused);
    }

    #[test]
    fn a_step_lets_one_message_through() {
        let gate = Gate::open();
        gate.step();
        assert_eq!(gate.run_state(), RunState::Stepping(1));
        let admitted = gate.admit(None);
        assert!(matches!(admitted, Admission::One(_)));
        assert!(matches!(gate.admit(None), Admission::Nothing));
        assert_eq!(gate.run_state(), RunState::Pausing);
        drop(admitted);
        assert_eq!(gate.run_state(), RunState::Paused);
        gate.resume(Timestamp(7));
        assert!(matches!(gate.admit(None), Admission::All(Timestamp(7), _)));
    }
}
