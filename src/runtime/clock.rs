//! The engine's clock: the time since it started.

use std::time::Instant;

use crate::core::clock::Clock;
use crate::core::numbers::Timestamp;

/// Gives the time since it was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct StartClock(Instant);

impl StartClock {
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for StartClock {
    fn now(&self) -> Timestamp {
        Timestamp(u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}
