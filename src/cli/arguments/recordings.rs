//! The arguments of the commands about recordings.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::application::{Key, parse_key_text};

/// The arguments of `record`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RecordArguments {
    #[command(subcommand)]
    pub command: RecordCommand,
}

/// What is done with a recording as it is.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RecordCommand {
    /// Show what a recording holds, and which files it needs
    Info(InfoArguments),
    /// Write a recording, or a part of it, to a single file that another machine can replay
    ///
    /// Frames that are in other files are copied into it. It begins and ends at checkpoints: the part is made longer for
    /// that, and the command says which messages it holds. Numbers count from its first message then.
    Export(ExportArguments),
}

/// The arguments of `record info`.
#[derive(Debug, Args)]
pub(in crate::cli) struct InfoArguments {
    /// A resilience directory of a run with --history, which may be using it, or an exported file
    #[arg(value_name = "REC")]
    pub recording: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `record export`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArguments {
    /// A resilience directory of a run with --history, which may be using it, or an exported file
    #[arg(value_name = "REC")]
    pub recording: PathBuf,
    /// The first message. The default is the first of the recording
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub from: Option<u64>,
    /// The last message. The default is the last of the recording
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub to: Option<u64>,
    /// Only what happened at this key, and what that depends on: the messages, and the partitions of all of their keys. A
    /// key is written as screens show it: printable text as it is, any other byte as \\xNN. Give it again for more keys
    #[arg(long = "key", value_name = "KEY", value_parser = key)]
    pub keys: Vec<Key>,
    /// Where to write it. The file must not exist yet
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// The arguments of `replay`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReplayArguments {
    /// A resilience directory of a run with --history, which may be using it, or an exported file
    #[arg(value_name = "REC")]
    pub recording: PathBuf,
    /// The application: see `apps`
    #[arg(long, value_name = "NAME")]
    pub app: String,
    /// Stop when this message has been processed. Messages are numbered from 1, in the order of the recording; 0 is its
    /// beginning
    #[arg(long, value_name = "N")]
    pub to: Option<u64>,
    /// Stop at the first message at which this condition holds of a step, for example 'state.votes > 100 && key == "a"'. If
    /// it never holds, the replay goes to the end and says so
    #[arg(long, value_name = "CONDITION", conflicts_with = "to")]
    pub until: Option<String>,
    /// Write every partition to this file, as it is then, one JSON line per partition
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Where to write a pipeline's outputs from the beginning of the recording until then: `file:PATH`, - or null. Repeat
    /// it once per sink, in order, or name the pipeline. The default is null. Outputs of several workers come in the order
    /// of the replay
    #[arg(long = "out", value_name = "[PIPELINE=]FILE")]
    pub outputs: Vec<String>,
    /// Write the messages until then that could not be processed to this file, one JSON line per message
    #[arg(long, value_name = "FILE")]
    pub dead_letters: Option<PathBuf>,
    /// Write what `diff` compares to this file: what came of each part of the recording, as hashes
    #[arg(long, value_name = "FILE")]
    pub digest: Option<PathBuf>,
    /// Print the figures as one JSON object on standard output at the end
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `diff`.
#[derive(Debug, Args)]
pub(in crate::cli) struct DiffArguments {
    /// What `replay --digest` wrote with one version of the program
    #[arg(value_name = "A")]
    pub first: PathBuf,
    /// What it wrote of the same recording with another version
    #[arg(value_name = "B")]
    pub second: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// A key from its text.
fn key(text: &str) -> Result<Key, String> {
    parse_key_text(text).map(Key::from)
}
