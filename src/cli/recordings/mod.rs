//! The commands about recordings: `record info` and `export`, `replay`, `diff`.
//!
//! `of_app` finds the application of a recording. `replay` drives a player; `until` looks for where it stops, `files` opens
//! what it writes, and `written` writes it. `sources` says which files a recording needs.

mod diff;
mod export;
mod files;
mod info;
mod of_app;
mod printed;
mod replay;
mod sources;
mod until;
mod written;

pub(super) use diff::diff;
pub(super) use of_app::{OfApp, open};
pub(super) use replay::replay;

use super::app::App;
use super::arguments::{RecordArguments, RecordCommand};
use super::failure::Failure;

/// `record`: shows or copies a recording.
pub(super) fn record(apps: &[App], arguments: &RecordArguments) -> Result<(), Failure> {
    match &arguments.command {
        RecordCommand::Info(info) => info::info(info),
        RecordCommand::Export(export) => export::export(apps, export),
    }
}
