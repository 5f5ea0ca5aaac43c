//! What this process has borrowed from one other process, and tells it.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::{Loan, LoanError, LoanNumber, News, Notice};
use crate::core::frames::away::Home;
use crate::core::frames::dead_letter::Failure;
use crate::core::frames::pins::Pins;
use crate::core::frames::trace::Hop;
use crate::core::frames::{Frames, Hold};
use crate::core::sync::Mutex;

/// What this process has borrowed from one other process.
pub struct Borrower(Arc<Desk>);

/// What waits to be told. All loans from one process share it, because the order counts.
struct Desk {
    waiting: Mutex<Waiting>,
    /// Whether this process has failed. Then a drop does not mean that anything is done, and nothing more is told.
    failed: Arc<AtomicBool>,
    wake: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct Waiting {
    notices: Vec<Notice>,
    /// How many loans are not returned.
    open: usize,
}

impl Borrower {
    /// `failed` says whether this process has failed: it must be set before frames are dropped because of that. `wake`
    /// is called when there is something to [`take`](Self::take), and not again before that is taken.
    pub fn new(failed: Arc<AtomicBool>, wake: impl Fn() + Send + Sync + 'static) -> Self {
        let waiting = Mutex::new(Waiting::default());
        Self(Arc::new(Desk { waiting, failed, wake: Box::new(wake) }))
    }

    /// The frames of a batch that has arrived with this loan. When they and everything made of them are dropped, the
    /// loan is returned. `pins` are those of this process.
    pub fn borrow(&self, loan: &Loan, pins: &Pins) -> Frames {
        self.0.waiting.lock().open += 1;
        let borrowed = Arc::new(Borrowed { desk: Arc::clone(&self.0), number: loan.number });
        let home = Arc::clone(&borrowed);
        let frames = Frames::away(&loan.lent, home, pins);
        if loan.lent.works { frames.with_work_hold(Arc::new(Work(borrowed))) } else { frames }
    }

    /// What is to be told, in its order.
    pub fn take(&self) -> Vec<Notice> {
        mem::take(&mut self.0.waiting.lock().notices)
    }

    /// How many loans are not returned.
    pub fn open_loans(&self) -> usize {
        self.0.waiting.lock().open
    }

    /// The other process is done, or lost.
    ///
    /// # Errors
    ///
    /// Frames of it are still here. The run must end.
    pub fn close(&self) -> Result<(), LoanError> {
        match self.open_loans() {
            0 => Ok(()),
            open => Err(LoanError::LenderIsGone(open)),
        }
    }
}

impl Desk {
    fn tell(&self, loan: LoanNumber, news: News) {
        // Frames are dropped in a panic before it is known elsewhere.
        if self.failed.load(Ordering::Acquire) || thread::panicking() {
            return;
        }
        let is_first = {
            let mut waiting = self.waiting.lock();
            if news == News::Returned {
                waiting.open = waiting.open.saturating_sub(1);
            }
            let is_first = waiting.notices.is_empty();
            let last = waiting.notices.last_mut().filter(|last| last.loan == loan);
            if !last.is_some_and(|last| last.news.add(&news)) {
                waiting.notices.push(Notice { loan, news });
            }
            is_first
        };
        if is_first {
            (self.wake)();
        }
    }
}

impl News {
    /// Adds later news of the same loan that are of the same kind, if both together are the sum of the two.
    fn add(&mut self, later: &Self) -> bool {
        match (self, later) {
            (Self::Charged(bytes), Self::Charged(more)) => {
                *bytes = bytes.saturating_add(*more);
                true
            }
            (Self::LeftOut { frame, hops }, Self::LeftOut { frame: of, hops: more })
                if frame == of =>
            {
                *hops = hops.saturating_add(*more);
                true
            }
            _ => false,
        }
    }
}

/// A loan that is not returned. Its drop returns it.
struct Borrowed {
    desk: Arc<Desk>,
    number: LoanNumber,
}

impl Borrowed {
    fn tell(&self, news: News) {
        self.desk.tell(self.number, news);
    }
}

impl Hold for Borrowed {
    fn charge(&self, bytes: usize) {
        self.tell(News::Charged(bytes as u64));
    }
}

impl Home for Borrowed {
    fn begin_trace(&self, pipeline: &Arc<str>, frame: u32) {
        self.tell(News::TraceBegins { frame, pipeline: Arc::clone(pipeline) });
    }

    fn hop(&self, frame: u32, hop: Hop) {
        self.tell(News::Hop { frame, hop });
    }

    fn leave_out(&self, frame: u32, hops: u64) {
        self.tell(News::LeftOut { frame, hops });
    }

    fn dead_letter(&self, frame: u32, failure: Failure) {
        self.tell(News::DeadLetter { frame, failure });
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        self.tell(News::Returned);
    }
}

/// Held until all steps here are done with borrowed frames. It holds the loan: so this is told before the return.
struct Work(Arc<Borrowed>);

impl Hold for Work {
    fn write(&self, begins: bool) {
        self.0.tell(News::Writing(begins));
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.tell(News::Worked);
    }
}
