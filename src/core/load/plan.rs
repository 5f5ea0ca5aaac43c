//! Which messages are due when.
//!
//! Invariant: what is due depends on the pace and the time alone, never on what the engine has taken. So a
//! message that cannot enter in time is late, and its latency counts from the moment at which it was due. Moments
//! are computed one after another: nothing queues up while the engine stands still.

use std::time::Duration;

use super::pace::Pace;
use crate::core::numbers::Timestamp;

/// Messages are due at whole multiples of this time, all of one multiple together: 1 ms.
const TICK: u64 = 1_000_000;

/// Nanoseconds per second.
const SECOND: u128 = 1_000_000_000;

/// Messages that are due together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When they are due.
    pub at: Timestamp,
    /// How many they are.
    pub messages: u64,
}

/// The messages of one pace, from a moment on.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    pace: Pace,
    from: Timestamp,
    /// How many of its messages have been sent.
    sent: u64,
}

impl Stretch {
    fn new(pace: Pace, at: Timestamp) -> Self {
        // At a tick, so that the stretches before and after have whole ticks.
        Self { pace, from: Timestamp(at.0 - at.0 % TICK), sent: 0 }
    }

    /// How many messages are due this long after the beginning, in nanoseconds.
    fn due_after(&self, elapsed: u64) -> u64 {
        let (period, burst) = (period(), u128::from(self.pace.burst.max(1)));
        let (whole, rest) = (u128::from(elapsed) / period, u128::from(elapsed) % period);
        // In the part of a period in which messages come, time passes several times as fast.
        let busy = whole * period + (rest * burst).min(period);
        u64::try_from(busy * u128::from(self.pace.rate) / SECOND).unwrap_or(u64::MAX)
    }

    /// How long after the beginning that message is due, in nanoseconds; the first is number 1.
    fn moment_of(&self, message: u64) -> u64 {
        let (period, burst) = (period(), u128::from(self.pace.burst.max(1)));
        let busy = (u128::from(message) * SECOND).div_ceil(u128::from(self.pace.rate.max(1)));
        let (whole, rest) = (busy / period, busy % period);
        // The last message of a period is due in that period, and not at the beginning of the next.
        let elapsed = match (whole, rest) {
            (1.., 0) => (whole - 1) * period + period.div_ceil(burst),
            _ => whole * period + rest.div_ceil(burst),
        };
        u64::try_from(elapsed).unwrap_or(u64::MAX)
    }

    /// What is due next.
    fn next(&self) -> Due {
        let moment = self.moment_of(self.sent.saturating_add(1));
        let elapsed = moment.div_ceil(TICK).saturating_mul(TICK);
        let messages = self.due_after(elapsed).saturating_sub(self.sent);
        debug_assert!(messages > 0, "the next message is due at its tick");
        Due { at: Timestamp(self.from.0.saturating_add(elapsed)), messages: messages.max(1) }
    }
}

fn period() -> u128 {
    Pace::PERIOD.as_nanos()
}

/// The messages of a load whose pace changes.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    now: Stretch,
    /// What follows when the messages due before it are sent. If the pace changes again meanwhile, the newest pace
    /// counts from the first change on, so that one change at most is kept.
    then: Option<Stretch>,
}

impl Plan {
    /// A plan that begins at this moment.
    pub fn new(pace: Pace, at: Timestamp) -> Self {
        Self { now: Stretch::new(pace, at), then: None }
    }

    /// What is due next.
    pub fn next(&self) -> Due {
        match (self.now.next(), self.then) {
            (due, Some(then)) if due.at > then.from => then.next(),
            (due, _) => due,
        }
    }

    /// What is due next has been sent.
    pub fn sent(&mut self) {
        let due = self.next();
        if let Some(then) = self.then.take_if(|then| due.at > then.from) {
            self.now = then;
        }
        self.now.sent = self.now.sent.saturating_add(due.messages);
    }

    /// Changes the pace at this moment. What was due before stays due.
    pub fn change(&mut self, pace: Pace, at: Timestamp) {
        match &mut self.then {
            Some(then) => then.pace = pace,
            None => self.then = Some(Stretch::new(pace, at)),
        }
    }

