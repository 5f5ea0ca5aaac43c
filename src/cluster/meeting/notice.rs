//! What happens while processes meet, in one line each: nobody waits without being told for whom.

use std::fmt;
use std::net::SocketAddr;

use super::refusal::Refusal;
use crate::cluster::members::Address;
use crate::core::numbers::ProcessIndex;

/// What happens while processes meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Process 0 cannot be reached, and why. It is tried again.
    NotReached(Address, String),
    /// These have not come. It is told whenever they are others.
    Awaited(Vec<ProcessIndex>),
    /// This process has come.
    Came(ProcessIndex),
    /// This process has gone before all had met.
    Gone(ProcessIndex),
    /// Another process has come with the same index: it takes the place of the first.
    Replaced(ProcessIndex),
    /// Some are not connected to each other, and why. All connect again.
    Stuck(Vec<ProcessIndex>, String),
    /// A process of this cluster is turned away.
    TurnedAway(SocketAddr, Option<ProcessIndex>, Refusal),
    /// What came is no process of a cluster, and what it did.
    Stranger(SocketAddr, String),
    /// Process 0 says that the run is stopped.
    CalledOff,
}

impl Notice {
    /// Whether it happens whenever processes meet.
    pub fn is_usual(&self) -> bool {
        matches!(self, Self::Awaited(_) | Self::Came(_))
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReached(address, why) => {
                write!(formatter, "waiting for process 0 at {address}: {why}")
            }
            Self::Awaited(processes) => write!(formatter, "waiting for {}", named(processes)),
            Self::Came(process) => write!(formatter, "process {process} has come"),
            Self::Gone(process) => write!(formatter, "process {process} has gone: waiting for it"),
            Self::Replaced(process) => write!(
                formatter,
                "another process has come as process {process}: it takes the place of the first"
            ),
            Self::Stuck(processes, why) => {
                write!(formatter, "connecting again to {}: {why}", named(processes))
            }
            Self::TurnedAway(from, Some(process), refusal) => {
                write!(formatter, "process {process} from {from} is turned away: {refusal}")
            }
            Self::TurnedAway(from, None, refusal) => {
                write!(formatter, "a process from {from} is turned away: {refusal}")
            }
            Self::CalledOff => formatter
                .write_str("the run was stopped before its processes had met: this process ends"),
            Self::Stranger(from, why) => {
                write!(formatter, "what came from {from} is no process of a cluster: {why}")
            }
        }
    }
}

/// `process 1`, or `processes 1, 2`.
fn named(processes: &[ProcessIndex]) -> String {
    let numbers: Vec<String> = processes.iter().map(ToString::to_string).collect();
    let word = if numbers.len() == 1 { "process" } else { "processes" };
    format!("{word} {}", numbers.join(", "))
}
