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
    /// How many outputs of the frames are written at this moment.
    writing: Mutex<usize>,
    verdict: Option<oneshot::Sender<Verdict>>,
    failure: Mutex<Option<ResilienceError>>,
}

impl Hold for Trial {
    /// A person may kill a process whose disk hangs in a write: that does not count against the frames. A panic in a
    /// write is the engine's own, and counts: it ends the write first.
    fn write(&self, begins: bool) {
        let mut attempts = self.attempts.lock();
        let mut writing = self.writing.lock();
        *writing = if begins { *writing + 1 } else { writing.saturating_sub(1) };
        let noted = match (begins, *writing) {
            (true, 1) => attempts.wait(),
            (false, 0) => attempts.enter(self.unit),
            _ => Ok(()),
        };
        if let Err(error) = noted {
            *self.failure.lock() = Some(error);
        }
    }
}

impl Trial {
    /// A trial of these frames, and the receiver of its verdict.
    pub fn new(attempts: SharedAttempts, unit: Unit) -> (Arc<Self>, oneshot::Receiver<Verdict>) {
        let (verdict, ended) = oneshot::channel();
        let trial = Self {
            attempts,
            unit,
            begun: AtomicBool::new(false),
            writing: Mutex::default(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::frames::Frames;
    use crate::core::frames::pieces::Pieces;
    use crate::core::numbers::{SequenceNumber, Timestamp};
    use crate::resilience::{Care, Directory, Durability, Part};

    /// Whether a frame is set aside on which two starts end, each in its steps or in its write.
    fn is_set_aside(in_write: bool) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::take(folder.path(), "x", Durability::Process).unwrap();
        let open = || Attempts::open(&directory).unwrap();
        open().begin().unwrap();
        for _ in 0..2 {
            let mut attempts = open();
            assert_eq!(attempts.begin().unwrap(), Care::OneAtATime);
            let attempts = SharedAttempts::new(attempts, Arc::default());
            let unit = Unit { row: 1, first: 0, count: 1 };
            let (trial, _ended) = Trial::new(attempts, unit);
            trial.begin();
            let (source, first) = ("test".into(), SequenceNumber(1));
            let frames = Frames::new(source, first, Timestamp(0), 0, Pieces::default());
            let frames = frames.with_work_hold(trial);
            drop(frames.writing());
            let writing = in_write.then(|| frames.writing());
            // The process ends here.
            std::mem::forget((frames, writing));
        }
        let mut attempts = open();
        let care = attempts.begin().unwrap();
        attempts.parts(care, 1, 0, 1) == [Part::SetAside(0)]
    }

    #[test]
    fn a_frame_is_not_to_blame_for_a_process_that_ended_while_its_outputs_were_written() {
        assert!(is_set_aside(false));
        assert!(!is_set_aside(true));
    }
}
