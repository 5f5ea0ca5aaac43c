//! The files that a run writes besides its outputs.

use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::arguments::EngineArguments;
use super::failure::Failure;
use crate::endpoints::{Endpoint, FileId, is_inside};
use crate::runtime::Settings;
use crate::telemetry::DeadLetterFile;

/// The file that all dead letters go to, where one is named.
pub(super) fn open_dead_letters(
    arguments: &EngineArguments,
) -> Result<Option<DeadLetterFile>, Failure> {
    let limit = arguments.dead_letters_limit.0;
    let open = |path: &Path| {
        patiently(path, || DeadLetterFile::open(path)).map(|file| file.with_limit(limit))
    };
    arguments.dead_letters.as_deref().map(open).transpose()
}

/// Opens a file to be written, and says where that takes long: a pipe waits for who reads it. Signals end
/// the command meanwhile, as they do before a run has begun.
pub(super) fn patiently<T>(
    path: &Path,
    open: impl FnOnce() -> io::Result<T>,
) -> Result<T, Failure> {
    let (opened, waiting) = channel::<()>();
    let said = format!("waiting to open {}: a pipe opens when somebody reads it", path.display());
    let hint = thread::Builder::new().spawn(move || {
        if waiting.recv_timeout(OPENING) == Err(RecvTimeoutError::Timeout) {
            let _ = writeln!(io::stderr(), "{said}");
        }
    });
    let outcome = open().map_err(|error| cannot_write(path, &error));
    drop((opened, hint));
    outcome
}

/// How long it may take to open a file before that is said.
const OPENING: Duration = Duration::from_secs(1);

/// Refuses a file in the resilience directory: what is saved would be destroyed, or taken for damaged.
/// `written` are files with the options that name them. Not a file is opened before.
pub(super) fn refuse_saved_files(
    arguments: &EngineArguments,
    written: &[(&str, Option<&Path>)],
) -> Result<(), Failure> {
    let Some(directory) = &arguments.resilience.resilience_dir else { return Ok(()) };
    for (option, path) in written {
        if let Some(path) = path.filter(|path| is_inside(path, directory)) {
            let (path, directory) = (path.display(), directory.display());
            return Err(Failure::Usage(format!(
                "{option} names {path}, which is in the resilience directory {directory}: choose another place"
            )));
        }
    }
    Ok(())
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

/// How a command ends that has nothing to do but to print: a reader that has read enough is no failure.
pub(super) fn printed(outcome: io::Result<()>) -> Result<(), Failure> {
    match outcome {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(cannot_print(&error)),
        _ => Ok(()),
    }
}

/// What is said where the command's own words cannot be written to standard output.
pub(super) fn cannot_print(error: &io::Error) -> Failure {
    Failure::Failed(format!("cannot write to standard output: {error}"))
}
