//! How long something may wait before somebody is told.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;

/// How long something may wait before somebody is told: longer than any hesitation of a healthy
/// system, and short for a person who wonders what is wrong.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);

/// Waits for `work`. Calls `late` once where that takes a while; it goes on all the same.
pub(super) async fn patiently<T>(work: impl Future<Output = T>, late: impl FnOnce()) -> T {
    let mut work = pin!(work);
    if let Ok(done) = timeout(PATIENCE, &mut work).await {
        return done;
    }
    late();
    work.await
}
