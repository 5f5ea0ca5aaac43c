//! Files that a command writes beside its outputs.

use std::io;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::endpoints::{Endpoint, FileId};
use crate::runtime::Settings;

/// Refuses a file that is named twice: what is written to it would destroy what else is in it.
/// `written` are options with the files that they name, which exist by now.
pub(super) fn refuse_shared_files(
    settings: &Settings,
    written: &[(&str, &Option<PathBuf>)],
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
        let Some((path, file)) = path.as_ref().and_then(|path| Some((path, FileId::of(path)?)))
        else {
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

/// A file cannot be made, opened or written.
pub(super) fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::Failed(format!("cannot write {}: {error}", path.display()))
}
