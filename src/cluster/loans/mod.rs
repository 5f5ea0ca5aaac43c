//! Frames that are lent to another process: a batch goes there, and the bytes of its frames stay.
//!
//! Whoever sends a batch to another process keeps the batch's frames until that process has dropped everything that it
//! made of them. The frames may be lent themselves, and are then kept for two loans, one after the other: so loans form
//! a tree, whose root is the process that has read the frames. Each process settles with its neighbours only. What
//! happens to a message anywhere is told to the lender, which takes note of it if the frames are its own, and tells its
//! own lender if not.
//!
//! There is one [`Lender`] and one [`Borrower`] for each other process. A [`Loan`] goes with its batch, in any order. The
//! [`Notice`]s of a borrower must arrive in the order in which it gave them. Then:
//!
//! - What frames hold is released at their home once, and only when everything made of them is dropped everywhere.
//! - Each dead letter is made at home once, before what the frames hold is released.
//! - The hops of a message come home in the order in which it made them. It tells of each before it is sent on, and what
//!   comes back passes the same queue later.
//! - If a process fails or is lost, what it has borrowed is never released: see [`Lender::close`].

mod borrower;
mod lender;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::core::frames::away::Lent;
use crate::core::frames::dead_letter::Failure;
use crate::core::frames::trace::Hop;

pub use borrower::Borrower;
pub use lender::{Lender, Settled};

/// The number of a loan, from 0: each lender counts its own.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct LoanNumber(u64);

impl fmt::Display for LoanNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What goes with a batch instead of its frames.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loan {
    /// Its number, for the notices about it.
    pub number: LoanNumber,
    /// What is known of the frames.
    pub lent: Lent,
}

/// What a borrower tells its lender about a loan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The loan.
    pub loan: LoanNumber,
    /// What has happened to its frames.
    pub news: News,
}

/// What has happened to frames that are lent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum News {
    /// They have made outputs of this many bytes.
    Charged(u64),
    /// Outputs of them begin to be written, or end.
    Writing(bool),
    /// The trace of a frame begins, because a key is pinned.
    TraceBegins {
        /// The frame.
        frame: u32,
        /// The pipeline's name.
        pipeline: Arc<str>,
    },
    /// A traced frame has made a hop.
    Hop {
        /// The frame.
        frame: u32,
        /// The hop.
        hop: Hop,
    },
    /// A traced frame has made hops that were not kept.
    LeftOut {
        /// The frame.
        frame: u32,
        /// How many hops.
        hops: u64,
    },
    /// A message of a frame could not be processed.
    DeadLetter {
        /// The frame.
        frame: u32,
        /// Why.
        failure: Failure,
    },
    /// All steps are done with them.
    Worked,
    /// Everything made of them is dropped. Nothing more is told about this loan.
    Returned,
}

/// Why two processes do not agree on what is lent. The run must end: what the frames hold would be released too early or
/// never.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LoanError {
    /// A notice is about a loan that is not open.
    #[error("loan {0} was never made, or has been returned already: {DISAGREE}")]
    NotOpen(LoanNumber),
    /// A notice is about a frame that the loan does not have.
    #[error("loan {loan} has no frame {frame}: {DISAGREE}")]
    NoFrame {
        /// The loan.
        loan: LoanNumber,
        /// The frame.
        frame: u32,
    },
    /// A notice has hops of a frame that is not traced.
    #[error("frame {frame} of loan {loan} is not traced: {DISAGREE}")]
    NotTraced {
        /// The loan.
        loan: LoanNumber,
        /// The frame.
        frame: u32,
    },
    /// The notices about the steps of a loan do not follow each other.
    #[error("loan {0} has news of its steps out of turn: {DISAGREE}")]
    OutOfTurn(LoanNumber),
    /// The other process is gone, and has not returned these loans.
    #[error(
        "the other process has ended with {0} batches that it has not returned: all processes go on from the last checkpoint"
    )]
    NotReturned(usize),
    /// The other process is gone, and frames of it are still here.
    #[error(
        "the other process has ended, and {0} batches of it are here: all processes go on from the last checkpoint"
    )]
    LenderIsGone(usize),
}

/// What a user is to do about it.
const DISAGREE: &str = "the processes do not agree on what is lent, which is a fault of the engine. Start all of them again, and report it";
