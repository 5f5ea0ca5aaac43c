//! When another process is taken for lost because it says nothing.
//!
//! Invariant: a time in which this process itself stood still does not count. After it was stopped and goes on, the
//! others have a whole patience to be heard.

use std::time::Duration;

/// Watches one other process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch {
    patience: Duration,
    silent: Duration,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It has been heard of lately.
    Fine,
    /// Ask it whether it is there.
    Ask,
    /// It is lost: it has not been heard of for so long.
    Lost(Duration),
}

impl Watch {
    pub fn new(patience: Duration) -> Self {
        Self { patience, silent: Duration::ZERO }
    }

    /// How often to look.
    pub fn period(&self) -> Duration {
        (self.patience / 10).max(Duration::from_millis(1))
    }

    /// Looks, this long after the last time. `has_come` says whether anything has come from the process since then.
    pub fn look(&mut self, since: Duration, has_come: bool) -> Verdict {
        if has_come {
            self.silent = Duration::ZERO;
            return Verdict::Fine;
        }
        self.silent += since.min(self.period() * 2);
        if self.silent >= self.patience { Verdict::Lost(self.silent) } else { Verdict::Ask }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_process_is_lost_after_a_whole_patience_without_a_sign() {
        let mut watch = Watch::new(SECOND * 10);
        assert_eq!(watch.period(), SECOND);
        for _ in 0..9 {
            assert_eq!(watch.look(SECOND, false), Verdict::Ask);
        }
        assert_eq!(watch.look(SECOND, true), Verdict::Fine);
        for _ in 0..9 {
            assert_eq!(watch.look(SECOND, false), Verdict::Ask);
        }
        assert_eq!(watch.look(SECOND, false), Verdict::Lost(SECOND * 10));
    }

    #[test]
    fn a_time_in_which_this_process_stood_still_is_not_the_fault_of_the_others() {
        let mut watch = Watch::new(SECOND * 10);
        assert_eq!(watch.look(SECOND * 3600, false), Verdict::Ask);
        let mut looks = 1;
        while watch.look(SECOND, false) == Verdict::Ask {
            looks += 1;
        }
        assert_eq!(looks, 8);
    }
}
