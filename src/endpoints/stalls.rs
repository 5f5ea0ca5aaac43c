//! Finds out whether a worker waits long for a disk. The worker cannot report that while it waits, so a task does.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;
use tokio::time::sleep;

use super::backoff::PATIENCE;

/// Accesses to a file, which are made one after another.
#[derive(Debug, Default)]
pub(super) struct Stalls {
    /// How many accesses have begun, and how many of them are done.
    begun: AtomicU64,
    done: AtomicU64,
    /// Whether an access has come since the last check.
    active: AtomicBool,
    activity: Notify,
}

impl Stalls {
    /// An access is about to begin, perhaps after others.
    pub fn come(&self) {
        if !self.active.swap(true, Ordering::AcqRel) {
            self.activity.notify_one();
        }
    }

    /// An access begins.
    pub fn begin(&self) {
        self.begun.fetch_add(1, Ordering::AcqRel);
    }

    /// It is done.
    pub fn end(&self) {
        self.done.fetch_add(1, Ordering::AcqRel);
    }

    /// Tells `true` if an access takes long, and `false` when that is over. Sleeps while there is none.
    pub async fn tell(&self, tell: impl Fn(bool)) -> Infallible {
        let mut stalled = false;
        loop {
            let before = self.begun.load(Ordering::Acquire);
            let under_way = || self.done.load(Ordering::Acquire) != before;
            if !under_way() && !stalled && !self.active.swap(false, Ordering::AcqRel) {
                self.activity.notified().await;
                continue;
            }
            sleep(PATIENCE).await;
            let stuck = self.begun.load(Ordering::Acquire) == before && under_way();
            if stalled != stuck {
                tell(stuck);
            }
            stalled = stuck;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    #[tokio::test]
    async fn an_access_that_takes_long_is_told_and_so_is_its_end() {
        let stalls = Stalls::default();
        let (send, mut told) = unbounded_channel();
        let check = async {
            for _ in 0..3 {
                // One that is done at once is not told.
                stalls.come();
                stalls.begin();
                stalls.end();
                stalls.come();
                stalls.begin();
                assert_eq!(told.recv().await, Some(true));
                stalls.end();
                assert_eq!(told.recv().await, Some(false));
            }
        };
        tokio::select! {
            () = check => {}
            never = stalls.tell(|stalled| send.send(stalled).unwrap()) => match never {},
        }
    }
}
