//! Why a process turns another one away.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::identity::Difference;
use crate::cluster::members::Address;
use crate::core::numbers::ProcessIndex;

/// Why a process turns another one away. It is read after the name of the one that was turned away.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Refusal {
    /// It does not speak this protocol.
    #[error(
        "it speaks version {theirs} of the protocol and the other process version {ours}: start the same program everywhere"
    )]
    Protocol {
        /// The version of the one that is turned away.
        theirs: u32,
        /// The version here.
        ours: u32,
    },
    /// It does not know the secret.
    #[error("its secret is not that of the other process: give all of them the same --secret")]
    Secret,
    /// Something differs that must be the same.
    #[error(transparent)]
    Differs(#[from] Difference),
    /// It has another number of processes in its list.
    #[error(
        "its --cluster has {theirs} addresses and that of process 0 has {ours}: give the same list everywhere"
    )]
    Processes {
        /// How many the one that is turned away has.
        theirs: usize,
        /// How many process 0 has.
        ours: usize,
    },
    /// It cannot have the index that it says.
    #[error(
        "it cannot be process {0} here: process 0 is called by the others, and of each two the greater one calls"
    )]
    Index(ProcessIndex),
    /// It stands at another place in the list.
    #[error(
        "its --cluster has it at {theirs} and that of process 0 at {ours}: give the same list everywhere"
    )]
    Address {
        /// The address that it says.
        theirs: Address,
        /// The address that it has in the list of process 0.
        ours: Address,
    },
    /// This process is not in that life, or not any more, or not yet.
    #[error("the other process is not in the same life")]
    OtherLife,
    /// It is connected already.
    #[error("it is connected already")]
    Twice,
    /// It came to a process that is not process 0.
    #[error("the process there is not process 0: give the same list everywhere")]
    NotProcess0,
}
