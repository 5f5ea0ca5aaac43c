//! How a command fails: its message and its exit status.

use std::fmt;
use std::process::ExitCode;

#[derive(Debug)]
pub(super) enum Failure {
    /// The command could not be done. Exit status 1.
    Failed(String),
    /// The arguments are wrong. Exit status 2.
    Usage(String),
}

impl Failure {
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Failed(_) => ExitCode::from(1),
            Self::Usage(_) => ExitCode::from(2),
        }
    }

    pub fn failed(reason: impl fmt::Display) -> Self {
        Self::Failed(reason.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(text) | Self::Usage(text) => formatter.write_str(text),
        }
    }
}
