//! The arguments of an engine, which the workbench and `run` share: its endpoints, its limits, and its log.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::byte_count::{ByteCount, FileSize};
use super::resilience::ResilienceArguments;
use super::values::up_to;
use crate::core::frames::framing::DEFAULT_FRAME_LIMIT;
use crate::core::numbers::MAX_WORKERS;
use crate::endpoints::DEFAULT_CONNECTION_LIMIT;
use crate::telemetry::{DEFAULT_DEAD_LETTERS_LIMIT, LogLevel};

/// The max number of connections: more than any system has open files for.
const MAX_CONNECTIONS: usize = 1_000_000;

/// Which application, where its bytes enter and leave, and how it is run.
#[derive(Debug, Args)]
pub(in crate::cli) struct EngineArguments {
    /// The number of workers, of each process if there are several. Each worker is a thread
    #[arg(long, value_name = "N", default_value = "1", value_parser = up_to(MAX_WORKERS))]
    pub workers: NonZeroUsize,
    /// Where a pipeline reads its input: `tcp://HOST:PORT` (listens there), `file:PATH`, - or null.
    /// `:PORT` accepts connections from this machine only, 0.0.0.0:PORT from everywhere.
    /// Repeat it once per pipeline, in order, or name the pipeline
    #[arg(long = "in", value_name = "[PIPELINE=]ENDPOINT")]
    pub inputs: Vec<String>,
    /// Where a pipeline writes its output: `tcp://HOST:PORT` (connects to it), `file:PATH`, - or null.
    /// Repeat it once per sink, in order, or name the pipeline
    #[arg(long = "out", value_name = "[PIPELINE=]ENDPOINT")]
    pub outputs: Vec<String>,
    /// Create the partitions of the declared keys before the first message
    #[arg(long)]
    pub precreate: bool,
    #[command(flatten)]
    pub resilience: ResilienceArguments,
    /// The max length of a frame's payload, in bytes or as 64KiB, 16MiB, 900MiB. A longer frame ends its
    /// connection or file
    #[arg(long, value_name = "BYTES", default_value_t = ByteCount(DEFAULT_FRAME_LIMIT))]
    pub frame_limit: ByteCount,
    /// The max number of connections that a TCP source serves at once; fewer if the limit on open files
    /// is lower. One more is refused, unless another has been idle for a minute and is closed instead
    #[arg(long, value_name = "N", default_value_t = DEFAULT_CONNECTION_LIMIT, value_parser = up_to(MAX_CONNECTIONS))]
    pub connections: NonZeroUsize,
    /// Write every message that could not be processed to this file, one JSON line per message
    #[arg(long, value_name = "FILE")]
    pub dead_letters: Option<PathBuf>,
    /// The max length of that file. When it is reached, messages that could not be processed are only
    /// counted, and the log says so. Only a regular file has this limit
    #[arg(long, value_name = "BYTES", default_value_t = FileSize(DEFAULT_DEAD_LETTERS_LIMIT))]
    pub dead_letters_limit: FileSize,
}

/// Where the log goes, and what is in it.
#[derive(Debug, Args)]
pub(in crate::cli) struct LogArguments {
    /// Append the log to this file, with the time in UTC
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// The lowest level that the log contains
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = log_level())]
    pub log_level: LogLevel,
}

fn log_level() -> impl TypedValueParser<Value = LogLevel> {
    PossibleValuesParser::new(LogLevel::NAMES).try_map(|name| name.parse::<LogLevel>())
}
