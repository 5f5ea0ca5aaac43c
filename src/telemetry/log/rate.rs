//! How many dead letters are lines of the log: a million of them must not be a million lines.

use crate::core::numbers::Timestamp;

/// Lets the first dead letter of each second be said, and counts the others.
#[derive(Debug, Default)]
pub(super) struct DeadLetterRate {
    second: Option<u64>,
    held: u64,
}

/// What is to be said of a dead letter.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// How many before it were only counted, and are to be said now.
    pub held: u64,
    /// Whether it is to be said itself.
    pub itself: bool,
}

impl DeadLetterRate {
    /// Takes note of a dead letter.
    pub fn take(&mut self, at: Timestamp) -> Said {
        let second = second(at);
        // Workers are not told in the order of time: one of a second that is past is only counted.
        if self.second.is_some_and(|last| second <= last) {
            self.held += 1;
            return Said::default();
        }
        self.second = Some(second);
        Said { held: std::mem::take(&mut self.held), itself: true }
    }

    /// How many were only counted, once their second is over.
    pub fn flush(&mut self, now: Timestamp) -> u64 {
        if self.second.is_some_and(|last| second(now) > last) { self.flush_all() } else { 0 }
    }

    /// How many were only counted.
    pub fn flush_all(&mut self) -> u64 {
        std::mem::take(&mut self.held)
    }
}

fn second(at: Timestamp) -> u64 {
    at.since(Timestamp::default()).as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn the_first_of_a_second_is_said_and_the_others_are_counted() {
        let mut rate = DeadLetterRate::default();
        assert_eq!(rate.take(Timestamp(5)), Said { held: 0, itself: true });
        for at in 0..1_000_000 {
            assert_eq!(rate.take(Timestamp(at)), Said::default());
        }
        assert_eq!(rate.flush(Timestamp(SECOND - 1)), 0);
        assert_eq!(rate.take(Timestamp(SECOND)), Said { held: 1_000_000, itself: true });
        assert_eq!(rate.take(Timestamp(SECOND - 1)), Said::default());
        assert_eq!(rate.flush(Timestamp(2 * SECOND)), 1);
        assert_eq!(rate.flush(Timestamp(3 * SECOND)), 0);
        assert_eq!(rate.flush_all(), 0);
    }
}
