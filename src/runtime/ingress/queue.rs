//! Where frames wait for a worker to take them: one queue per pipeline, or one per worker and pipeline.
//!
//! The queue itself needs no bound: the intake's budget bounds what is in all queues together.
//! Invariants: the positions say exactly which frames have been taken; what is taken is numbered without gaps, in the order
//! in which it entered.

mod front;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Weak};
#[cfg(not(all(test, feature = "interleavings")))]
use std::thread::{self, Thread};

#[cfg(all(test, feature = "interleavings"))]
use shuttle::thread::{self, Thread};

use super::gate::{Admission, Gate};
use super::taken::{Origin, Rereadable, Taken};
use super::waits::Waits;
use crate::core::frames::Frames;
use crate::core::numbers::{BatchNumber, PipelineIndex, Timestamp};
use crate::core::sync::Mutex;
use crate::endpoints::Fetch;
use crate::resilience::{JournalPosition, Slot};
use crate::runtime::recovery::trial::Trial;

/// What a worker finds in its queue.
pub(crate) enum Next {
    /// Frames.
    Frames(Taking),
    /// Nothing that it may take now.
    Nothing,
    /// Nothing, and nothing will ever come.
    Closed,
}

/// Frames that a worker takes.
pub(crate) struct Taking {
    pub number: BatchNumber,
    pub frames: Frames,
    /// Whether to trace them all.
    pub trace_all: bool,
    pub again: Rereadable,
}

/// How frames came into the queue.
pub(crate) enum Coming {
    /// They were just read.
    New,
    /// They come out of the journal after a crash.
    Replayed,
    /// Like `Replayed`, with nothing else in progress: an earlier start may have ended because of them.
    OnTrial(Arc<Trial>),
    /// Like `Replayed`, but they are not to be processed: they are already a dead letter.
    SetAside,
}

/// Frames that are waiting.
pub(crate) struct Waiting {
    pub slot: Slot,
    pub frames: Frames,
    pub trace_all: bool,
    pub origin: Origin,
    pub coming: Coming,
}

/// A source that a worker itself reads when nothing is waiting.
pub(crate) struct Fetched {
    pub slot: Slot,
    pub source: Weak<dyn Fetch>,
    pub origin: Origin,
}

impl Fetched {
    fn waiting(&self, frames: Frames) -> Waiting {
        let (slot, origin) = (self.slot, self.origin.clone());
        Waiting { slot, frames, trace_all: false, origin, coming: Coming::New }
    }
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// The source to read when nothing is waiting. A worker that reads it has taken it.
    fetched: Option<Fetched>,
    taken: Taken,
    /// The number of the batch that is taken next.
    next: BatchNumber,
    /// Nothing more will come.
    closed: bool,
}

impl State {
    /// Takes frames that were set aside off the front, if the gate admits them. They count as taken.
    fn pass_over(&mut self, gate: &Gate) {
        let Self { waiting, taken, .. } = self;
        while let Some(first) = waiting.front_mut()
            && matches!(first.coming, Coming::SetAside)
            && !matches!(gate.admit(None), Admission::Nothing)
        {
            taken.note(first.slot, &mut first.origin, &first.frames);
            waiting.pop_front();
            // What is behind it may have to be looked at.
            gate.wake_looker();
        }
    }
}

/// Where frames wait for a worker to take them.
#[derive(Default)]
pub(crate) struct Queue {
    pipeline: PipelineIndex,
    state: Mutex<State>,
    /// The workers that take from it.
    threads: Mutex<Vec<Thread>>,
}

impl Queue {
    /// An empty queue of a pipeline.
    pub fn of(pipeline: PipelineIndex) -> Self {
        Self { pipeline, ..Self::default() }
    }

    /// Wakes the calling thread when there is something to take.
    pub fn attach(&self) {
        self.threads.lock().push(thread::current());
    }

    pub fn wake(&self) {
        self.threads.lock().iter().for_each(Thread::unpark);
    }

    /// Wakes one worker: the same one for each slot.
    fn wake_one(&self, slot: Slot) {
        let threads = self.threads.lock();
        let chosen = usize::try_from(slot.0).unwrap_or(0).checked_rem(threads.len());
        if let Some(thread) = chosen.and_then(|chosen| threads.get(chosen)) {
            thread.unpark();
        }
    }

    /// Wakes the workers that are not the calling thread.
    fn wake_others(&self) {
        let threads = self.threads.lock();
        if threads.len() > 1 {
            let own = thread::current().id();
            threads.iter().filter(|thread| thread.id() != own).for_each(Thread::unpark);
        }
    }

    pub fn push(&self, waiting: Waiting) {
        debug_assert!(!waiting.frames.is_empty(), "a worker takes something of all that waits");
        let slot = waiting.slot;
        let mut state = self.state.lock();
        state.waiting.push_back(waiting);
        let length = state.waiting.len();
        drop(state);
        match length {
            1 => self.wake_one(slot),
            // One worker is not enough. Workers that are awake take until there are none.
            2 => self.wake(),
            _ => {}
        }
    }

