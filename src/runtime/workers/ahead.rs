//! How far an operator is ahead of those behind it, on all workers.
//!
//! Timely's channels are unbounded. An operator whose batch becomes many messages waits before the next piece
//! while too many of those that it has sent are not processed. Only messages that it has sent itself
//! count, and the last operator of a pipeline sends none: so the operators behind can always go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::core::frames::Hold;

/// How many messages an operator may be ahead, before its next piece.
const MAX_AHEAD: usize = 64 * 1024;

/// How long an operator that is too far ahead waits before it looks again: those behind it have work for longer.
pub(super) const LOOK_AGAIN: Duration = Duration::from_micros(100);

/// The messages that an operator has sent and that are not processed yet.
#[derive(Default)]
pub(super) struct Ahead(Arc<AtomicUsize>);

impl Ahead {
    pub fn is_too_far(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= MAX_AHEAD
    }

    /// Counts these messages until the returned value is dropped.
    pub fn count(&self, messages: usize) -> OnTheWay {
        self.0.fetch_add(messages, Ordering::Relaxed);
        OnTheWay { ahead: Arc::clone(&self.0), messages }
    }
}

/// Messages that have been sent and are not processed yet.
pub(crate) struct OnTheWay {
    ahead: Arc<AtomicUsize>,
    messages: usize,
}

/// Messages that go to another process are on their way until the steps are done with them, there and behind.
impl Hold for OnTheWay {}

impl Drop for OnTheWay {
    fn drop(&mut self) {
        self.ahead.fetch_sub(self.messages, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_waits_until_its_messages_are_processed() {
        let ahead = Ahead::default();
        let some = ahead.count(MAX_AHEAD - 1);
        assert!(!ahead.is_too_far());
        let one = ahead.count(1);
        assert!(ahead.is_too_far());
        drop(some);
        assert!(!ahead.is_too_far());
        drop(one);
        assert_eq!(ahead.0.load(Ordering::Relaxed), 0);
    }
}
