//! Runs work on this thread, shows its progress, and ends it if it is interrupted.

use std::cell::Cell;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use crate::cli::failure::Failure;
use crate::cli::progress::interrupts::Interrupts;
use crate::cli::progress::line::{PROGRESS_EVERY, Progress};

/// Asks work to end by itself.
#[derive(Default)]
pub(in crate::cli) struct Stop {
    asked: Cell<bool>,
    notify: Notify,
}

impl Stop {
    /// Returns when the work should end.
    pub async fn asked(&self) {
        if !self.asked.get() {
            self.notify.notified().await;
        }
    }

    /// Whether the work was asked to end.
    pub fn was_asked(&self) -> bool {
        self.asked.get()
    }

    fn ask(&self) {
        self.asked.set(true);
        self.notify.notify_waiters();
    }
}

/// How long work may take to end by itself before the user is told how to end it at once.
const ENDING: Duration = Duration::from_secs(1);

/// Runs work to its end and shows its progress. The first interruption asks the work to end by itself. The
/// second one drops it and returns `None`.
pub(in crate::cli) fn follow<T>(
    work: impl Future<Output = Result<T, Failure>>,
    stop: &Stop,
    progress: &Progress,
    line: impl Fn() -> String,
) -> Result<Option<T>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::failed)?;
    let outcome = runtime.block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let mut tick = tokio::time::interval(PROGRESS_EVERY);
        let mut work = pin!(work);
        let mut hint = pin!(sleep(Duration::MAX));
        let mut hinted = false;
        loop {
            tokio::select! {
                outcome = &mut work => return outcome.map(Some),
                () = interrupts.next() => {
                    if stop.was_asked() {
                        return Ok(None);
                    }
                    stop.ask();
                    hint.set(sleep(ENDING));
                }
                () = &mut hint, if stop.was_asked() && !hinted => {
                    hinted = true;
                    progress.say("what has begun is not done yet; interrupt again to end without it");
                }
                _ = tick.tick() => progress.show(&line),
            }
        }
    });
    progress.erase();
    progress.finish();
    // A thread that reads standard input cannot be woken.
    runtime.shutdown_background();
    outcome
}
