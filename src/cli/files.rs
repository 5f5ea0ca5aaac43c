//! The files that a run writes besides its outputs.

use std::io;
use std::path::Path;

use super::arguments::EngineArguments;
use super::failure::Failure;
use crate::endpoints::{Endpoint, FileId};
use crate::runtime::Settings;
use crate::telemetry::DeadLetterFile;

/// The file that all dead letters go to, where one is named.
pub(super) fn open_dead_letters(
    arguments: &EngineArguments,
) -> Result<Option<DeadLetterFile>, Failure> {
    let open = |path| DeadLetterFile::open(path).map_err(|error| cannot_write(path, &error));
    arguments.dead_letters.as_deref().map(open).transpose()
}

/// Refuses a file that is named twice: what is written to it would destroy what else is in it.
/// `written` are files with the options that name them.
pub(super) fn refuse_shared_files(
    settings: &Settings,
    written: &[(&str, Option<&Path>)],
) -> Result<(), Failure> {
    let inputs = settings.sources.iter().map(|endpoint| ("--in", endpoint));
    let outputs = settings.sinks.iter().flatten().map(|endpoint| ("--out", endpoint));
    let mut taken: Vec<(&str, FileId)> = inputs
        .chain(outputs)
        .filter_map(|(option, endpoint)| match endpoint {
            Endpoint::File(path) => Some((option, FileId::of(path)?)),
            _ => None,
        })
        .collect();
    for (option, path) in written {
        let Some((path, file)) = path.and_then(|path| Some((path, FileId::of(path)?))) else {
            continue;
        };
        if let Some((other, _)) = taken.iter().find(|(_, taken)| *taken == file) {
            let path = path.display();
            let usage = format!("{option} and {other} name the same file, {path}: choose another");
            return Err(Failure::Usage(usage));
        }
        taken.push((option, file));
    }
    Ok(())
}

/// What is said of a file that cannot be written.
pub(super) fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::Failed(format!("cannot write {}: {error}", path.display()))
}

/// What is said where the command's own words cannot be written to standard output.
pub(super) fn cannot_print(error: &io::Error) -> Failure {
    Failure::Failed(format!("cannot write to standard output: {error}"))
}
