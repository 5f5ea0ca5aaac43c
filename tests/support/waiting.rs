//! Waiting for a condition, and never for a time.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take. Long, because a loaded machine is no failure.
pub const LIMIT: Duration = Duration::from_mins(2);

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(1);

/// Waits until `wanted` holds; `what` says in words what is waited for.
pub fn wait_until(what: &str, mut wanted: impl FnMut() -> bool) {
    let start = Instant::now();
    while !wanted() {
        assert!(start.elapsed() < LIMIT, "waited {LIMIT:?} for {what}");
        thread::sleep(POLL);
    }
}

/// Does something that might never end, and fails if it does not.
pub fn within_limit<T: Send + 'static>(
    what: &str,
    action: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (sender, result) = channel();
    let thread = thread::spawn(move || drop(sender.send(action())));
    match result.recv_timeout(LIMIT) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => panic!("{what} did not end within {LIMIT:?}"),
        Err(RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(thread.join().expect_err("it sent nothing"))
        }
    }
}
