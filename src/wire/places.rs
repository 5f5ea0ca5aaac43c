//! The places for connections of strangers, and the one loop that accepts them.
//!
//! If all are taken and another one comes, the oldest loses its own, so that no number of silent connections keeps out
//! those that have something to say.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

/// How long an aborted connection may take to leave its place.
const LEAVING: Duration = Duration::from_millis(1);

/// The pause after a connection could not be accepted: there may be no open file left.
const NOT_ACCEPTED: Duration = Duration::from_millis(100);

/// A place. It is free again when it is dropped.
pub type Place = Arc<OwnedSemaphorePermit>;

/// The places for connections.
pub struct Places {
    free: Arc<Semaphore>,
    /// How long a connection keeps its place while others wait for one.
    kept: Duration,
    /// The places that are taken, and the tasks that hold them, the oldest first.
    taken: VecDeque<(Instant, Weak<OwnedSemaphorePermit>, AbortHandle)>,
}

impl Places {
    /// So many places.
    pub fn new(count: usize, kept: Duration) -> Self {
        Self { free: Arc::new(Semaphore::new(count)), kept, taken: VecDeque::new() }
    }

    /// Accepts connections for as long as it is polled, and serves each in a task of its own.
    pub async fn serve<C, A, S>(
        mut self,
        accept: impl Fn() -> A,
        mut serve: impl FnMut(C, Place) -> S,
    ) where
        A: Future<Output = io::Result<C>>,
        S: Future<Output = ()> + Send + 'static,
    {
        loop {
            let Ok(connection) = accept().await else {
                sleep(NOT_ACCEPTED).await;
                continue;
            };
            let place = self.next().await;
            let held = Arc::downgrade(&place);
            let served = tokio::spawn(serve(connection, place));
            self.take(held, served.abort_handle());
        }
    }

    /// The next free place. If there is none for a while, the oldest connection is aborted.
    pub async fn next(&mut self) -> Place {
        loop {
            self.taken.retain(|(_, place, _)| place.strong_count() > 0);
            let oldest = self.taken.front();
            let kept = |since: &Instant| self.kept.saturating_sub(since.elapsed());
            let wait = oldest.map_or(self.kept, |(since, ..)| kept(since));
            let free = Arc::clone(&self.free).acquire_owned();
            if let Ok(Ok(place)) = timeout(wait.max(LEAVING), free).await {
                return Arc::new(place);
            }
            if let Some((.., oldest)) = self.taken.pop_front() {
                oldest.abort();
            }
        }
    }

    /// This task holds a place.
    pub fn take(&mut self, place: Weak<OwnedSemaphorePermit>, holder: AbortHandle) {
        self.taken.push_back((Instant::now(), place, holder));
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn the_oldest_loses_its_place_if_another_one_comes_and_one_that_has_left_it_goes_on() {
        let mut places = Places::new(2, Duration::from_millis(1));
        let mut tasks = Vec::new();
        for leaves in [true, false, false, false] {
            let place = places.next().await;
            let held = Arc::downgrade(&place);
            let task = tokio::spawn(async move {
                let _place = (!leaves).then_some(place);
                pending::<()>().await;
            });
            places.take(held, task.abort_handle());
            tokio::task::yield_now().await;
            tasks.push(task);
        }
        sleep(Duration::from_millis(50)).await;
        let finished: Vec<bool> = tasks.iter().map(tokio::task::JoinHandle::is_finished).collect();
        assert_eq!(finished, [false, true, false, false]);
    }
}
