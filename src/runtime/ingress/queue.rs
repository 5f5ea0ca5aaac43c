//! Where frames wait for a worker to take them: one queue per worker and pipeline.
//!
//! The queue itself needs no bound: the intake's budget bounds what is in all queues together.
//! Invariant: the positions say exactly which frames have been taken.

use std::collections::{BTreeMap, VecDeque};
use std::iter::Sum;
use std::mem;
use std::sync::{Arc, OnceLock, Weak};
#[cfg(not(all(test, feature = "interleavings")))]
use std::thread::{self, Thread};

#[cfg(all(test, feature = "interleavings"))]
use shuttle::thread::{self, Thread};

use super::gate::{Admission, Gate};
use crate::core::frames::Frames;
use crate::core::numbers::Timestamp;
use crate::core::sync::Mutex;
use crate::endpoints::Fetch;
use crate::resilience::{JournalPosition, Slot};
use crate::runtime::recovery::trial::Trial;

/// What a worker finds in its queue.
pub(crate) enum Next {
    /// Frames, and whether to trace them all.
    Frames(Frames, bool),
    /// Nothing that it may take now.
    Nothing,
    /// Nothing, and nothing will ever come.
    Closed,
}

/// How taken frames are found again after a crash.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// They cannot be found again.
    Nowhere,
    /// In this source, which can be read again.
    Source(Arc<str>),
    /// In this row of the journal, of which this many frames have been taken before.
    Journal(JournalPosition),
}

/// Where frames come from.
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

/// What waits for the workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waits {
    /// How many frames.
    pub frames: u64,
    /// How many of them the journal has, and no checkpoint.
    pub journaled: u64,
    /// Whether there is a file that has not been read to its end.
    pub more_in_file: bool,
}

impl Sum for Waits {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            frames: sum.frames + one.frames,
            journaled: sum.journaled + one.journaled,
            more_in_file: sum.more_in_file || one.more_in_file,
        })
    }
}

/// A source that the worker itself reads when nothing is waiting.
pub(crate) struct Fetched {
    pub slot: Slot,
    pub source: Weak<dyn Fetch>,
    pub origin: Origin,
}

impl Fetched {
    /// What can be read now.
    fn fetch(&self) -> Option<Waiting> {
        let frames = self.source.upgrade()?.fetch()?;
        let (slot, origin) = (self.slot, self.origin.clone());
        Some(Waiting { slot, frames, trace_all: false, origin, coming: Coming::New })
    }
}

/// Which frames have been taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taken {
    /// How many bytes, per source.
    pub sources: BTreeMap<Arc<str>, u64>,
    /// How much of the journal, per slot.
    pub journal: BTreeMap<Slot, JournalPosition>,
}

impl Taken {
    /// Notes that these frames of `waiting` have been taken. The rest of it keeps waiting.
    fn note(&mut self, slot: Slot, origin: &mut Origin, frames: &Frames) {
        match origin {
            Origin::Nowhere => {}
            Origin::Source(name) => {
                let end = frames.offset(0) + frames.byte_length();
                match self.sources.get_mut(name) {
                    Some(taken) => *taken = end,
                    None => drop(self.sources.insert(Arc::clone(name), end)),
                }
            }
            Origin::Journal(position) => {
                position.frames += frames.len() as u64;
                self.journal.insert(slot, *position);
            }
        }
    }
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// The source to read when nothing is waiting.
    fetched: Option<Fetched>,
    taken: Taken,
    /// Nothing more will come.
    closed: bool,
    /// The worker knows that it is closed.
    told: bool,
}

impl State {
    /// Takes frames that were set aside off the front, if the gate admits them. They count as taken.
    fn pass_over(&mut self, gate: &Gate) {
        let Self { waiting, taken, .. } = self;
        while let Some(first) = waiting.front_mut()
            && matches!(first.coming, Coming::SetAside)
            && !matches!(gate.admit(), Admission::Nothing)
        {
            taken.note(first.slot, &mut first.origin, &first.frames);
            waiting.pop_front();
        }
    }
}

/// Where frames wait for a worker to take them.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    thread: OnceLock<Thread>,
}

impl Queue {
    /// Wakes the calling thread when there is something to take.
    pub fn attach(&self) {
        let is_first = self.thread.set(thread::current()).is_ok();
        debug_assert!(is_first, "a queue has one worker");
    }

    pub fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    pub fn push(&self, waiting: Waiting) {
        debug_assert!(!waiting.frames.is_empty(), "a worker takes something of all that waits");
        let mut state = self.state.lock();
        state.waiting.push_back(waiting);
        let was_empty = state.waiting.len() == 1;
        drop(state);
        if was_empty {
            self.wake();
        }
    }

