//! The search for the greatest rate at which the latency stays below a limit: the rate is doubled again and again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::pace::Pace;
use crate::core::numbers::Timestamp;

/// What is looked for, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// How long each rate is tried.
    pub step: Duration,
    /// The 99th percentile of the latency that is too much.
    pub limit: Duration,
}

/// What is measured of the present rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// The rate, in messages per second.
    pub rate: u64,
    /// The 99th percentile of the latency since this rate began; `None` if there were no outputs.
    pub p99: Option<Duration>,
    /// How late the messages are that are due now.
    pub behind: Duration,
}

/// A rate that was tried, and the latency at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// The rate, in messages per second.
    pub rate: u64,
    /// The 99th percentile of the latency, or how late messages were when they could not even enter.
    pub p99: Duration,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The limit.
    pub limit: Duration,
    /// The last rate within the limit; `None` if the first one was too much.
    pub within: Option<Tried>,
    /// The rate that was too much; `None` if there is no greater rate than the last one within the limit.
    pub beyond: Option<Tried>,
}

/// What follows from what is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The rate is still being tried.
    Trying,
    /// The next rate is tried.
    Next(u64),
    /// The search is over.
    Found(Finding),
}

/// A search under way.
#[derive(Debug, Clone, Copy)]
pub struct Searching {
    search: Search,
    /// When the present rate began.
    since: Timestamp,
    within: Option<Tried>,
}

impl Searching {
    /// A search that begins now.
    pub fn new(search: Search, now: Timestamp) -> Self {
        Self { search, since: now, within: None }
    }

    /// What is looked for.
    pub fn search(&self) -> Search {
        self.search
    }

    /// Begins anew with another rate, because a person has chosen it.
    pub fn restart(&mut self, now: Timestamp) {
        *self = Self::new(self.search, now);
    }

    /// How long until the present rate has been tried.
    pub fn rest(&self, now: Timestamp) -> Duration {
        self.search.step.saturating_sub(now.since(self.since))
    }

    /// Judges the present rate.
    pub fn judge(&mut self, now: Timestamp, measured: Measured) -> Verdict {
        let Measured { rate, p99, behind } = measured;
        let limit = self.search.limit;
        let found = |within, beyond| Verdict::Found(Finding { limit, within, beyond });
        // Messages that cannot enter have no latency yet, but at least this one.
        if behind > limit {
            return found(self.within, Some(Tried { rate, p99: behind }));
        }
        if self.rest(now) > Duration::ZERO {
            return Verdict::Trying;
        }
        let tried = Tried { rate, p99: p99.unwrap_or_default() };
        if tried.p99 > limit {
            return found(self.within, Some(tried));
        }
        if rate >= Pace::MAX_RATE {
            return found(Some(tried), None);
        }
        (self.within, self.since) = (Some(tried), now);
        Verdict::Next(rate.saturating_mul(2).min(Pace::MAX_RATE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEARCH: Search =
        Search { step: Duration::from_secs(5), limit: Duration::from_millis(10) };

    fn at(seconds: u64) -> Timestamp {
        Timestamp(seconds * 1_000_000_000)
    }

    fn measured(rate: u64, p99: u64) -> Measured {
        Measured { rate, p99: Some(Duration::from_millis(p99)), behind: Duration::ZERO }
    }

    #[test]
    fn the_rate_doubles_until_the_latency_passes_the_limit() {
        let mut searching = Searching::new(SEARCH, at(0));
        assert_eq!(searching.judge(at(4), measured(1_000, 99)), Verdict::Trying);
        assert_eq!(searching.judge(at(5), measured(1_000, 1)), Verdict::Next(2_000));
        assert_eq!(searching.judge(at(9), measured(2_000, 1)), Verdict::Trying);
        assert_eq!(searching.judge(at(10), measured(2_000, 10)), Verdict::Next(4_000));
        let Verdict::Found(finding) = searching.judge(at(15), measured(4_000, 11)) else {
            panic!("11 ms are beyond 10 ms");
        };
        let rates = [finding.within, finding.beyond].map(|tried| tried.map(|tried| tried.rate));
        assert_eq!(rates, [Some(2_000), Some(4_000)]);
    }

    #[test]
    fn messages_that_cannot_enter_end_a_search_at_once() {
        let mut searching = Searching::new(SEARCH, at(0));
        let late = Measured { rate: 7, p99: None, behind: Duration::from_millis(11) };
        let beyond = Some(Tried { rate: 7, p99: late.behind });
        let finding = Finding { limit: SEARCH.limit, within: None, beyond };
        assert_eq!(searching.judge(at(1), late), Verdict::Found(finding));
    }

    #[test]
    fn a_search_ends_at_the_greatest_rate() {
        let mut searching = Searching::new(SEARCH, at(0));
        let almost = Pace::MAX_RATE - 1;
        assert_eq!(searching.judge(at(5), measured(almost, 1)), Verdict::Next(Pace::MAX_RATE));
        let Verdict::Found(finding) = searching.judge(at(10), measured(Pace::MAX_RATE, 1)) else {
            panic!("there is no greater rate");
        };
        assert_eq!(finding.beyond, None);
    }

    #[test]
    fn a_rate_that_a_person_chooses_is_tried_from_then_on() {
        let mut searching = Searching::new(SEARCH, at(0));
        assert_eq!(searching.judge(at(5), measured(1_000, 1)), Verdict::Next(2_000));
        searching.restart(at(6));
        assert_eq!(searching.judge(at(10), measured(500, 1)), Verdict::Trying);
        assert_eq!(searching.judge(at(11), measured(500, 1)), Verdict::Next(1_000));
    }
}
