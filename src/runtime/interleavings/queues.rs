//! Queues of one worker and of several: what is taken, its order, and the end.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use shuttle::sync::Mutex;
use shuttle::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use shuttle::sync::mpsc::{Sender, channel};
use shuttle::thread::{self, JoinHandle};

use super::{check, join, spawn};
use crate::core::frames::Frames;
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::{BatchNumber, PipelineIndex, SequenceNumber, Timestamp};
use crate::endpoints::{Connection, Delivery as _, Fetch};
use crate::resilience::{Position, Slot};
use crate::runtime::ingress::gate::Gate;
use crate::runtime::ingress::queue::{Coming, Next, Queue, Taking, Waiting};
use crate::runtime::ingress::queues::Queues;
use crate::runtime::ingress::taken::Origin;

/// How many bytes each frame of these tests has.
const LENGTH: u64 = 5;

/// The sources, each with a slot of its own.
const SOURCES: [(&str, Slot); 2] = [("x", Slot(0)), ("y", Slot(1))];

/// How many frames each source brings.
const FRAMES: u64 = 3;

/// The frame of a source at this place.
fn waiting((source, slot): (&str, Slot), at: u64) -> Waiting {
    let bytes = Bytes::from_static(b"\0\0\0\x01a");
    let (source, number): (Arc<str>, _) = (source.into(), SequenceNumber(at));
    let origin = Origin::Source(Arc::clone(&source));
    let pieces = Pieces::new(bytes, vec![LENGTH as u32], at * LENGTH);
    let frames = Frames::new(source, number, Timestamp(0), 4, pieces);
    Waiting { slot, frames, trace_all: false, origin, coming: Coming::New }
}

/// What workers have taken: their round, the batch number, its source, and its offset there.
type Taken = Arc<Mutex<Vec<(usize, BatchNumber, String, u64)>>>;

/// Queues of two workers: of each its own, or one for both.
fn two_queues(shared: bool) -> Arc<Queues> {
    Arc::new(Queues::new(PipelineIndex(0), "p".into(), None, 2, None, shared))
}

/// A worker as in `worker.rs`: it takes, or parks if there is nothing to do. It ends when it is told to leave or its
/// queue is closed.
fn worker(
    queues: &Arc<Queues>,
    index: usize,
    gate: &Arc<Gate>,
    (round, taken): (usize, &Taken),
    leave: &Arc<AtomicBool>,
) -> JoinHandle<()> {
    let queue = queues.queue(index).unwrap();
    let (gate, taken, leave) = (Arc::clone(gate), Arc::clone(taken), Arc::clone(leave));
    spawn(move || {
        queue.attach();
        while !leave.load(Ordering::SeqCst) {
            if queue.is_idle(&gate) {
                thread::park();
                continue;
            }
            match queue.next(&gate, Timestamp(0), || usize::MAX) {
                Next::Frames(Taking { number, frames, .. }) => {
                    let (source, offset) = (frames.source().to_string(), frames.offset(0));
                    taken.lock().unwrap().push((round, number, source, offset));
                }
                Next::Nothing => {}
                Next::Closed => return,
            }
        }
    })
}

