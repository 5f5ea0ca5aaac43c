//! What happened to messages is given to an examiner when all steps are done with them: for breakpoints.
//!
//! Invariant: while there is something to examine, everything that is taken is examined, and few frames are on their way
//! to that at a time. So the engine waits for an examiner that is slow, and never skips a message.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};

use parking_lot::Mutex;

use super::ingress::gate::Gate;
use crate::application::Key;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::numbers::{Epoch, PipelineIndex};

/// While messages are examined, so many frames are taken together at most: a pause comes soon after a message.
const TOGETHER: usize = 256;

/// No more frames are taken while so many are on their way to be examined.
const MAX_OPEN: usize = 4096;

/// Nor while what happened to frames and is not examined yet takes about so many bytes: 64 MiB. What is in progress then
/// comes on top of it: a batch or two of each worker.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Which messages are examined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// All of them.
    All,
    /// Those that come to a partition with one of these keys, and those that are traced anyway.
    Keys(Arc<[Key]>),
}

/// Gives an examiner what happened to messages. It serves one engine after another.
pub struct Examiner {
    /// Whether there is an extent: asked once a batch.
    any: AtomicBool,
    extent: Mutex<Option<Extent>>,
    counts: Arc<Counts>,
    give: Sender<Examined>,
}

#[derive(Debug, Default)]
struct Counts {
    /// How many frames are on their way to be examined.
    open: AtomicUsize,
    /// How many bytes what happened to frames takes that are not examined yet.
    bytes: AtomicUsize,
    /// Grows whenever what is on its way counts no more.
    life: AtomicU64,
}

impl Examiner {
    /// Examines nothing yet. What is examined comes out of the other end.
    #[must_use]
    pub fn new() -> (Self, Receiver<Examined>) {
        let (give, examined) = mpsc::channel();
        let (any, extent) = (AtomicBool::new(false), Mutex::default());
        (Self { any, extent, counts: Arc::default(), give }, examined)
    }

    /// Examines these messages from now on, or none.
    pub fn examine(&self, extent: Option<Extent>) {
        let mut set = self.extent.lock();
        self.any.store(extent.is_some(), Ordering::Release);
        *set = extent;
    }

    /// Whether frames are on their way to be examined.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.counts.open.load(Ordering::Acquire) > 0
    }

    /// What is on its way counts no more: its engine has ended.
    pub fn forget(&self) {
        self.counts.life.fetch_add(1, Ordering::AcqRel);
    }

    /// How many frames may be taken together now, if they are to be examined. Asked with the lock of the queue that they are
    /// taken from, which orders this after whatever was set before they came.
    pub(super) fn together(&self) -> Option<usize> {
        self.any.load(Ordering::Relaxed).then_some(TOGETHER)
    }

    /// Whether too many frames are on their way to be examined, or what happened to them takes too much memory.
    pub(super) fn is_full(&self) -> bool {
        let Counts { open, bytes, .. } = &*self.counts;
        open.load(Ordering::Relaxed) >= MAX_OPEN || bytes.load(Ordering::Relaxed) >= MAX_BYTES
    }

    /// Counts frames that are taken now as on their way to be examined; `None` if they are not to be.
    pub(super) fn begin(&self, frames: usize) -> Option<(Extent, Counted)> {
        let extent = self.extent.lock().clone()?;
        self.counts.open.fetch_add(frames, Ordering::AcqRel);
        let (counts, life) = (Arc::clone(&self.counts), self.counts.life.load(Ordering::Acquire));
        Some((extent, Counted { counts, frames, bytes: 0, life }))
    }

    /// Gives what happened to messages away. If nobody examines them any more, they count as examined.
    pub(super) fn give(&self, mut examined: Examined) {
        let bytes = examined.weight();
        examined.counted.charge(bytes);
        let _ = self.give.send(examined);
    }
}

impl fmt::Debug for Examiner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Examiner").finish_non_exhaustive()
    }
}

/// Counts frames as long as they are on their way to be examined.
#[derive(Debug)]
pub(super) struct Counted {
    counts: Arc<Counts>,
    frames: usize,
    /// How many bytes what happened to them takes; 0 until that is known.
    bytes: usize,
    /// Which engine it is that processes them.
    life: u64,
}

impl Counted {
    /// Counts the bytes that what happened to the frames takes.
    fn charge(&mut self, bytes: usize) {
        self.counts.bytes.fetch_add(bytes, Ordering::AcqRel);
        self.bytes += bytes;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.counts.bytes.fetch_sub(self.bytes, Ordering::AcqRel);
        self.counts.open.fetch_sub(self.frames, Ordering::AcqRel);
    }
}

