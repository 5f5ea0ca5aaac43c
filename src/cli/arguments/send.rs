//! What can be said to `send`.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args};

use super::values::{address, seconds};

/// What `send` is told.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").args(["file", "messages"]).required(true))]
pub(in crate::cli) struct SendArguments {
    /// Where to send: the address at which the application listens
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub to: String,
    /// Send the frames of this file, or of standard input: -
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Send a message, typed as in the workbench: `a 10`, `a 10 x1000`, or raw bytes as `0x 00 01`.
    /// Repeat it for more
    #[arg(
        long = "message",
        value_name = "TEXT",
        requires = "app",
        allow_hyphen_values = true,
        conflicts_with = "file"
    )]
    pub messages: Vec<String>,
    /// The application whose frames and typed messages they are: see `apps`. Without it, a frame's
    /// header is 4 bytes
    #[arg(long, value_name = "NAME")]
    pub app: Option<String>,
    /// The pipeline that takes them; the first unless given
    #[arg(long, value_name = "NAME", requires = "app")]
    pub pipeline: Option<String>,
    /// Send so many messages a second; as fast as they are taken unless given
    #[arg(long, value_name = "N")]
    pub rate: Option<NonZeroU64>,
    /// Send everything so many times
    #[arg(long, value_name = "N", default_value = "1")]
    pub repeat: NonZeroU64,
    /// How long to wait until somebody listens there
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub wait: Duration,
}
