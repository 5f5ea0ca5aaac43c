//! What processes say to each other until they have met.

use serde::{Deserialize, Serialize};

use super::identity::Identity;
use super::life::Life;
use super::refusal::Refusal;
use crate::cluster::members::Address;
use crate::core::numbers::ProcessIndex;
use crate::wire::secret::{Nonce, Proof};

/// What tells this protocol from others.
pub(super) const MAGIC: &str = "wallaroo cluster";

/// Another number for each change of these messages.
pub(super) const PROTOCOL: u32 = 3;

/// What one that was called says first.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Challenge {
    pub magic: String,
    pub protocol: u32,
    pub nonce: Nonce,
}

/// What one that calls answers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Call {
    pub protocol: u32,
    pub nonce: Nonce,
    pub proof: Proof,
    pub purpose: Purpose,
}

/// Why a process calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Purpose {
    /// It wants to meet all others: for process 0.
    Meet(Box<Hello>),
    /// It connects to another one that has met the same ones.
    Link(Link),
}

/// Who comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hello {
    pub index: ProcessIndex,
    /// How many processes its list has.
    pub processes: usize,
    /// Where it stands in its list.
    pub listed: Address,
    /// Where it is reached.
    pub reached: Address,
    pub identity: Identity,
}

/// One of the connections between two processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Link {
    pub life: Life,
    pub from: ProcessIndex,
    pub channel: Channel,
}

/// What a connection between two processes is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum Channel {
    /// For the data of the dataflow.
    Data,
    /// For all else.
    Side,
}

impl Channel {
    pub const ALL: [Self; 2] = [Self::Data, Self::Side];
}

/// What a call comes to.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    /// It may go on, and the one that was called knows the secret too.
    Accepted(Proof),
    Refused(Refusal),
}

/// What process 0 says to one that has been let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ToMember {
    /// These are awaited still. It is to be answered by [`FromMember::Alive`].
    Waiting(Vec<ProcessIndex>),
    /// All are there: connect to each other in this life. An earlier one is over.
    Welcome { life: Life, addresses: Vec<Address> },
    /// All are connected.
    Start(Life),
    /// Another process has come with the same index.
    Replaced,
    /// The run is stopped before all have met.
    CalledOff,
}

/// What one that has been let in says to process 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum FromMember {
    Alive,
    /// It has all its connections of this life.
    Ready(Life),
    /// It cannot have them, and why.
    Stuck(Life, String),
}