/// What happened to messages that were taken together. They count as examined when it is dropped.
#[derive(Debug)]
pub struct Examined {
    /// The checkpoint that had been begun when they were taken.
    pub epoch: Epoch,
    /// The pipeline.
    pub pipeline: PipelineIndex,
    /// What happened to whole messages, in their order.
    pub traces: Vec<Arc<Trace>>,
    /// What happened to messages from where their key was made.
    pub late: Vec<Arc<Trace>>,
    /// What could not be processed of any of the frames, in the order in which that was found.
    pub letters: Vec<DeadLetter>,
    pub(super) gate: Arc<Gate>,
    pub(super) counted: Counted,
}

impl Examined {
    /// Whether the engine that has processed them goes on.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.counted.life == self.counted.counts.life.load(Ordering::Acquire)
    }

    /// About how many bytes it takes.
    fn weight(&self) -> usize {
        let traces = self.traces.iter().chain(&self.late).map(|trace| trace.weight());
        let letters = self.letters.iter().map(DeadLetter::weight);
        traces.sum::<usize>() + letters.sum::<usize>()
    }

    /// Pauses the engine that has processed them. False if it was paused already, or is ending.
    #[must_use]
    pub fn pause(&self) -> bool {
        self.gate.pause()
    }
}

#[cfg(test)]
impl Examiner {
    /// What is given of so many frames that are taken now, of which nothing is known.
    pub fn taken(&self, frames: usize) -> Option<Examined> {
        let (_, counted) = self.begin(frames)?;
        Some(Examined {
            epoch: Epoch(0),
            pipeline: PipelineIndex(0),
            traces: Vec::new(),
            late: Vec::new(),
            letters: Vec::new(),
            gate: Arc::new(Gate::open()),
            counted,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::frames::trace::{HOP_BYTES_LIMIT, Hop, HopEvent};
    use crate::core::numbers::{SequenceNumber, Timestamp, WorkerIndex};

    /// What happened to a message of which as much is kept as can be.
    fn long_trace() -> Arc<Trace> {
        let (step, worker, at) = ("step".into(), WorkerIndex(0), Timestamp(0));
        let event = HopEvent::Decoded("x".repeat(HOP_BYTES_LIMIT));
        let trace = Trace::new("p".into(), "s".into(), SequenceNumber(1), b"frame", at);
        trace.push(Hop { step, worker, at, event });
        assert!(trace.weight() > HOP_BYTES_LIMIT && trace.hops_left_out() == 0);
        Arc::new(trace)
    }

    #[test]
    fn no_more_are_taken_while_what_few_frames_have_left_takes_much_memory() {
        let (examiner, to_judge) = Examiner::new();
        examiner.examine(Some(Extent::All));
        let give = |whole: bool| {
            let (one, other) = (Vec::new(), vec![long_trace()]);
            let (traces, late) = if whole { (other, one) } else { (one, other) };
            examiner.give(Examined { traces, late, ..examiner.taken(1).unwrap() });
        };
        let most = MAX_BYTES / HOP_BYTES_LIMIT;
        assert!(most < MAX_OPEN / 4, "they are few");
        (1..most).for_each(|at| give(at % 2 == 0));
        assert!(!examiner.is_full());
        give(true);
        assert!(examiner.is_full());
        // Judged ones make room, whoever judges.
        drop(to_judge.recv().unwrap());
        assert!(!examiner.is_full() && examiner.is_busy());
        give(false);
        assert!(examiner.is_full());
        drop(to_judge);
        assert!(!examiner.is_full() && !examiner.is_busy());
        (0..2 * most).for_each(|_| give(true));
        assert!(!examiner.is_full(), "nobody keeps them");
    }

    #[test]
    fn frames_count_until_they_are_examined_and_no_more_are_taken_while_they_are_many() {
        let (examiner, to_judge) = Examiner::new();
        assert!(examiner.together().is_none() && examiner.taken(1).is_none());
        examiner.examine(Some(Extent::All));
        assert_eq!(examiner.together(), Some(TOGETHER));
        while !examiner.is_full() {
            examiner.give(examiner.taken(TOGETHER).unwrap());
        }
        let all: Vec<_> = to_judge.try_iter().collect();
        assert_eq!(all.len(), MAX_OPEN / TOGETHER);
        assert!(examiner.is_full() && all.iter().all(Examined::counts));
        examiner.forget();
        assert!(!all.iter().any(Examined::counts), "their engine has ended");
        drop(all);
        assert!(!examiner.is_busy());
        // Those that nobody examines do not count.
        drop(to_judge);
        examiner.give(examiner.taken(1).unwrap());
        assert!(!examiner.is_busy());
        examiner.examine(None);
        assert!(examiner.taken(1).is_none());
    }
}
