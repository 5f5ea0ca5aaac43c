//! Which clients a TCP source serves at once. If all places are taken, a new client gets the place of the
//! client that has been idle for the longest time, if that is long enough.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::Id;
use tokio::time::Instant;

use super::seat::Seat;

/// How many clients are served at once, and when one is idle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub connections: NonZeroUsize,
    /// How long a client may be idle before another may take its place.
    pub idle: Duration,
}

/// The clients that have a place, by their tasks.
pub(crate) struct Places {
    limits: Limits,
    seats: HashMap<Id, Arc<Seat>>,
}

impl Places {
    pub fn new(limits: Limits) -> Self {
        Self { limits, seats: HashMap::new() }
    }

    /// How many places are taken. Counts tasks that have ended and for which `leave` was not called yet.
    pub fn taken(&self) -> usize {
        self.seats.len()
    }

    /// Whether all places are taken. Counts tasks that have ended and for which `leave` was not called yet.
    pub fn are_taken(&self) -> bool {
        self.seats.len() >= self.limits.connections.get()
    }

    /// Whether there is a place for one more client. If all are taken, asks an idle client to leave. Its
    /// place is free at once, because its task ends by itself.
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