/// A source that brings its frames.
fn source(queues: &Arc<Queues>, which: (&'static str, Slot)) -> JoinHandle<()> {
    let queues = Arc::clone(queues);
    spawn(move || (0..FRAMES).for_each(|at| queues.push(waiting(which, at))))
}

/// The offsets of each source's frames, in the order of their batch numbers.
fn by_source(taken: &Taken) -> Vec<Vec<u64>> {
    let mut taken = taken.lock().unwrap().clone();
    taken.sort_unstable();
    let mut of_sources = BTreeMap::<String, Vec<u64>>::new();
    for (_, _, source, offset) in taken {
        of_sources.entry(source).or_default().push(offset);
    }
    of_sources.into_values().collect()
}

/// The offsets of all frames of a source.
fn all() -> Vec<u64> {
    (0..FRAMES).map(|at| at * LENGTH).collect()
}

/// Every frame of every source was taken once and in its order, and the positions say so.
fn check_taken(queues: &Queues, taken: &Taken) {
    assert_eq!(by_source(taken), [(); SOURCES.len()].map(|()| all()));
    let ends = queues.positions().into_iter().map(|position| match position {
        Position::Source { offset, .. } => offset,
        other => panic!("{other:?}"),
    });
    assert_eq!(ends.collect::<Vec<_>>(), [FRAMES * LENGTH; 2]);
}

/// A source that its worker reads. It hands every other frame over, as if there were no room for it.
struct InTurns {
    at: AtomicU64,
    hand: Mutex<Sender<u64>>,
}

impl Fetch for InTurns {
    fn fetch(&self, enter: &mut dyn FnMut(Frames)) {
        let hand = self.hand.lock().unwrap();
        let at = self.at.fetch_add(1, Ordering::SeqCst);
        if at < FRAMES && at % 2 == 0 {
            enter(waiting(SOURCES[0], at).frames);
        } else {
            hand.send(at).unwrap();
        }
    }
}

#[test]
fn frames_that_workers_fetch_are_taken_in_order_with_those_that_are_handed_over() {
    check(|| {
        let (gate, taken, leave) = (Arc::new(Gate::open()), Taken::default(), Arc::default());
        let queues = two_queues(true);
        let workers = [0, 1].map(|index| worker(&queues, index, &gate, (0, &taken), &leave));
        let (hand, handed) = channel();
        let source = Arc::new(InTurns { at: AtomicU64::new(0), hand: Mutex::new(hand) });
        loop {
            let fetched: Weak<InTurns> = Arc::downgrade(&source);
            queues.fetch_from(Connection { number: 0, again: true }, fetched);
            gate.hold();
            gate.release();
            queues.wake();
            // A wake-up that is lost is a deadlock, which the checker finds.
            let at = handed.recv().unwrap();
            if at == FRAMES {
                break;
            }
            queues.push(waiting(SOURCES[0], at));
        }
        queues.close();
        join(workers);
        assert_eq!(by_source(&taken), [all()]);
    });
}

/// A source that its workers read until it is stopped: then its task takes the reader.
struct Stopped {
    reader: Mutex<Option<u64>>,
}

impl Fetch for Stopped {
    fn fetch(&self, enter: &mut dyn FnMut(Frames)) {
        let mut place = self.reader.lock().unwrap();
        if let Some(at) = place.filter(|at| *at < FRAMES) {
            *place = Some(at + 1);
            enter(waiting(SOURCES[0], at).frames);
        }
    }
}

#[test]
fn what_is_fetched_while_a_source_is_stopped_comes_before_the_rest() {
    check(|| {
        let (gate, taken, leave) = (Arc::new(Gate::open()), Taken::default(), Arc::default());
        let queues = two_queues(true);
        let workers = [0, 1].map(|index| worker(&queues, index, &gate, (0, &taken), &leave));
        let source = Arc::new(Stopped { reader: Mutex::new(Some(0)) });
        let fetched: Weak<Stopped> = Arc::downgrade(&source);
        queues.fetch_from(Connection { number: 0, again: true }, fetched);
        thread::yield_now();
        let reader = source.reader.lock().unwrap().take();
        (reader.unwrap()..FRAMES).for_each(|at| queues.push(waiting(SOURCES[0], at)));
        queues.close();
        join(workers);
        assert_eq!(by_source(&taken), [all()]);
    });
}

#[test]
fn frames_are_taken_once_and_in_order_and_the_end_is_told() {
    for shared in [false, true] {
        check(move || takes_all(shared));
    }
}

fn takes_all(shared: bool) {
    let (gate, taken) = (Arc::new(Gate::open()), Taken::default());
    let (queues, leave) = (two_queues(shared), Arc::default());
    let workers = [0, 1].map(|index| worker(&queues, index, &gate, (0, &taken), &leave));
    let holder = spawn({
        let (gate, queues) = (Arc::clone(&gate), Arc::clone(&queues));
        move || {
            gate.hold();
            gate.release();
            queues.wake();
        }
    });
    join(SOURCES.map(|which| source(&queues, which)));
    // Without the close, which wakes workers too: a wake-up that is lost never ends here, and the
    // checker has a limit.
    while (taken.lock().unwrap().len() as u64) < 2 * FRAMES {
        thread::yield_now();
    }
    queues.close();
    join(workers.into_iter().chain([holder]));
    check_taken(&queues, &taken);
}

#[test]
fn an_exchange_of_workers_loses_no_frame_no_order_and_no_end() {
    for shared in [false, true] {
        check(move || exchanges(shared));
    }
}

fn exchanges(shared: bool) {
    let (gate, taken) = (Arc::new(Gate::open()), Taken::default());
    let queues = two_queues(shared);
    let leave = Arc::new(AtomicBool::new(false));
    let old = [0, 1].map(|index| worker(&queues, index, &gate, (0, &taken), &leave));
    let sources = SOURCES.map(|which| source(&queues, which));
    let closer = spawn({
        let queues = Arc::clone(&queues);
        move || {
            join(sources);
            queues.close();
        }
    });
    // As in `checkpointer.rs`.
    gate.hold();
    leave.store(true, Ordering::SeqCst);
    old.iter().for_each(|worker| worker.thread().unpark());
    join(old);
    queues.exchange(3);
    let stay = Arc::default();
    let new = [0, 1, 2].map(|index| worker(&queues, index, &gate, (1, &taken), &stay));
    gate.release();
    new.iter().for_each(|worker| worker.thread().unpark());
    join(new.into_iter().chain([closer]));
    check_taken(&queues, &taken);
}

#[test]
fn what_was_set_aside_is_never_processed_whenever_the_gate_opens() {
    check(|| {
        let (gate, queue) = (Arc::new(Gate::open()), Arc::new(Queue::default()));
        gate.hold();
        queue.push(Waiting { coming: Coming::SetAside, ..waiting(SOURCES[0], 0) });
        let worker = spawn({
            let (gate, queue) = (Arc::clone(&gate), Arc::clone(&queue));
            move || {
                while queue.taken().sources.is_empty() {
                    assert!(!matches!(
                        queue.next(&gate, Timestamp(0), || usize::MAX),
                        Next::Frames(..)
                    ));
                    thread::yield_now();
                }
            }
        });
        gate.release();
        join([worker]);
    });
}
