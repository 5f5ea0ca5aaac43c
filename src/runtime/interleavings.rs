//! The gate, the queues and their exchange under threads that meet in thousands of orders.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use shuttle::future::block_on;
use shuttle::scheduler::RandomScheduler;
use shuttle::sync::Mutex;
use shuttle::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use shuttle::sync::mpsc::{Sender, channel};
use shuttle::thread::{self, JoinHandle};
use shuttle::{Config, MaxSteps, Runner};

use super::ingress::gate::{Admission, Gate, RunState};
use super::ingress::queue::{Coming, Next, Origin, Queue, Waiting};
use super::ingress::queues::Queues;
use crate::core::frames::Frames;
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::{PipelineIndex, SequenceNumber, Timestamp};
use crate::endpoints::{Connection, Delivery as _, Fetch};
use crate::resilience::{Position, Slot};

/// How many orders are tried.
const ORDERS: usize = 3000;

fn check(test: impl Fn() + Send + Sync + 'static) {
    let mut config = Config::new();
    // The checker's threads have small stacks unless it is told otherwise.
    config.stack_size = 256 * 1024;
    config.max_steps = MaxSteps::FailAfter(50_000);
    Runner::new(RandomScheduler::new(ORDERS), config).run(test);
}

fn spawn(work: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    thread::spawn(work)
}

fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// What workers count while they take from a gate.
#[derive(Default)]
struct Counts {
    /// Workers between asking the gate and having counted what they were given.
    asking: AtomicUsize,
    admitted: AtomicUsize,
    finished: AtomicUsize,
}

impl Counts {
    /// A worker that takes as often as it is admitted, until so many have been in all.
    fn work(self: &Arc<Self>, gate: &Arc<Gate>, all: usize) -> JoinHandle<()> {
        let (gate, counts) = (Arc::clone(gate), Arc::clone(self));
        spawn(move || {
            while counts.admitted.load(Ordering::SeqCst) < all {
                counts.asking.fetch_add(1, Ordering::SeqCst);
                let admission = gate.admit();
                if matches!(admission, Admission::Nothing) {
                    counts.asking.fetch_sub(1, Ordering::SeqCst);
                    thread::yield_now();
                    continue;
                }
                counts.admitted.fetch_add(1, Ordering::SeqCst);
                counts.asking.fetch_sub(1, Ordering::SeqCst);
                counts.finished.fetch_add(1, Ordering::SeqCst);
                drop(admission);
            }
        })
    }
}

#[test]
fn a_checkpoint_follows_whatever_was_admitted_after_a_hold() {
    check(|| {
        const ALL: usize = 4;
        let (gate, counts) = (Arc::new(Gate::open()), Arc::new(Counts::default()));
        let checkpointer = spawn({
            let (gate, counts) = (Arc::clone(&gate), Arc::clone(&counts));
            move || {
                // What the workers admit beyond `ALL` needs no checkpoint of its own.
                while counts.admitted.load(Ordering::SeqCst) < ALL {
                    // A change that is lost is a deadlock, which the checker finds.
                    block_on(gate.changed());
                    gate.hold();
                    while counts.asking.load(Ordering::SeqCst) > 0 {
                        thread::yield_now();
                    }
                    let held = counts.admitted.load(Ordering::SeqCst);
                    thread::yield_now();
                    assert_eq!(counts.admitted.load(Ordering::SeqCst), held, "held, and admitted");
                    gate.release();
                }
            }
        });
        join([counts.work(&gate, ALL), counts.work(&gate, ALL), checkpointer]);
    });
}

#[test]
fn a_change_that_is_noted_after_a_hold_is_seen() {
    check(|| {
        let gate = Arc::new(Gate::open());
        let saved = Arc::new(AtomicUsize::new(0));
        let changes = Arc::new(AtomicUsize::new(0));
        let writers = [(); 2].map(|()| {
            let (gate, changes) = (Arc::clone(&gate), Arc::clone(&changes));
            spawn(move || {
                for _ in 0..2 {
                    changes.fetch_add(1, Ordering::SeqCst);
                    gate.change();
                }
            })
        });
        let checkpointer = spawn(move || {
            while saved.load(Ordering::SeqCst) < 4 {
                block_on(gate.changed());
                gate.hold();
                saved.store(changes.load(Ordering::SeqCst), Ordering::SeqCst);
                gate.release();
            }
        });
        join(writers.into_iter().chain([checkpointer]));
    });
}

#[test]
fn steps_let_exactly_as_many_through_and_then_the_engine_is_paused() {
    check(|| {
        const STEPS: usize = 3;
        let (gate, counts) = (Arc::new(Gate::open()), Arc::new(Counts::default()));
        gate.pause();
        let workers = [counts.work(&gate, STEPS), counts.work(&gate, STEPS)];
        let stepper = spawn({
            let gate = Arc::clone(&gate);
            move || (0..STEPS).for_each(|_| gate.step())
        });
        let holder = spawn({
            let gate = Arc::clone(&gate);
            move || {
                gate.hold();
                gate.release();
            }
        });
        join([stepper, holder]);
        while gate.run_state() != RunState::Paused {
            thread::yield_now();
        }
        assert_eq!(counts.finished.load(Ordering::SeqCst), STEPS, "paused before all had arrived");
        join(workers);
        assert_eq!(counts.admitted.load(Ordering::SeqCst), STEPS);
    });
}