    /// How late the next messages are at this moment.
    pub fn behind(&self, now: Timestamp) -> Duration {
        now.since(self.next().at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MILLISECOND: u64 = 1_000_000;

    /// Sends what is due up to this moment. Returns when each portion was due.
    fn send_until(plan: &mut Plan, end: u64) -> Vec<Due> {
        let mut sent = Vec::new();
        while plan.next().at.0 <= end {
            sent.push(plan.next());
            plan.sent();
        }
        sent
    }

    fn count(sent: &[Due]) -> u64 {
        sent.iter().map(|due| due.messages).sum()
    }

    fn pace() -> impl Strategy<Value = Pace> {
        let rate = prop_oneof![1_u64..100, 100_u64..100_000, 100_000..=Pace::MAX_RATE];
        (rate, prop_oneof![Just(1_u32), Just(2), Just(3), Just(10)])
            .prop_map(|(rate, burst)| Pace { rate, burst })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whole_periods_have_exactly_as_many_messages_as_the_rate_says(
            pace in pace(),
            start in 0_u64..1_000_000_000_000,
            periods in 1_u64..4,
        ) {
            let mut plan = Plan::new(pace, Timestamp(start));
            let from = start - start % MILLISECOND;
            let end = from + periods * 5_000 * MILLISECOND;
            let sent = send_until(&mut plan, end);
            prop_assert_eq!(count(&sent), pace.rate * 5 * periods);
            // Moments ascend, are whole milliseconds, and are in the first part of their period.
            prop_assert!(sent.is_sorted_by(|one, next| one.at < next.at));
            for due in sent {
                let elapsed = due.at.0 - from;
                prop_assert!(due.messages > 0 && elapsed.is_multiple_of(MILLISECOND) && elapsed > 0);
                let busy = (5_000 / u64::from(pace.burst) + 1) * MILLISECOND;
                prop_assert!((elapsed - 1) % (5_000 * MILLISECOND) < busy, "{} of {}", elapsed, busy);
            }
        }

        #[test]
        fn an_even_pace_is_never_more_than_a_tick_away_from_its_rate(
            rate in prop_oneof![1_u64..2_000, 2_000_u64..=Pace::MAX_RATE],
            end in 0_u64..3_000_000_000,
        ) {
            let pace = Pace { rate, burst: 1 };
            let sent = count(&send_until(&mut Plan::new(pace, Timestamp(0)), end));
            let ideal = u128::from(rate) * u128::from(end) / SECOND;
            let per_tick = rate.div_ceil(1_000) + 1;
            prop_assert!(u128::from(sent) <= ideal);
            prop_assert!(ideal - u128::from(sent) <= u128::from(per_tick), "{} of {}", sent, ideal);
        }

        #[test]
        fn what_was_due_before_a_change_stays_due_and_the_new_pace_counts_from_then_on(
            before in 1_u64..50_000,
            after in 1_u64..50_000,
            change in 1_u64..3_000,
            late in 0_u64..3_000,
        ) {
            let even = |rate| Pace { rate, burst: 1 };
            let mut plan = Plan::new(even(before), Timestamp(0));
            // The engine took nothing for a while: more is due when the change comes.
            let mut sent = send_until(&mut plan, change.saturating_sub(late) * MILLISECOND);
            plan.change(even(after), Timestamp(change * MILLISECOND));
            sent.extend(send_until(&mut plan, (change + 1_000) * MILLISECOND));
            let expected = before * change / 1_000 + after;
            prop_assert_eq!(count(&sent), expected);
            prop_assert!(sent.is_sorted_by(|one, next| one.at < next.at));
        }
    }

    #[test]
    fn many_changes_while_the_engine_stands_still_are_remembered_as_one() {
        let even = |rate| Pace { rate, burst: 1 };
        let mut plan = Plan::new(even(1_000), Timestamp(0));
        for second in 1..100 {
            plan.change(even(1_000 * second), Timestamp(second * 1_000 * MILLISECOND));
        }
        // A second at the first pace, and all the time since then at the newest.
        let sent = send_until(&mut plan, 11_000 * MILLISECOND);
        assert_eq!(count(&sent), 1_000 + 10 * 99_000);
    }

    #[test]
    fn a_standstill_makes_messages_late_and_not_fewer() {
        let mut plan = Plan::new(Pace { rate: 1_000, burst: 1 }, Timestamp(0));
        let hour = Timestamp(3_600_000 * MILLISECOND);
        assert_eq!(plan.behind(hour), Duration::from_millis(3_599_999));
        assert_eq!(count(&send_until(&mut plan, hour.0)), 3_600_000);
        assert_eq!(plan.behind(hour), Duration::ZERO);
    }

    #[test]
    fn slow_messages_come_one_by_one_at_their_times() {
        let mut plan = Plan::new(Pace { rate: 4, burst: 1 }, Timestamp(0));
        let moments: Vec<u64> =
            send_until(&mut plan, 1_000 * MILLISECOND).iter().map(|due| due.at.0).collect();
        assert_eq!(moments, [250, 500, 750, 1_000].map(|moment| moment * MILLISECOND));
    }
}
