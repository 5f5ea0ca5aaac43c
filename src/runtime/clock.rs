//! The engine's clock: the time since it started.

use std::time::{Duration, Instant};

use crate::core::clock::Clock;
use crate::core::numbers::Timestamp;

/// Gives the time since it was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct StartClock(Instant);

impl StartClock {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// A clock that says this now.
    pub fn at(now: Timestamp) -> Self {
        let start = Instant::now();
        // A clock of another machine may be older than this one's can say.
        Self(start.checked_sub(Duration::from_nanos(now.0)).unwrap_or(start))
    }
}

impl Clock for StartClock {
    fn now(&self) -> Timestamp {
        Timestamp(u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}
