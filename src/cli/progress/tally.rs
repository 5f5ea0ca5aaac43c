//! Counts what a command has sent or received, and measures the time.

use std::cell::Cell;
use std::fmt;
use std::time::{Duration, Instant};

use crate::core::text::counted;

/// Counts items and bytes. It is shared by the code that counts and the code that shows, on one thread.
pub(in crate::cli) struct Tally {
    noun: &'static str,
    count: Cell<u64>,
    bytes: Cell<u64>,
    /// When counting began, and when the latest item was counted.
    times: Cell<Option<(Instant, Instant)>>,
}

impl Tally {
    /// Counts items with this name.
    pub fn new(noun: &'static str) -> Self {
        Self { noun, count: Cell::new(0), bytes: Cell::new(0), times: Cell::new(None) }
    }

    /// Counts items. The time begins with the first call, whose count may be 0.
    pub fn add(&self, count: u64, bytes: usize) {
        self.count.update(|sum| sum + count);
        self.bytes.update(|sum| sum + bytes as u64);
        let now = Instant::now();
        let began = self.times.get().map_or(now, |(began, _)| began);
        self.times.set(Some((began, now)));
    }

    pub fn count(&self) -> u64 {
        self.count.get()
    }

    pub fn bytes(&self) -> u64 {
        self.bytes.get()
    }
}

/// `1000000 messages, 9000000 bytes in 1.204 s, 830565 messages/s`
impl fmt::Display for Tally {
    #[expect(clippy::cast_precision_loss, reason = "a rate is shown to a person")]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let elapsed = self.times.get().map_or(Duration::ZERO, |(began, latest)| latest - began);
        let (noun, count) = (self.noun, self.count());
        let (counted, bytes) = (counted(count, noun), counted(self.bytes(), "byte"));
        write!(formatter, "{counted}, {bytes} in {:.3} s", elapsed.as_secs_f64())?;
        if elapsed.is_zero() {
            return Ok(());
        }
        write!(formatter, ", {:.0} {noun}s/s", count as f64 / elapsed.as_secs_f64())
    }
}
