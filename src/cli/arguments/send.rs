//! The arguments of `send`.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args};

use super::values::{Framed, address, framed, seconds};

/// The arguments of `send`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").args(["file", "messages"]).required(true))]
pub(in crate::cli) struct SendArguments {
    /// The address at which the application listens
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub to: String,
    /// Send the frames of this file, or of standard input if it is -
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Send a message, typed as in the workbench: `a 10`, `a 10 x1000`, or raw bytes as `0x 00 01`.
    /// Repeat it to send more
    #[arg(
        long = "message",
        value_name = "TEXT",
        requires = "app",
        allow_hyphen_values = true,
        conflicts_with = "file"
    )]
    pub messages: Vec<String>,
    /// The application that the frames and typed messages are for: see `apps`
    #[arg(long, value_name = "NAME")]
    pub app: Option<String>,
    /// The pipeline that the messages are for. The default is the first
    #[arg(long, value_name = "NAME", requires = "app")]
    pub pipeline: Option<String>,
    /// How frames are told apart for the totals and the rate if no application is named: a length header of BYTES
    /// bytes, a length that is a varint, or lines
    #[arg(
        long,
        value_name = "BYTES|varint|lines",
        default_value = "4",
        value_parser = framed,
        conflicts_with = "app"
    )]
    pub framed: Framed,
    /// The number of messages per second. Without it, messages are sent as fast as they are accepted
    #[arg(long, value_name = "N")]
    pub rate: Option<NonZeroU64>,
    /// Send everything this number of times
    #[arg(long, value_name = "N", default_value = "1")]
    pub repeat: NonZeroU64,
    /// How long to wait for the application to listen
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub wait: Duration,
}