    /// Closes the queue: nothing more will come.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.wake();
    }

    /// Whether a worker need not look: there are no waiting frames that it may take, and the queue is not closed.
    pub fn is_idle(&self, gate: &Gate) -> bool {
        let state = self.state.lock();
        match (state.waiting.is_empty(), &state.fetched) {
            (true, None) => !state.closed,
            (true, Some(_)) => gate.is_held(),
            (false, _) => !gate.is_open(state.front(self.pipeline)),
        }
    }

    /// What waits, of all that the queue knows.
    pub fn waits(&self) -> Waits {
        let state = self.state.lock();
        let mut waits = Waits { more_in_file: state.fetched.is_some(), ..Waits::default() };
        for waiting in &state.waiting {
            let frames = waiting.frames.len() as u64;
            waits.frames += frames;
            if let Origin::Journal(_) = waiting.origin {
                waits.journaled += frames;
            }
        }
        waits
    }

    /// Which frames have been taken.
    pub fn taken(&self) -> Taken {
        self.state.lock().taken.clone()
    }

    /// Starts where an earlier queue ended.
    pub fn begin_at(&self, slot: Slot, position: JournalPosition) {
        self.state.lock().taken.journal.insert(slot, position);
    }

    /// The same for a source that is read again.
    pub fn begin_source_at(&self, source: Arc<str>, offset: u64) {
        self.state.lock().taken.sources.insert(source, offset);
    }

    /// Makes the workers themselves read a source, until the source has nothing more.
    pub fn fetch_from(&self, fetched: Fetched) {
        let slot = fetched.slot;
        let before = self.state.lock().fetched.replace(fetched);
        debug_assert!(before.is_none(), "a pipeline has one source");
        self.wake_one(slot);
    }

    /// Gives up the waiting frames and the source, for the queues that replace this one.
    pub fn empty(&self) -> (VecDeque<Waiting>, Option<Fetched>) {
        let mut state = self.state.lock();
        (mem::take(&mut state.waiting), state.fetched.take())
    }

    /// Reads a source, if there is one and nothing waits. Also in a pause, because the source may have ended; but not
    /// while a checkpoint waits for this worker. One worker reads at a time, so that frames keep their order.
    fn fetch(&self, gate: &Gate) {
        let mut state = self.state.lock();
        if !state.waiting.is_empty() || gate.is_held() {
            return;
        }
        let mut fetched = state.fetched.take();
        let source = fetched.as_ref().and_then(|fetched| fetched.source.upgrade());
        // Others may look at what was taken while the disk is slow.
        drop(state);
        let Some(source) = source else { return };
        source.fetch(&mut |frames| {
            let Some(fetched) = fetched.take() else {
                unreachable!("a source gives frames once per fetch")
            };
            let mut state = self.state.lock();
            state.waiting.push_back(fetched.waiting(frames));
            state.fetched = Some(fetched);
            gate.wake_looker();
        });
        self.wake_others();
    }

    /// Takes what the gate admits: of frames that wait together, at most so many. That is asked when they are there.
    pub fn next(&self, gate: &Gate, now: Timestamp, most: impl FnOnce() -> usize) -> Next {
        self.fetch(gate);
        let mut state = self.state.lock();
        state.pass_over(gate);
        let front = state.front(self.pipeline);
        let State { waiting, taken, closed, .. } = &mut *state;
        let Some(first) = waiting.front_mut() else {
            return if *closed { Next::Closed } else { Next::Nothing };
        };
        let most = most();
        let mut trace_all = first.trace_all;
        let again = Rereadable::from(&first.origin);
        let trial = match &first.coming {
            // The gate did not admit it a moment ago, and must not be asked again: it may be open now.
            Coming::SetAside => return Next::Nothing,
            Coming::New | Coming::Replayed => None,
            Coming::OnTrial(trial) => Some(Arc::clone(trial)),
        };
        let mut working = None;
        let (frames, in_flight) = match gate.admit(front) {
            Admission::Nothing => return Next::Nothing,
            Admission::One(in_flight) => {
                trace_all = true;
                (state.take_one(now), in_flight)
            }
            Admission::Passed(in_flight, at) => {
                (trace_all, working) = (true, Some(at));
                (state.take_one(now), in_flight)
            }
            Admission::All(since, in_flight) => {
                let all = if first.frames.len() <= most {
                    waiting.pop_front().map(|Waiting { slot, frames, mut origin, .. }| {
                        taken.note(slot, &mut origin, &frames);
                        frames
                    })
                } else {
                    let some = first.frames.split_to(most);
                    some.inspect(|some| taken.note(first.slot, &mut first.origin, some))
                };
                let all = all.map(|mut frames| {
                    frames.set_read_at(frames.read_at().max(since));
                    frames
                });
                (all, in_flight)
            }
        };
        let Some(frames) = frames else { return Next::Nothing };
        let mut frames = frames.with_hold(Arc::new(in_flight));
        match working {
            Some(working) => frames = frames.with_work_hold(Arc::new(working)),
            // What is behind frames that need no pass may have to be looked at.
            None => gate.wake_looker(),
        }
        let number = state.next;
        state.next = number.next();
        let frames = match trial {
            None => frames,
            Some(trial) => {
                trial.begin();
                frames.with_work_hold(trial)
            }
        };
        Next::Frames(Taking { number, frames, trace_all, again })
    }
}
