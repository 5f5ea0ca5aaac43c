//! The gate: what it admits, steps, and the changes that it notes.

use std::sync::Arc;

use shuttle::future::block_on;
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::thread::{self, JoinHandle};

use super::{check, join, spawn};
use crate::runtime::ingress::gate::{Admission, Gate, RunState};

/// What workers count while they take from a gate.
#[derive(Default)]
struct Counts {
    /// Workers between asking the gate and having counted what they were given.
    asking: AtomicUsize,
    admitted: AtomicUsize,
    finished: AtomicUsize,
}

impl Counts {
    /// A worker that takes as often as it is admitted, until this many have been in all.
    fn work(self: &Arc<Self>, gate: &Arc<Gate>, all: usize) -> JoinHandle<()> {
        let (gate, counts) = (Arc::clone(gate), Arc::clone(self));
        spawn(move || {
            while counts.admitted.load(Ordering::SeqCst) < all {
                counts.asking.fetch_add(1, Ordering::SeqCst);
                let admission = gate.admit(None);
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
