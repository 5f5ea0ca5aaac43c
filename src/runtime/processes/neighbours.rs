//! The other processes, as the workers of this one see them: which process has a worker, and what is lent and borrowed.
//!
//! All processes have the same number of workers: those of process 0 come first.
//!
//! Invariant: frames go to another process only as a loan, so what they hold is released only when all that was made of
//! them anywhere is dropped.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::cluster::loans::{Borrower, Lender, Loan, LoanError, Notice, Settled};
use crate::core::frames::Frames;
use crate::core::frames::pins::Pins;
use crate::core::numbers::{ProcessIndex, WorkerIndex};

/// The process that has the sources and the sinks.
pub(crate) const FIRST: ProcessIndex = ProcessIndex(0);

/// The other processes of one round.
pub struct Neighbours {
    me: ProcessIndex,
    workers_each: NonZeroUsize,
    /// `None` for this process.
    others: Vec<Option<Neighbour>>,
    /// The pinned keys of this process.
    pins: Arc<Pins>,
}

/// What another process has borrowed, and what is borrowed from it.
struct Neighbour {
    lender: Lender,
    borrower: Borrower,
}

impl Neighbours {
    /// The neighbours of process `me`. `failed` must be set before frames are dropped because this process has failed or
    /// is to end at once. `wake` is called when there are notices for a process, and not again before they are taken.
    pub fn new(
        me: ProcessIndex,
        workers_each: NonZeroUsize,
        processes: usize,
        failed: Arc<AtomicBool>,
        pins: Arc<Pins>,
        wake: impl Fn(ProcessIndex) + Send + Sync + Clone + 'static,
    ) -> Self {
        debug_assert!(me.0 < processes, "a process is one of all");
        let neighbour = |process: usize| {
            let process = ProcessIndex(process);
            let wake = wake.clone();
            let borrower = Borrower::new(Arc::clone(&failed), move || wake(process));
            (process != me).then(|| Neighbour { lender: Lender::default(), borrower })
        };
        let others = (0..processes).map(neighbour).collect();
        Self { me, workers_each, others, pins }
    }

    /// This process.
    pub fn me(&self) -> ProcessIndex {
        self.me
    }

    /// How many processes there are.
    pub fn processes(&self) -> usize {
        self.others.len()
    }

    /// The number of workers of each process.
    pub fn workers_each(&self) -> NonZeroUsize {
        self.workers_each
    }

    /// Whether outputs are written in this process.
    pub fn writes(&self) -> bool {
        self.me == FIRST
    }

    /// The workers of this process.
    pub fn local(&self) -> Range<usize> {
        let first = self.me.0 * self.workers_each.get();
        first..first + self.workers_each.get()
    }

    /// Whether a worker is in this process.
    pub fn is_local(&self, worker: WorkerIndex) -> bool {
        self.local().contains(&worker.0)
    }

    /// The process that has a worker.
    pub fn process_of(&self, worker: WorkerIndex) -> ProcessIndex {
        worker.process(self.workers_each)
    }

    /// Which worker of its process a worker is.
    pub fn place_of(&self, worker: WorkerIndex) -> usize {
        worker.0 % self.workers_each
    }

    /// The worker that writes the outputs of a worker. Always the same one, so that they keep their order.
    pub fn writer_for(&self, worker: WorkerIndex) -> WorkerIndex {
        WorkerIndex(self.place_of(worker))
    }

    /// Keeps frames until another process has dropped everything that it makes of them. The loan goes there.
    pub fn lend(&self, process: ProcessIndex, frames: &Arc<Frames>) -> Loan {
        self.other(process).lender.lend(frames)
    }

    /// The frames of a loan that has arrived. `None` if no such process can have lent them.
    pub fn borrow(&self, process: ProcessIndex, loan: &Loan) -> Option<Frames> {
        let neighbour = self.others.get(process.0)?.as_ref()?;
        Some(neighbour.borrower.borrow(loan, &self.pins))
    }

    /// Takes what another process tells, in its order.
    ///
    /// # Errors
    ///
    /// The other process does not agree on what is lent. The run must end.
    pub fn settle(
        &self,
        process: ProcessIndex,
        notices: Vec<Notice>,
    ) -> Result<Settled, LoanError> {
        self.other(process).lender.settle(notices)
    }

    /// What is to be told to another process, in its order.
    pub fn take_notices(&self, process: ProcessIndex) -> Vec<Notice> {
        self.other(process).borrower.take()
    }

    /// How many batches other processes have that they have not returned, and how many of theirs are here.
    #[cfg(test)]
    pub fn open_loans(&self) -> (usize, usize) {
        let lent = self.others().map(|other| other.lender.open_loans()).sum();
        let borrowed = self.others().map(|other| other.borrower.open_loans()).sum();
        (lent, borrowed)
    }

    /// The round has ended, and all notices have been told.
    ///
    /// # Errors
    ///
    /// Something is not returned. The run must end.
    pub fn close(&self) -> Result<(), LoanError> {
        self.others().try_for_each(|other| {
            other.lender.close()?;
            other.borrower.close()
        })
    }

    fn others(&self) -> impl Iterator<Item = &Neighbour> {
        self.others.iter().flatten()
    }

    fn other(&self, process: ProcessIndex) -> &Neighbour {
        match self.others.get(process.0) {
            Some(Some(neighbour)) => neighbour,
            _ => unreachable!("there is a connection to each other process, and to no one else"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_worker_is_in_one_process_and_its_outputs_have_one_writer() {
        let two = NonZeroUsize::new(2).unwrap();
        let of = |me| {
            let (failed, pins) = (Arc::default(), Arc::default());
            Neighbours::new(ProcessIndex(me), two, 3, failed, pins, |_| ())
        };
        for me in 0..3 {
            let neighbours = of(me);
            assert_eq!(neighbours.local(), 2 * me..2 * me + 2);
            assert_eq!(neighbours.writes(), me == 0);
            for worker in (0..6).map(WorkerIndex) {
                let is_local = neighbours.process_of(worker) == neighbours.me();
                assert_eq!(neighbours.is_local(worker), is_local);
                let writer = neighbours.writer_for(worker);
                assert_eq!(neighbours.process_of(writer), FIRST);
                assert_eq!(writer.0, neighbours.place_of(worker));
            }
            assert!(neighbours.close().is_ok());
        }
    }
}
