//! What can be said to `receive`.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, value_parser};

use super::values::{listening_address, seconds};

/// What `receive` is told.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReceiveArguments {
    /// Where to listen: an address, or a port that only this machine reaches; port 0 is any free one
    #[arg(long, value_name = "[HOST:]PORT", value_parser = listening_address)]
    pub listen: String,
    /// Where to write what arrives: a file, or - for standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,
    /// End when so many outputs have arrived; it is a failure if they do not, or if more come with the
    /// last of them
    #[arg(long, value_name = "N")]
    pub expect: Option<NonZeroU64>,
    /// How long to wait for the expected outputs
    #[arg(long, value_name = "SECONDS", value_parser = seconds, requires = "expect")]
    pub timeout: Option<Duration>,
    /// An output is a header of so many bytes, which says how long the rest is, and the rest; unless
    /// given, an output is a line
    #[arg(
        long,
        value_name = "BYTES",
        num_args = 0..=1,
        default_missing_value = "4",
        value_parser = value_parser!(u8).range(1..=8)
    )]
    pub framed: Option<u8>,
    /// Wait for other senders when the last one has gone
    #[arg(long)]
    pub keep_open: bool,
}
