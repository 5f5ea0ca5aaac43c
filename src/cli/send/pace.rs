//! Keeps the rate of `send`.
//!
//! Invariant: the long-term rate is exact, also after delays: every message has a due time, counted from the
//! beginning. The short-term rate is at most twice that, in batches of at most 10 ms. So the messages that a
//! stalled receiver has missed are sent later, but not all at once.

use std::time::Duration;

const NANOSECONDS: u128 = 1_000_000_000;

/// The min number of batches per second.
const BATCHES: u64 = 100;

/// Decides how many messages may be sent. Times are counted from the beginning.
pub(super) struct Pace {
    rate: u64,
    sent: u64,
    /// What is left of the batch.
    left: u64,
    /// When the next batch may begin.
    next: Duration,
}

impl Pace {
    /// A pace of this number of messages per second.
    pub fn new(rate: u64) -> Self {
        Self { rate, sent: 0, left: 0, next: Duration::ZERO }
    }

    /// How many messages may be sent now; if none, the error is when to ask again.
    pub fn allowed(&mut self, now: Duration) -> Result<u64, Duration> {
        if self.left > 0 {
            return Ok(self.left);
        }
        let due = due_by(now, self.rate).saturating_sub(u128::from(self.sent));
        if due == 0 {
            return Err(self.moment(self.sent));
        }
        if now < self.next {
            return Err(self.next);
        }
        let most = (self.rate / BATCHES).max(1);
        self.left = u64::try_from(due).unwrap_or(most).min(most);
        self.next = now + self.moment(self.left) / 2;
        Ok(self.left)
    }

    /// Notes that this number of the allowed messages was sent.
    pub fn sent(&mut self, messages: u64) {
        self.sent += messages;
        self.left = self.left.saturating_sub(messages);
    }

    /// The due time of a message. The first message has number 0.
    fn moment(&self, number: u64) -> Duration {
        let nanoseconds = (u128::from(number) * NANOSECONDS).div_ceil(u128::from(self.rate.max(1)));
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }
}

/// How many messages are due at this time.
fn due_by(moment: Duration, rate: u64) -> u128 {
    moment.as_nanos() * u128::from(rate) / NANOSECONDS + 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sends until `end` with these delays, in microseconds, after each batch: when how many were sent.
    fn sent(rate: u64, end: Duration, delays: &[u64]) -> Vec<(Duration, u64)> {
        let mut pace = Pace::new(rate);
        let mut now = Duration::ZERO;
        let mut batches = Vec::new();
        let mut delays = delays.iter().cycle();
        while now <= end {
            match pace.allowed(now) {
                Ok(messages) => {
                    batches.push((now, messages));
                    pace.sent(messages);
                    now += Duration::from_micros(*delays.next().unwrap());
                }
                Err(later) => {
                    assert!(later > now);
                    now = later;
                }
            }
        }
        batches
    }

    fn total(batches: &[(Duration, u64)]) -> u64 {
        batches.iter().map(|(_, messages)| messages).sum()
    }

    proptest! {
        #[test]
        fn in_the_long_run_it_is_the_rate_and_in_the_short_at_most_twice(
            rate in 1_u64..5_000_000,
            delays in prop::collection::vec(0_u64..3_000, 1..10),
        ) {
            let end = Duration::from_secs(2);
            let batches = sent(rate, end, &delays);
            let due = u64::try_from(due_by(end, rate)).unwrap();
            // What the last 10 ms have brought may still be on its way.
            prop_assert!(total(&batches) <= due && total(&batches) + rate / 50 + 1 >= due);
            for pair in batches.windows(2) {
                let [(at, messages), (next, _)] = pair else { unreachable!() };
                prop_assert!(*messages <= (rate / 100).max(1));
                prop_assert!(due_by(next.saturating_sub(*at), rate) * 2 >= u128::from(*messages));
            }
        }
    }

    #[test]
    fn what_a_stall_has_missed_is_made_good_at_twice_the_rate() {
        let mut delays = vec![0; 100_000];
        delays[0] = 1_000_000;
        let batches = sent(1000, Duration::from_secs(4), &delays);
        let until = |end: u64| {
            let batches = batches.iter().filter(|(at, _)| *at <= Duration::from_millis(end));
            batches.map(|(_, messages)| messages).sum::<u64>()
        };
        assert_eq!(until(999), 1);
        assert!(until(1500).abs_diff(1000) < 20, "{}", until(1500));
        assert_eq!(until(4000), 4001);
    }

    #[test]
    fn a_batch_may_be_taken_in_parts() {
        let mut pace = Pace::new(1000);
        assert_eq!(pace.allowed(Duration::ZERO), Ok(1));
        pace.sent(1);
        assert_eq!(pace.allowed(Duration::ZERO), Err(Duration::from_millis(1)));
        assert_eq!(pace.allowed(Duration::from_secs(1)), Ok(10));
        pace.sent(4);
        assert_eq!(pace.allowed(Duration::from_secs(1)), Ok(6));
        assert_eq!(pace.allowed(Duration::from_secs(2)), Ok(6));
    }
}
