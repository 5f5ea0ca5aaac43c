//! How long to wait before something is tried again.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;

/// The first wait.
const MIN_DELAY: Duration = Duration::from_millis(50);

/// No wait is longer.
const MAX_DELAY: Duration = Duration::from_secs(5);

/// Waits that double, until something succeeds.
#[derive(Debug)]
pub(crate) struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(MIN_DELAY)
    }
}

impl Backoff {
    /// How long to wait now.
    pub fn delay(&mut self) -> Duration {
        let delay = self.0;
        self.0 = (delay * 2).min(MAX_DELAY);
        delay
    }

    /// The next wait is the shortest again. To be called after a success.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

/// How long something may take before it is reported: longer than a healthy system takes.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);

/// Waits for `work`. If that takes longer than `patience`, calls `late` once and goes on waiting.
pub(crate) async fn patiently<T>(
    patience: Duration,
    work: impl Future<Output = T>,
    late: impl FnOnce(),
) -> T {
    let mut work = pin!(work);
    if let Ok(done) = timeout(patience, &mut work).await {
        return done;
    }
    late();
    work.await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::default();
        let delays: Vec<_> = (0..9).map(|_| backoff.delay().as_millis()).collect();
        assert_eq!(delays, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        backoff.reset();
        assert_eq!(backoff.delay(), MIN_DELAY);
    }
}
