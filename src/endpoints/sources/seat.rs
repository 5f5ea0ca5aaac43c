//! The place of one client among those that a TCP source serves at once, and how long it has been idle.
//!
//! Invariant: a client is idle only while the source waits for it, and not while its frames wait for the
//! budget.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// This many bytes of an unfinished frame count as a sign of life, as a whole frame does. Fewer do not, so
/// that a client cannot keep its place by sending single bytes.
const SIGN_OF_LIFE: usize = 64 * 1024;

/// The value of `since` while the source does not wait for the client.
const BUSY: u64 = u64::MAX;

/// The place of one client.
pub(crate) struct Seat {
    taken: Instant,
    /// The last sign of life, in milliseconds after `taken`.
    since: AtomicU64,
    leave: Notify,
}

/// The signs of life of the client whose bytes are read, if the source is one with places.
pub(crate) struct SignsOfLife<'a> {
    seat: Option<&'a Seat>,
    /// The last sign, kept here while `Seat::since` is `BUSY`.
    since: u64,
    /// How many bytes have come since the last sign.
    bytes: usize,
}

impl Seat {
    pub fn new() -> Self {
        Self { taken: Instant::now(), since: AtomicU64::new(0), leave: Notify::new() }
    }

    /// How long the client has been idle. `None` while the source does not wait for it.
    pub fn idle(&self, now: Instant) -> Option<Duration> {
        let since = self.since.load(Ordering::Acquire);
        let idle = || now.duration_since(self.taken).saturating_sub(Duration::from_millis(since));
        (since != BUSY).then(idle)
    }

    /// Asks the client's task to end, between two reads.
    pub fn vacate(&self) {
        self.leave.notify_one();
    }
}

impl<'a> SignsOfLife<'a> {
    pub fn of(seat: Option<&'a Seat>) -> Self {
        Self { seat, since: 0, bytes: 0 }
    }

    /// Returns when the client has to leave.
    pub async fn left(&self) {
        match self.seat {
            Some(seat) => seat.leave.notified().await,
            None => std::future::pending().await,
        }
    }

    /// Bytes have come, and are processed now.
    pub fn came(&mut self, bytes: usize) {
        self.bytes += bytes;
        if let Some(seat) = self.seat {
            seat.since.store(BUSY, Ordering::Release);
        }
    }

    /// The source waits for the next bytes from now on. `whole` says whether a whole frame has come.
    pub fn waits(&mut self, whole: bool, now: Instant) {
        let Some(seat) = self.seat else { return };
        if whole || self.bytes >= SIGN_OF_LIFE {
            self.bytes = 0;
            let millis = now.duration_since(seat.taken).as_millis();
            self.since = u64::try_from(millis).unwrap_or(BUSY - 1);
        }
        seat.since.store(self.since, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_idle_from_its_last_whole_frame_or_many_bytes_on() {
        let seat = Seat::new();
        let mut signs = SignsOfLife::of(Some(&seat));
        let second = Duration::from_secs(1);
        let mut now = seat.taken;
        let mut after_a_second = |bytes, whole| {
            now += second;
            signs.came(bytes);
            assert_eq!(seat.idle(now), None, "it is not waited for");
            signs.waits(whole, now);
            seat.idle(now + second).unwrap()
        };
        assert_eq!(after_a_second(10, true), second);
        assert_eq!(after_a_second(1, false), 2 * second);
        assert_eq!(after_a_second(1, false), 3 * second);
        assert_eq!(after_a_second(SIGN_OF_LIFE, false), second);
        assert_eq!(after_a_second(1, false), 2 * second);
    }
}
