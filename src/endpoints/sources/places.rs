//! Which clients a TCP source serves at once: as many as there are places, and where all are taken, a new
//! one gets that of the client that has been idle for the longest time, if that is long.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::Id;
use tokio::time::Instant;

use super::seat::Seat;

/// How many clients are served at once, and what an idle one is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub connections: NonZeroUsize,
    /// How long a client may be idle that others would like to replace.
    pub idle: Duration,
}

/// Those who have places, by their tasks.
pub(crate) struct Places {
    limits: Limits,
    seats: HashMap<Id, Arc<Seat>>,
}

impl Places {
    pub fn new(limits: Limits) -> Self {
        Self { limits, seats: HashMap::new() }
    }

    /// Whether all places are taken, also by tasks that have ended and are not known to have.
    pub fn are_taken(&self) -> bool {
        self.seats.len() >= self.limits.connections.get()
    }

    /// Whether there is a place for one more client. Where all are taken, an idle client is asked to
    /// leave; its place is free at once, because its task ends by itself.
    pub fn find(&mut self) -> bool {
        if !self.are_taken() {
            return true;
        }
        let now = Instant::now();
        let idle = self.seats.iter().filter_map(|(task, seat)| Some((seat.idle(now)?, *task)));
        let longest = idle.max_by_key(|(idle, _)| *idle);
        match longest {
            Some((idle, task)) if idle >= self.limits.idle => {
                if let Some(seat) = self.seats.remove(&task) {
                    seat.vacate();
                }
                true
            }
            _ => false,
        }
    }

    pub fn take(&mut self, task: Id, seat: Arc<Seat>) {
        self.seats.insert(task, seat);
        debug_assert!(self.seats.len() <= self.limits.connections.get(), "each has a place");
    }

    /// A task has ended.
    pub fn leave(&mut self, task: Id) {
        self.seats.remove(&task);
    }
}
