//! What happens to the processes of a cluster, as lines of the log.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::level::Level;
use crate::core::figures::{counted, exact};
use crate::core::numbers::{Epoch, PipelineIndex, ProcessIndex};

/// A process, and where it is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessNamed {
    /// Which process.
    pub process: ProcessIndex,
    /// Its address; `None` if only itself knows its port.
    pub address: Option<Arc<str>>,
}

/// Something that happened to the processes of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClusterNews {
    /// What happens while the processes meet, in words.
    Meeting(String),
    /// These processes are waited for: nothing goes on without them.
    Awaited(Vec<ProcessNamed>),
    /// So many processes have met: all.
    Met(usize),
    /// This process was asked to stop the run.
    StopAsked(ProcessIndex),
    /// A process was killed because somebody asked for it.
    Killed(ProcessIndex),
    /// A checkpoint has held everything up for a while, because this process has not processed what came before it.
    CheckpointWaits(Epoch, ProcessIndex),
    /// A process is lost: all go on from the last checkpoint.
    Lost(String),
    /// The source of a pipeline listens at another process too.
    Listens {
        /// Which pipeline.
        pipeline: PipelineIndex,
        /// Which process.
        process: ProcessIndex,
        /// At which address.
        address: Arc<str>,
    },
    /// It does not, and why.
    ListensNot {
        /// Which pipeline.
        pipeline: PipelineIndex,
        /// Which process.
        process: ProcessIndex,
        /// At which address it should.
        address: Arc<str>,
        /// Why it does not.
        reason: String,
    },
    /// So many events of other processes came too fast to be told.
    LeftOut(u64),
}

impl ClusterNews {
    pub(super) fn level(&self) -> Level {
        match self {
            Self::Met(_)
            | Self::Meeting(_)
            | Self::Awaited(_)
            | Self::StopAsked(_)
            | Self::Listens { .. } => Level::Information,
            Self::Lost(_)
            | Self::Killed(_)
            | Self::CheckpointWaits(..)
            | Self::ListensNot { .. }
            | Self::LeftOut(_) => Level::Warning,
        }
    }

    /// The pipeline whose source it is about, if it is about one.
    pub(super) fn pipeline(&self) -> Option<PipelineIndex> {
        match self {
            Self::Listens { pipeline, .. } | Self::ListensNot { pipeline, .. } => Some(*pipeline),
            Self::Meeting(_)
            | Self::Awaited(_)
            | Self::Met(_)
            | Self::StopAsked(_)
            | Self::Killed(_)
            | Self::CheckpointWaits(..)
            | Self::Lost(_)
            | Self::LeftOut(_) => None,
        }
    }
}

/// ` at process 2`; nothing of process 0.
pub(super) fn elsewhere(process: ProcessIndex) -> String {
    if process == ProcessIndex(0) { String::new() } else { format!(" at process {process}") }
}

/// `waiting for process 2 at c:7100`.
pub fn waiting_for(processes: &[ProcessNamed]) -> String {
    let names: Vec<String> = processes.iter().map(ToString::to_string).collect();
    format!("waiting for {}", names.join(", "))
}

impl fmt::Display for ProcessNamed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "process {}", self.process)?;
        self.address.iter().try_for_each(|address| write!(formatter, " at {address}"))
    }
}

impl fmt::Display for ClusterNews {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Meeting(what) => formatter.write_str(what),
            Self::Awaited(processes) => formatter.write_str(&waiting_for(processes)),
            Self::Met(processes) => {
                write!(formatter, "all {} processes have met", exact(*processes as u64))
            }
            Self::StopAsked(process) => {
                write!(formatter, "process {process} was asked to end: the run ends")
            }
            Self::Killed(process) => write!(formatter, "process {process} is killed: kill -9"),
            Self::CheckpointWaits(epoch, process) => write!(
                formatter,
                "checkpoint {epoch} waits for process {process}, which still processes what came \
                 before it: nothing can enter"
            ),
            Self::Lost(what) => {
                write!(formatter, "{what}: going on from the last checkpoint")
            }
            Self::Listens { process, address, .. } => {
                write!(formatter, "process {process} is listening at {address}")
            }
            Self::ListensNot { process, address, reason, .. } => write!(
                formatter,
                "process {process} does not listen at {address}: {reason}; clients can connect to \
                 the other processes"
            ),
            Self::LeftOut(events) => write!(
                formatter,
                "{} of other processes left out: they came too fast",
                counted(*events, "event")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_at_another_process_than_the_first_names_it() {
        assert_eq!(elsewhere(ProcessIndex(0)), "");
        assert_eq!(elsewhere(ProcessIndex(2)), " at process 2");
    }

    #[test]
    fn who_is_waited_for_is_named_with_the_address_if_it_is_known() {
        let named = |process, address: Option<&str>| ProcessNamed {
            process: ProcessIndex(process),
            address: address.map(Arc::from),
        };
        let one = ClusterNews::Awaited(vec![named(2, Some("c:7100"))]);
        assert_eq!(one.to_string(), "waiting for process 2 at c:7100");
        let two = ClusterNews::Awaited(vec![named(1, None), named(2, Some("c:7100"))]);
        assert_eq!(two.to_string(), "waiting for process 1, process 2 at c:7100");
    }
}
