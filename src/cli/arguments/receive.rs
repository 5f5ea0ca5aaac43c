//! The arguments of `receive`.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values::{Framed, framed, listening_address, seconds};

/// The arguments of `receive`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReceiveArguments {
    /// Where to listen: an address, or a port for connections from this machine only. Port 0 is any free
    /// port
    #[arg(long, value_name = "[HOST:]PORT", value_parser = listening_address)]
    pub listen: String,
    /// Where to write the outputs: a file, or - for standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,
    /// End when this number of outputs has arrived. It is a failure if fewer arrive, or if more arrive
    /// together with the last
    #[arg(long, value_name = "N")]
    pub expect: Option<NonZeroU64>,
    /// How long to wait for the expected outputs
    #[arg(long, value_name = "SECONDS", value_parser = seconds, requires = "expect")]
    pub timeout: Option<Duration>,
    /// How outputs are told apart: by a length header of BYTES bytes (4 if no number is given), by a length that is a
    /// varint, or as lines
    #[arg(
        long,
        value_name = "BYTES|varint|lines",
        num_args = 0..=1,
        default_value = "lines",
        default_missing_value = "4",
        value_parser = framed
    )]
    pub framed: Framed,
    /// Wait for other senders when the last one has disconnected
    #[arg(long)]
    pub keep_open: bool,
}
