//! The arguments of `shrink`.

use std::path::PathBuf;

use clap::Args;

/// The arguments of `shrink`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ShrinkArguments {
    /// The recording: a resilience directory of a run with --history, or an exported file. A run may be using it
    #[arg(value_name = "REC")]
    pub recording: PathBuf,
    /// The application: see `apps`
    #[arg(long, value_name = "NAME")]
    pub app: String,
    /// What must still happen to a message at a step: `dead`, `key == "a" && state.votes > 100`. It is that step of the
    /// first message to which it happens, and if that is a dead letter, also that cause
    #[arg(long, value_name = "EXPR")]
    pub when: String,
    /// Write the frames that are left to this file, which `run --in` reads. If they are of several pipelines, each has
    /// a file, with its name behind a dot
    #[arg(long, value_name = "FRAMES")]
    pub out: Option<PathBuf>,
    /// Write a Rust test with the messages that are left to this file, which must not exist. It fails until the
    /// application is mended
    #[arg(long, value_name = "FILE.rs")]
    pub test: Option<PathBuf>,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}