/// How many bytes each frame of these tests has.
const LENGTH: u64 = 5;

/// The sources, each with a slot of its own.
const SOURCES: [(&str, Slot); 2] = [("x", Slot(0)), ("y", Slot(1))];

/// How many frames each source brings.
const FRAMES: u64 = 3;

/// The frame of a source that stands at this place.
fn waiting((source, slot): (&str, Slot), at: u64) -> Waiting {
    let bytes = Bytes::from_static(b"\0\0\0\x01a");
    let (source, number): (Arc<str>, _) = (source.into(), SequenceNumber(at));
    let origin = Origin::Source(Arc::clone(&source));
    let pieces = Pieces::new(bytes, vec![LENGTH as u32], at * LENGTH);
    let frames = Frames::new(source, number, Timestamp(0), 4, pieces);
    Waiting { slot, frames, trace_all: false, origin, coming: Coming::New }
}

/// What workers have taken: of each source, where its frames stood.
type Taken = Arc<Mutex<BTreeMap<String, Vec<u64>>>>;

/// A worker as in `worker.rs`: it looks, takes, and parks where there is nothing to be done. It ends when
/// it is told to leave or that its queue is closed.
fn worker(
    queues: &Arc<Queues>,
    index: usize,
    gate: &Arc<Gate>,
    taken: &Taken,
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
            match queue.next(&gate, Timestamp(0)) {
                Next::Frames(frames, _) => {
                    let mut taken = taken.lock().unwrap();
                    taken.entry(frames.source().to_string()).or_default().push(frames.offset(0));
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

/// Every frame of every source was taken once and in its order, and the positions say so.
fn check_taken(queues: &Queues, taken: &Taken) {
    let taken = taken.lock().unwrap();
    let all: Vec<u64> = (0..FRAMES).map(|at| at * LENGTH).collect();
    assert_eq!(taken.len(), SOURCES.len());
    assert!(taken.values().all(|offsets| *offsets == all), "{taken:?}");
    let ends = queues.positions().into_iter().map(|position| match position {
        Position::Source { offset, .. } => offset,
        other => panic!("{other:?}"),
    });
    assert_eq!(ends.collect::<Vec<_>>(), [FRAMES * LENGTH; 2]);
}

/// A source that its worker reads. Every other frame it hands over, as where there is no room for it.
struct InTurns {
    at: AtomicU64,
    hand: Mutex<Sender<u64>>,
}

impl Fetch for InTurns {
    fn fetch(&self) -> Option<Frames> {
        let at = self.at.fetch_add(1, Ordering::SeqCst);
        if at < FRAMES && at % 2 == 0 {
            return Some(waiting(SOURCES[0], at).frames);
        }
        self.hand.lock().unwrap().send(at).unwrap();
        None
    }
}

#[test]
fn frames_that_a_worker_fetches_are_taken_in_order_with_those_that_it_hands_over() {
    check(|| {
        let (gate, taken, leave) = (Arc::new(Gate::open()), Taken::default(), Arc::default());
        let queues = Arc::new(Queues::new(PipelineIndex(0), "p".into(), None, 1, None));
        let worker = worker(&queues, 0, &gate, &taken, &leave);
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
        join([worker]);
        let all: Vec<u64> = (0..FRAMES).map(|at| at * LENGTH).collect();
        assert_eq!(taken.lock().unwrap().values().collect::<Vec<_>>(), [&all]);
    });
}

#[test]
fn frames_are_taken_once_and_in_order_and_the_end_is_told() {
    check(|| {
        let (gate, taken) = (Arc::new(Gate::open()), Taken::default());
        let queues = Arc::new(Queues::new(PipelineIndex(0), "p".into(), None, 2, None));
        let leave = Arc::default();
        let workers = [0, 1].map(|index| worker(&queues, index, &gate, &taken, &leave));
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
        let all_taken = || taken.lock().unwrap().values().flatten().count() as u64 == 2 * FRAMES;
        while !all_taken() {
            thread::yield_now();
        }
        queues.close();
        join(workers.into_iter().chain([holder]));
        check_taken(&queues, &taken);
    });
}

#[test]
fn an_exchange_of_workers_loses_no_frame_no_order_and_no_end() {
    check(|| {
        let (gate, taken) = (Arc::new(Gate::open()), Taken::default());
        let queues = Arc::new(Queues::new(PipelineIndex(0), "p".into(), None, 2, None));
        let leave = Arc::new(AtomicBool::new(false));
        let old = [0, 1].map(|index| worker(&queues, index, &gate, &taken, &leave));
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
        let new = [0, 1, 2].map(|index| worker(&queues, index, &gate, &taken, &stay));
        gate.release();
        new.iter().for_each(|worker| worker.thread().unpark());
        join(new.into_iter().chain([closer]));
        check_taken(&queues, &taken);
    });
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
                    assert!(!matches!(queue.next(&gate, Timestamp(0)), Next::Frames(..)));
                    thread::yield_now();
                }
            }
        });
        gate.release();
        join([worker]);
    });
}
