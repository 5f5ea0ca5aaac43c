//! How fast each partition of a table is, measured from one look to a later one. A message costs nothing: its
//! partition counts it anyway.

use std::time::Duration;

use crate::core::numbers::Timestamp;

/// A rate is measured over at least this time; until then it is the one before.
const MEASURED_OVER: Duration = Duration::from_secs(1);

/// The rates of the partitions of one table, by their places. It takes memory only if rows are sorted or judged by
/// them.
#[derive(Debug, Default)]
pub struct Rates {
    counted: Vec<Counted>,
}

/// How many messages a partition had when it was counted last, and how fast it was until then.
#[derive(Debug)]
struct Counted {
    messages: u64,
    at: Timestamp,
    rate: Option<f32>,
}

impl Rates {
    /// Messages a second of the partition at a place, that has this many messages now. `None` until it has been
    /// looked at for long enough. Partitions are looked at from the first place on.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a rate need not be exact"
    )]
    pub fn rate(&mut self, place: usize, messages: u64, now: Timestamp) -> Option<f64> {
        let Some(counted) = self.counted.get_mut(place) else {
            debug_assert_eq!(place, self.counted.len(), "places are looked at in their order");
            self.counted.push(Counted { messages, at: now, rate: None });
            return None;
        };
        let passed = now.since(counted.at);
        if passed >= MEASURED_OVER {
            let gained = messages.saturating_sub(counted.messages);
            let rate = Some((gained as f64 / passed.as_secs_f64()) as f32);
            *counted = Counted { messages, at: now, rate };
        }
        counted.rate.map(f64::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_measured_over_a_second_at_least_and_is_none_before() {
        let at = |seconds: f64| Timestamp(0).after(Duration::from_secs_f64(seconds));
        let mut rates = Rates::default();
        assert_eq!(rates.rate(0, 7, at(0.0)), None);
        assert_eq!(rates.rate(0, 9, at(0.9)), None);
        assert_eq!(rates.rate(0, 27, at(2.0)), Some(10.0));
        assert_eq!(rates.rate(0, 99, at(2.5)), Some(10.0));
        assert_eq!(rates.rate(0, 27, at(4.0)), Some(0.0));
    }
}
