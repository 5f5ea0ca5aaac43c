//! How many messages may be traced: some at once, and then a few per second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::core::numbers::Timestamp;

/// How many messages may be traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceRate {
    /// How many at once.
    pub at_once: u32,
    /// The time after which one more may be traced.
    pub every: Duration,
}

/// A bucket of traces that refills at a [`TraceRate`]. Many threads may take from it; nothing waits.
#[derive(Debug)]
pub struct TraceBudget {
    /// The time in which an empty bucket fills, in nanoseconds.
    fills_in: u64,
    every: u64,
    /// When the bucket is full again, in nanoseconds. Its content follows from that.
    full_at: AtomicU64,
}

impl TraceBudget {
    /// A full bucket.
    pub fn new(rate: TraceRate) -> Self {
        let every = u64::try_from(rate.every.as_nanos()).unwrap_or(u64::MAX).max(1);
        let fills_in = every.saturating_mul(u64::from(rate.at_once));
        Self { fills_in, every, full_at: AtomicU64::new(0) }
    }

    /// Takes up to `wanted` traces. Returns how many there were.
    pub fn take(&self, wanted: usize, now: Timestamp) -> usize {
        let wanted = wanted as u64;
        let mut taken = 0;
        // Writes nothing while the bucket is empty: the case under load.
        let _ = self.full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            let missing = full_at.saturating_sub(now.0);
            taken = (self.fills_in.saturating_sub(missing) / self.every).min(wanted);
            let later = full_at.max(now.0).saturating_add(taken * self.every);
            (taken > 0).then_some(later)
        });
        usize::try_from(taken).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn some_are_had_at_once_and_then_as_many_as_the_time_gives() {
        let budget = TraceBudget::new(TraceRate { at_once: 10, every: Duration::from_millis(250) });
        assert_eq!(budget.take(3, Timestamp(0)), 3);
        assert_eq!(budget.take(100, Timestamp(0)), 7);
        assert_eq!(budget.take(100, Timestamp(SECOND / 4 - 1)), 0);
        assert_eq!(budget.take(100, Timestamp(SECOND)), 4);
        // A batch that was read before the last one.
        assert_eq!(budget.take(100, Timestamp(0)), 0);
        assert_eq!(budget.take(100, Timestamp(3600 * SECOND)), 10, "no more than at once");
    }
}