    /// Closes the queue: nothing more will come.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.wake();
    }

    /// Whether the worker need not look: there are no waiting frames that it may take, and it does not still have to be
    /// told that the queue is closed.
    pub fn is_idle(&self, gate: &Gate) -> bool {
        let state = self.state.lock();
        match (state.waiting.is_empty(), &state.fetched) {
            (true, None) => state.told || !state.closed,
            (true, Some(_)) => gate.is_held(),
            (false, _) => !gate.is_open(),
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

    /// Starts where an earlier queue ended.
    pub fn begin_source_at(&self, source: Arc<str>, offset: u64) {
        self.state.lock().taken.sources.insert(source, offset);
    }

    /// Makes the worker itself read a source, until the source has nothing more.
    pub fn fetch_from(&self, fetched: Fetched) {
        let before = self.state.lock().fetched.replace(fetched);
        debug_assert!(before.is_none(), "a pipeline has one source");
        self.wake();
    }

    /// Gives up the waiting frames and the source, for the queues that replace this one.
    pub fn empty(&self) -> (VecDeque<Waiting>, Option<Fetched>) {
        let mut state = self.state.lock();
        (mem::take(&mut state.waiting), state.fetched.take())
    }

    /// Reads a source, if there is one and nothing waits. Also in a pause, because the source may have ended; but
    /// not while a checkpoint waits for this worker.
    fn fetch(&self, gate: &Gate) {
        let mut state = self.state.lock();
        if !state.waiting.is_empty() || gate.is_held() {
            return;
        }
        let Some(fetched) = state.fetched.take() else { return };
        // Others may look at what was taken while the disk is slow.
        drop(state);
        if let Some(waiting) = fetched.fetch() {
            let mut state = self.state.lock();
            state.waiting.push_back(waiting);
            state.fetched = Some(fetched);
        }
    }

    /// Takes what the gate admits.
    pub fn next(&self, gate: &Gate, now: Timestamp) -> Next {
        self.fetch(gate);
        let mut state = self.state.lock();
        state.pass_over(gate);
        let State { waiting, taken, closed, told, .. } = &mut *state;
        let Some(first) = waiting.front_mut() else {
            *told = *closed;
            return if *closed { Next::Closed } else { Next::Nothing };
        };
        let mut trace_all = first.trace_all;
        let trial = match &first.coming {
            // The gate did not admit it a moment ago, and must not be asked again: it may be open now.
            Coming::SetAside => return Next::Nothing,
            Coming::New | Coming::Replayed => None,
            Coming::OnTrial(trial) => Some(Arc::clone(trial)),
        };
        let (frames, in_flight) = match gate.admit() {
            Admission::Nothing => return Next::Nothing,
            Admission::One(in_flight) => {
                trace_all = true;
                let one = first.frames.split_first();
                if let Some(one) = &one {
                    taken.note(first.slot, &mut first.origin, one);
                }
                if first.frames.is_empty() {
                    waiting.pop_front();
                }
                let one = one.map(|mut one| {
                    one.set_read_at(now);
                    one
                });
                (one, in_flight)
            }
            Admission::All(since, in_flight) => {
                let all =
                    waiting.pop_front().map(|Waiting { slot, mut frames, mut origin, .. }| {
                        taken.note(slot, &mut origin, &frames);
                        frames.set_read_at(frames.read_at().max(since));
                        frames
                    });
                (all, in_flight)
            }
        };
        let Some(frames) = frames else { return Next::Nothing };
        let frames = frames.with_hold(Arc::new(in_flight));
        let Some(trial) = trial else { return Next::Frames(frames, trace_all) };
        trial.begin();
        Next::Frames(frames.with_work_hold(trial), trace_all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_looks_once_to_be_told_that_its_queue_is_closed() {
        let (queue, gate) = (Queue::default(), Gate::open());
        assert!(queue.is_idle(&gate));
        queue.close();
        assert!(!queue.is_idle(&gate));
        assert!(matches!(queue.next(&gate, Timestamp(0)), Next::Closed));
        // Its worker may have to wait for others, and must not be busy meanwhile.
        assert!(queue.is_idle(&gate));
    }

    #[test]
    fn the_positions_follow_what_is_taken_frame_by_frame() {
        use crate::core::frames::pieces::Pieces;
        use crate::core::numbers::SequenceNumber;
        use bytes::Bytes;

        let frames = |offset| {
            let bytes = Bytes::from_static(b"\0\0\0\x01a\0\0\0\x01b");
            let pieces = Pieces::new(bytes, vec![5, 10], offset);
            Frames::new("x".into(), SequenceNumber(1), Timestamp(0), 4, pieces)
        };
        let (queue, gate) = (Queue::default(), Gate::open());
        gate.pause();
        let slot = Slot(3);
        let waiting = |frames, origin| Waiting {
            slot,
            frames,
            trace_all: false,
            origin,
            coming: Coming::New,
        };
        let row = JournalPosition { row: 7, frames: 0 };
        queue.push(waiting(frames(0), Origin::Journal(row)));
        queue.push(waiting(frames(100), Origin::Source("file".into())));
        assert!(queue.taken().journal.is_empty());
        gate.step();
        assert!(
            matches!(queue.next(&gate, Timestamp(0)), Next::Frames(_, true)),
            "a step is traced"
        );
        assert_eq!(queue.taken().journal.get(&slot), Some(&JournalPosition { row: 7, frames: 1 }));
        gate.resume(Timestamp(0));
        assert!(matches!(queue.next(&gate, Timestamp(0)), Next::Frames(_, false)));
        assert_eq!(queue.taken().journal.get(&slot), Some(&JournalPosition { row: 7, frames: 2 }));
        assert!(matches!(queue.next(&gate, Timestamp(0)), Next::Frames(_, false)));
        assert_eq!(queue.taken().sources.get("file"), Some(&110));
    }
}
