//! Limits the number of lines in the log: a million events of a kind must not be a million lines.

use crate::core::numbers::Timestamp;

/// Logs the first few events of each second, and counts the others.
#[derive(Debug)]
pub(super) struct Rate {
    most: u64,
    /// The current second.
    second: Option<u64>,
    said: u64,
    held: u64,
}

/// What to log for an event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// How many earlier events were only counted and have to be reported now.
    pub held: u64,
    /// Whether to log the event itself.
    pub itself: bool,
}

impl Rate {
    /// Logs at most this number of events per second.
    pub fn new(most: u64) -> Self {
        Self { most, second: None, said: 0, held: 0 }
    }

    /// Counts an event.
    pub fn take(&mut self, at: Timestamp) -> Said {
        self.take_many(at, 1)
    }

    /// Counts events that are logged as one.
    pub fn take_many(&mut self, at: Timestamp, count: u64) -> Said {
        let second = second(at);
        // Workers do not report in order of time: an event of an earlier second is only counted.
        let held = if self.second.is_none_or(|last| second > last) {
            (self.second, self.said) = (Some(second), 0);
            std::mem::take(&mut self.held)
        } else {
            0
        };
        let itself = self.second == Some(second) && self.said < self.most;
        if itself {
            self.said += 1;
        } else {
            self.held += count;
        }
        Said { held, itself }
    }

    /// How many events were only counted, if their second is over or `now` is `None`.
    pub fn flush(&mut self, now: Option<Timestamp>) -> u64 {
        let over = now.is_none_or(|now| self.second.is_some_and(|last| second(now) > last));
        if over { std::mem::take(&mut self.held) } else { 0 }
    }

    /// Whether some were only counted.
    pub fn holds(&self) -> bool {
        self.held > 0
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
        let mut rate = Rate::new(1);
        assert_eq!(rate.take(Timestamp(5)), Said { held: 0, itself: true });
        for at in 0..1_000_000 {
            assert_eq!(rate.take(Timestamp(at)), Said::default());
        }
        assert_eq!(rate.flush(Some(Timestamp(SECOND - 1))), 0);
        assert_eq!(rate.take(Timestamp(SECOND)), Said { held: 1_000_000, itself: true });
        assert_eq!(rate.take(Timestamp(SECOND - 1)), Said::default());
        assert!(rate.holds());
        assert_eq!(rate.flush(Some(Timestamp(2 * SECOND))), 1);
        assert_eq!(rate.flush(Some(Timestamp(3 * SECOND))), 0);
        assert_eq!(rate.flush(None), 0);
        assert!(!rate.holds());
    }

    #[test]
    fn a_few_of_a_second_are_said_where_that_is_wanted() {
        let mut rate = Rate::new(3);
        let said = |rate: &mut Rate, at| (0..10).filter(|_| rate.take(at).itself).count();
        assert_eq!(said(&mut rate, Timestamp(0)), 3);
        assert_eq!(rate.take_many(Timestamp(1), 100), Said::default());
        assert_eq!(rate.flush(Some(Timestamp(SECOND))), 107);
        assert_eq!(said(&mut rate, Timestamp(SECOND)), 3);
    }
}
