//! The clock of the core, which is given to it: the core reads no clock of the system.

use std::cell::Cell;

use super::numbers::Timestamp;

/// Tells the time since the engine started.
pub trait Clock {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// A clock that stands still until it is told otherwise.
#[derive(Debug, Default)]
pub struct LogicalClock(Cell<u64>);

impl LogicalClock {
    /// Moves the clock forward.
    pub fn advance(&self, nanoseconds: u64) {
        self.0.set(self.0.get().saturating_add(nanoseconds));
    }

    /// Moves the clock forward to this moment, if it is behind it.
    pub fn set_at_least(&self, moment: Timestamp) {
        self.0.set(self.0.get().max(moment.0));
    }
}

impl Clock for LogicalClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.get())
    }
}

/// A clock that always stands still, for tests with several threads.
#[cfg(test)]
pub(crate) struct Still;

#[cfg(test)]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }
}
