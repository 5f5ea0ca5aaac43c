//! Frames of the journal that are processed alone, because an earlier start ended while it replayed them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;

use crate::core::frames::Hold;
use crate::resilience::{Attempts, ResilienceError, Unit};

/// The attempts of earlier starts, shared by all threads.
#[derive(Clone)]
pub(crate) struct SharedAttempts {
    attempts: Arc<Mutex<Attempts>>,
    /// Whether a worker has panicked.
    panicked: Arc<AtomicBool>,
}

impl SharedAttempts {
    pub fn new(attempts: Attempts, panicked: Arc<AtomicBool>) -> Self {
        Self { attempts: Arc::new(Mutex::new(attempts)), panicked }
    }

    /// Whether a worker has panicked: then a drop does not mean that the frames are done.
    pub fn panicked(&self) -> bool {
        self.panicked.load(Ordering::Acquire)
    }

    pub fn lock(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock()
    }
}

/// How a trial ended.
pub(crate) type Verdict = Result<(), ResilienceError>;

/// Frames that are processed alone. The file of attempts names them from when a worker takes them until the last
/// step is done with them, which drops this.
pub(crate) struct Trial {
    attempts: SharedAttempts,
    unit: Unit,
    begun: AtomicBool,
    verdict: Option<oneshot::Sender<Verdict>>,
    failure: Mutex<Option<ResilienceError>>,
}

impl Hold for Trial {}

impl Trial {
    /// A trial of these frames, and the receiver of its verdict.
    pub fn new(attempts: SharedAttempts, unit: Unit) -> (Arc<Self>, oneshot::Receiver<Verdict>) {
        let (verdict, ended) = oneshot::channel();
        let trial = Self {
            attempts,
            unit,
            begun: AtomicBool::new(false),
            verdict: Some(verdict),
            failure: Mutex::default(),
        };
        (Arc::new(trial), ended)
    }

    /// A worker takes the frames. Until then they wait.
    pub fn begin(&self) {
        if self.begun.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Err(error) = self.attempts.lock().enter(self.unit) {
            *self.failure.lock() = Some(error);
        }
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        // A panic of the engine itself counts as the end of a start. The panicked worker drops its frames after
        // the panic, and the other workers drop theirs when they are ended.
        let panicked = thread::panicking() || self.attempts.panicked();
        if !self.begun.load(Ordering::Acquire) || panicked {
            return;
        }
        let failure = self.failure.lock().take();
        let left = self.attempts.lock().leave(self.unit);
        if let Some(verdict) = self.verdict.take() {
            // An error means that the engine is ending.
            let _ = verdict.send(failure.map_or(left, Err));
        }
    }
}
