//! How fast each partition of a table has been lately, for conditions about all of them.
//!
//! A table knows only how many messages each partition has had. So the counts of an earlier pass over the table
//! are kept, up to 16 bytes a partition, as long as the condition stands.

use std::time::{Duration, Instant};

/// The shortest time over which a rate is measured. The longest is twice that, if passes come often.
const WINDOW: Duration = Duration::from_secs(1);

/// The counts of one pass over a table.
#[derive(Debug)]
struct Pass {
    began: Instant,
    counts: Vec<u64>,
}

/// What is kept of earlier passes.
#[derive(Debug, Default)]
pub(super) struct Rates {
    /// The one with which the present pass is compared.
    before: Option<Pass>,
    /// A later one, with which passes are compared when it is old enough. It may be the present one.
    next: Option<Pass>,
    /// The seconds from the one before to the present one.
    seconds: f64,
}

impl Rates {
    /// Begins a pass over a table of so many partitions.
    pub fn begin(&mut self, partitions: usize, now: Instant) {
        // A table never gets shorter: this is another one, after a change of the workers.
        let other = |pass: &Pass| pass.counts.len() > partitions;
        if self.before.as_ref().is_some_and(other) || self.next.as_ref().is_some_and(other) {
            *self = Self::default();
        }
        let old_enough = |pass: &mut Pass| now.duration_since(pass.began) >= WINDOW;
        if let Some(next) = self.next.take_if(old_enough) {
            self.before = Some(next);
        }
        self.next.get_or_insert_with(|| Pass { began: now, counts: Vec::new() });
        let before = self.before.as_ref();
        self.seconds = before.map_or(0.0, |pass| now.duration_since(pass.began).as_secs_f64());
    }

    /// Messages per second of the partition at the next place of the pass, which has had so many; 0 until it can
    /// be measured.
    #[expect(clippy::cast_precision_loss, reason = "a rate need not be exact")]
    pub fn rate(&mut self, at: usize, messages: u64) -> f64 {
        if let Some(next) = self.next.as_mut().filter(|next| next.counts.len() == at) {
            next.counts.push(messages);
        }
        let Some(before) = &self.before else { return 0.0 };
        // One that is new since then had no message.
        let had = before.counts.get(at).copied().unwrap_or(0);
        messages.saturating_sub(had) as f64 / self.seconds.max(WINDOW.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_measured_over_a_second_or_two_however_often_one_looks() {
        let start = Instant::now();
        let mut rates = Rates::default();
        // 100 messages a second, looked at every 100 ms; the second partition comes after two seconds.
        for look in 0..40_u32 {
            let partitions = if look < 20 { 1 } else { 2 };
            rates.begin(partitions, start + Duration::from_millis(100) * look);
            let rate = rates.rate(0, u64::from(look) * 10);
            assert!(if look < 10 { rate == 0.0 } else { (rate - 100.0).abs() < 1e-6 }, "{rate}");
            if partitions == 2 {
                let rate = rates.rate(1, u64::from(look - 20) * 10);
                assert!(rate <= 100.0 + 1e-6 && (look < 35 || rate > 99.0), "{look} {rate}");
            }
        }
    }

    #[test]
    fn a_shorter_table_is_another_one() {
        let start = Instant::now();
        let mut rates = Rates::default();
        rates.begin(2, start);
        rates.rate(0, 5);
        rates.rate(1, 5);
        rates.begin(1, start + WINDOW);
        assert!(rates.rate(0, 900) == 0.0);
    }
}
