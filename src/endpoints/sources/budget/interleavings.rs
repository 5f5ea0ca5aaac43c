//! Sources that wait for room while workers give it back, in thousands of orders.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use shuttle::future::block_on;
use shuttle::thread;

use super::*;

/// How many orders are tried.
const ORDERS: usize = 1000;

/// A source: frames of these lengths enter one after another, and a worker makes outputs of each.
fn source(
    budget: &Arc<Budget>,
    lengths: &'static [usize],
    outputs: usize,
) -> thread::JoinHandle<()> {
    let budget = Arc::clone(budget);
    thread::spawn(move || {
        let mut workers = Vec::new();
        for length in lengths {
            // A wake-up that is lost is a deadlock, which the checker finds.
            let share = block_on(budget.take(*length));
            workers.push(thread::spawn(move || {
                share.charge(outputs / 2);
                share.charge(outputs / 2);
            }));
        }
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    })
}

/// All have left: nothing is charged, and the next enters at once.
fn check_empty(budget: &Arc<Budget>) {
    assert_eq!(budget.used.load(Ordering::Acquire), 0);
    drop(block_on(budget.take(LIMIT)));
    assert_eq!(budget.used.load(Ordering::Acquire), 0);
}

#[test]
fn whoever_waits_for_room_gets_it_and_all_room_comes_back() {
    let test = || {
        let budget = Budget::new();
        let sources = [
            source(&budget, &[LIMIT, 1, LIMIT], 10),
            source(&budget, &[LIMIT / 2, LIMIT / 2], 2 * LIMIT),
            source(&budget, &[1, 1, LIMIT], 0),
        ];
        sources.into_iter().for_each(|source| source.join().unwrap());
        check_empty(&budget);
    };
    shuttle::check_random(test, ORDERS);
    shuttle::check_pct(test, ORDERS, 3);
}

#[test]
fn a_source_that_gives_up_waiting_keeps_nobody_else_waiting() {
    let test = || {
        let budget = Budget::new();
        let first = block_on(budget.take(LIMIT));
        let gives_up = thread::spawn({
            let budget = Arc::clone(&budget);
            move || {
                let mut entering = pin!(budget.take(LIMIT));
                let mut poll = || entering.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                if let Poll::Pending = poll() {
                    thread::yield_now();
                    drop(poll());
                }
            }
        });
        let others = [source(&budget, &[LIMIT, LIMIT], 1), source(&budget, &[LIMIT], 1)];
        let leaves = thread::spawn(move || drop(first));
        gives_up.join().unwrap();
        leaves.join().unwrap();
        others.into_iter().for_each(|source| source.join().unwrap());
        check_empty(&budget);
    };
    shuttle::check_random(test, ORDERS);
    shuttle::check_pct(test, ORDERS, 3);
}
