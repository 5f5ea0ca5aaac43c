//! What is heard of other processes.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::core::numbers::ProcessIndex;

/// How a process was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// Its connection has ended, as if it had been killed.
    Ended,
    /// Its connection has failed, and why.
    Failed(String),
    /// It has given no sign of life for so long.
    Silent(Duration),
    /// It said what no process of this program says.
    Nonsense(String),
}

impl fmt::Display for How {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended => formatter.write_str("it has ended"),
            Self::Failed(why) => write!(formatter, "its connection has failed: {why}"),
            Self::Silent(long) => write!(
                formatter,
                "it has given no sign of life for {}",
                humantime::format_duration(Duration::from_secs_f64(long.as_secs_f64().round()))
            ),
            Self::Nonsense(what) => write!(formatter, "it said what is no message: {what}"),
        }
    }
}

/// What is heard of other processes.
#[derive(Debug)]
pub enum Heard<M> {
    /// A process has said this.
    Said(ProcessIndex, M),
    /// A process has said that it ends, and has ended.
    Left(ProcessIndex),
    /// A process is lost. Nothing more is heard of it.
    Lost(ProcessIndex, How),
}
