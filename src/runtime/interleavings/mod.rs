//! The gate, the queues and their exchange under threads that meet in thousands of orders.

mod gate;
mod queues;

use shuttle::scheduler::RandomScheduler;
use shuttle::thread::{self, JoinHandle};
use shuttle::{Config, MaxSteps, Runner};

/// How many orders are tried.
const ORDERS: usize = 1000;

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
