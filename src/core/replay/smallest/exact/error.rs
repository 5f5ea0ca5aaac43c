//! Why there is no test of what was seen.

use thiserror::Error;

use crate::application::Key;
use crate::core::figures::counted;
use crate::core::replay::error::ReplayError;
use crate::core::replay::smallest::first::FindError;
use crate::core::test_driver::RestoreError;

/// There is no test of what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExactError {
    /// The recording has no such message.
    #[error("this message is not in the recording")]
    NoMessage,
    /// No message of the recording has been at the partition.
    #[error("no message of the recording has been at partition `{0}`")]
    Untouched(Key),
    /// It depends on too many messages.
    #[error(
        "it depends on {}{}, and a test of more than {most} is not readable: make them fewer first (shrink)",
        if *.is_sure { "" } else { "up to " },
        counted(*.needed as u64, "message")
    )]
    TooMany {
        /// How many.
        needed: usize,
        /// How many there may be.
        most: usize,
        /// Whether fewer may not be enough.
        is_sure: bool,
    },
    /// In a test, something else happens.
    #[error(
        "if these messages are run again by one worker, something else comes of them: it needs several workers, a revived \
         partition, or what is not in the messages"
    )]
    NotTheSame,
    /// A partition before the first message cannot be given to a test.
    #[error("{0}: so no test can begin with it")]
    NoBase(#[from] RestoreError),
    /// The messages cannot be taken from the recording.
    #[error(transparent)]
    NotTaken(#[from] FindError),
    /// The recording cannot be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}
