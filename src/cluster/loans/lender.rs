//! The table of what one other process has borrowed.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use super::{Loan, LoanError, LoanNumber, News, Notice};
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::frames::{Frames, Writing};
use crate::core::sync::Mutex;

/// What one other process has borrowed. Workers lend, and one thread settles.
#[derive(Default)]
pub struct Lender(Mutex<Loans>);

#[derive(Default)]
struct Loans {
    next: u64,
    open: HashMap<LoanNumber, Open>,
}

/// A loan that is not returned.
struct Open {
    frames: Arc<Frames>,
    /// Outputs that the borrower writes at this moment.
    writing: Vec<Writing>,
    /// Whether the steps are not done that something is held for.
    works: bool,
}

/// What notices have brought home. Drop it when the rest of it is reported: its drop releases what was returned.
#[must_use = "its dead letters and traces must be reported"]
#[derive(Default)]
pub struct Settled {
    /// Messages of this process's own frames that could not be processed elsewhere.
    pub dead_letters: Vec<DeadLetter>,
    /// Traces of this process's own frames that began elsewhere.
    pub traces: Vec<Arc<Trace>>,
    released: Vec<Arc<Frames>>,
}

impl Lender {
    /// Keeps the frames of a batch that goes to the other process. The loan goes there with it.
    pub fn lend(&self, frames: &Arc<Frames>) -> Loan {
        let (frames, lent) = (Arc::clone(frames), frames.lent());
        let mut loans = self.0.lock();
        let number = LoanNumber(loans.next);
        loans.next += 1;
        loans.open.insert(number, Open { frames, writing: Vec::new(), works: lent.works });
        Loan { number, lent }
    }

    /// Takes what the other process tells, in its order.
    ///
    /// # Errors
    ///
    /// The other process does not agree on what is lent. The run must end.
    pub fn settle(&self, notices: Vec<Notice>) -> Result<Settled, LoanError> {
        let mut settled = Settled::default();
        for Notice { loan, news } in notices {
            self.note(loan, news, &mut settled)?;
        }
        Ok(settled)
    }

    /// How many loans are not returned.
    pub fn open_loans(&self) -> usize {
        self.0.lock().open.len()
    }

    /// The other process tells nothing more, because it is done or because it is lost. What it has not returned stays
    /// held for ever, so that nobody takes it for processed.
    ///
    /// # Errors
    ///
    /// It has not returned everything. The run must end.
    pub fn close(&self) -> Result<(), LoanError> {
        match self.open_loans() {
            0 => Ok(()),
            open => Err(LoanError::NotReturned(open)),
        }
    }

    fn note(&self, number: LoanNumber, news: News, settled: &mut Settled) -> Result<(), LoanError> {
        match news {
            News::Worked | News::Returned | News::Writing(_) => {
                self.step(number, &news, &mut settled.released)
            }
            News::Charged(bytes) => {
                self.frames(number)?.charge(usize::try_from(bytes).unwrap_or(usize::MAX));
                Ok(())
            }
            News::TraceBegins { frame, pipeline } => {
                let frames = self.frame(number, frame)?;
                settled.traces.extend(frames.follow_trace(&pipeline, frame));
                Ok(())
            }
            News::Hop { frame, hop } => {
                self.trace(number, frame)?.push(hop);
                Ok(())
            }
            News::LeftOut { frame, hops } => {
                self.trace(number, frame)?.leave_out(hops);
                Ok(())
            }
            News::DeadLetter { frame, failure } => {
                let frames = self.frame(number, frame)?;
                settled.dead_letters.extend(frames.dead_letter(frame, failure));
                Ok(())
            }
        }
    }

    /// Takes news that change the loan itself.
    fn step(
        &self,
        number: LoanNumber,
        news: &News,
        released: &mut Vec<Arc<Frames>>,
    ) -> Result<(), LoanError> {
        let frames = self.frames(number)?;
        // Outside of the lock: it may tell this process's own lender.
        let mut writes = (*news == News::Writing(true)).then(|| frames.writing());
        let mut ends = None;
        let mut loans = self.0.lock();
        let open = loans.open.get_mut(&number).ok_or(LoanError::NotOpen(number))?;
        let in_turn = match news {
            News::Writing(true) => {
                open.writing.extend(writes.take().flatten());
                open.works
            }
            News::Writing(false) => {
                ends = open.writing.pop();
                ends.is_some()
            }
            News::Worked => {
                let in_turn = open.works && open.writing.is_empty();
                open.works = false;
                let after = frames.after_work();
                released.push(mem::replace(&mut open.frames, after));
                in_turn
            }
            _ => {
                let in_turn = !open.works && open.writing.is_empty();
                if in_turn {
                    released.extend(loans.open.remove(&number).map(|open| open.frames));
                }
                in_turn
            }
        };
        drop(loans);
        drop(ends);
        released.push(frames);
        in_turn.then_some(()).ok_or(LoanError::OutOfTurn(number))
    }

    fn frames(&self, number: LoanNumber) -> Result<Arc<Frames>, LoanError> {
        let loans = self.0.lock();
        let open = loans.open.get(&number).ok_or(LoanError::NotOpen(number))?;
        Ok(Arc::clone(&open.frames))
    }

    fn frame(&self, loan: LoanNumber, frame: u32) -> Result<Arc<Frames>, LoanError> {
        let frames = self.frames(loan)?;
        let is_there = (frame as usize) < frames.len();
        is_there.then_some(frames).ok_or(LoanError::NoFrame { loan, frame })
    }

    fn trace(&self, loan: LoanNumber, frame: u32) -> Result<Arc<Trace>, LoanError> {
        self.frame(loan, frame)?.trace(frame).ok_or(LoanError::NotTraced { loan, frame })
    }
}

impl Drop for Lender {
    /// A drop of the frames would say that everything made of them is done.
    fn drop(&mut self) {
        mem::forget(mem::take(&mut self.0.lock().open));
    }
}
