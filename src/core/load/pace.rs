//! How fast messages come.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How fast messages come, and how evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// Messages per second, over whole periods.
    pub rate: u64,
    /// The messages of each period come in its first part: in all of it if this is 1, in its first half at twice
    /// the rate if it is 2.
    pub burst: u32,
}

impl Pace {
    /// The time in which all messages of a period come, the rest of it being quiet.
    pub const PERIOD: Duration = Duration::from_secs(5);

    /// The greatest rate: more than any machine takes.
    pub const MAX_RATE: u64 = 10_000_000;

    /// The pace of one of several pipelines that share the rate.
    #[must_use]
    pub fn part(self, at: usize, of: usize) -> Self {
        let (at, of) = (at as u64, of.max(1) as u64);
        Self { rate: self.rate / of + u64::from(at < self.rate % of), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipelines_that_share_a_rate_have_all_of_it_together() {
        for (rate, of) in [(1, 2), (3_000, 2), (7, 3), (10_000_000, 3)] {
            let pace = Pace { rate, burst: 1 };
            let parts: Vec<u64> = (0..of).map(|at| pace.part(at, of).rate).collect();
            assert_eq!(parts.iter().sum::<u64>(), rate);
            assert!(parts.iter().max().unwrap() - parts.iter().min().unwrap() <= 1);
        }
    }
}
