//! What a meeting comes to: the connections to all others, or why there are none.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use thiserror::Error;
use tokio::net::TcpStream;

use super::life::Life;
use super::member::End;
use super::messages::Channel;
use super::refusal::Refusal;
use crate::cluster::members::Address;
use crate::core::numbers::ProcessIndex;

/// Why a process does not meet the others.
#[derive(Debug, Error)]
pub enum MeetError {
    /// It cannot listen.
    #[error("cannot listen at {0} for the other processes: {1}{hint}", hint = hint(.1))]
    Listen(Address, io::Error),
    /// Process 0 turns it away.
    #[error("process 0 at {0} turns process {1} away: {2}")]
    Refused(Address, ProcessIndex, Refusal),
    /// What is reached as process 0 does not know the secret.
    #[error(
        "what listens at {0}, the address of process 0, does not know the secret: check --cluster"
    )]
    Imposter(Address),
    /// Another process has come with the same index.
    #[error("another process has come as process {0}: give each process a --process of its own")]
    Replaced(ProcessIndex),
    /// Somebody has stopped the run.
    #[error("the run was stopped before its processes had met")]
    CalledOff,
    /// A child has ended before all had met.
    #[error("process {0} has ended before all had met: {1}")]
    ChildEnded(ProcessIndex, ExitStatus),
    /// A connection cannot be handed on.
    #[error("a connection to another process is lost: {0}")]
    Socket(#[from] io::Error),
}

impl MeetError {
    /// Whether the next start may go better: a process was killed, and has not failed by itself.
    pub fn is_of_a_kill(&self) -> bool {
        matches!(self, Self::ChildEnded(_, status) if status.signal().is_some())
    }
}

/// What to do about an address at which this process cannot listen; empty if that is not known.
fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "; something else listens there: choose another port",
        io::ErrorKind::AddrNotAvailable => {
            "; this machine has no such address: say with --bind where to listen"
        }
        _ => "",
    }
}

/// A process that has met all others.
#[derive(Debug)]
pub struct Met {
    /// Of all of them.
    pub life: Life,
    /// The others, each at its index; `None` at that of this process.
    pub peers: Vec<Option<Peer>>,
}

/// The connections to another process.
#[derive(Debug)]
pub struct Peer {
    /// Where it is reached.
    pub address: Address,
    /// For the data of the dataflow. Reading and writing wait.
    pub data: std::net::TcpStream,
    /// For all else.
    pub side: TcpStream,
}

impl Met {
    /// The connections of a life, handed on. `addresses` has those of all processes.
    pub(super) fn of(
        life: Life,
        mut sockets: BTreeMap<End, TcpStream>,
        addresses: Vec<Address>,
    ) -> Result<Self, MeetError> {
        let mut peers = Vec::with_capacity(addresses.len());
        for (index, address) in addresses.into_iter().enumerate() {
            let mut take = |channel| sockets.remove(&(ProcessIndex(index), channel));
            let (Some(data), Some(side)) = (take(Channel::Data), take(Channel::Side)) else {
                peers.push(None);
                continue;
            };
            let data = data.into_std()?;
            data.set_nonblocking(false)?;
            peers.push(Some(Peer { address, data, side }));
        }
        debug_assert!(sockets.is_empty(), "each connection is one of a process in the list");
        Ok(Self { life, peers })
    }
}
