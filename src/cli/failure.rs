//! How a command fails: its message and its exit status.

use std::fmt;
use std::process::ExitCode;

use crate::cluster::meeting::MeetError;
use crate::runtime::EngineError;

#[derive(Debug)]
pub(super) enum Failure {
    /// The command could not be done. Exit status 1.
    Failed(String),
    /// The arguments are wrong. Exit status 2.
    Usage(String),
    /// Another process of the cluster is lost. A run that saves begins again; else exit status 1.
    Lost(String),
    /// Nothing has failed: the command has printed its answer, of which this exit status is a part.
    Answered(u8),
}

impl Failure {
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Failed(_) | Self::Lost(_) => ExitCode::from(1),
            Self::Usage(_) => ExitCode::from(2),
            Self::Answered(code) => ExitCode::from(*code),
        }
    }

    /// How a command fails whose engine cannot start or go on.
    pub fn of_engine(error: &EngineError) -> Self {
        let said = error.to_string();
        match error {
            error if error.is_loss() => Self::Lost(said),
            // What differs between the processes is what they were started with.
            EngineError::Meet(MeetError::Refused(..) | MeetError::Replaced(_)) => Self::Usage(said),
            _ => Self::Failed(said),
        }
    }

    pub fn failed(reason: impl fmt::Display) -> Self {
        Self::Failed(reason.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(text) | Self::Usage(text) | Self::Lost(text) => formatter.write_str(text),
            Self::Answered(code) => write!(formatter, "exit status {code}"),
        }
    }
}
