//! The files that a run writes besides its outputs: how they are opened, and which are refused.

use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::cli::arguments::EngineArguments;
use crate::cli::failure::Failure;
use crate::endpoints::{Endpoint, FileId, is_inside};
use crate::runtime::Settings;
use crate::telemetry::DeadLetterFile;

/// Opens the file for dead letters, if one is named.
pub(in crate::cli) fn open_dead_letters(
    arguments: &EngineArguments,
) -> Result<Option<DeadLetterFile>, Failure> {
    let limit = arguments.dead_letters_limit.0;
    let open = |path: &Path| {
        patiently(path, || DeadLetterFile::open(path)).map(|file| file.with_limit(limit))
    };
    arguments.dead_letters.as_deref().map(open).transpose()
}

/// Opens a file to be written, and writes a hint if that takes long: opening a pipe blocks until it has a
/// reader. Signals end the command meanwhile, as they do before a run has begun.
pub(in crate::cli) fn patiently<T>(
    path: &Path,
    open: impl FnOnce() -> io::Result<T>,
) -> Result<T, Failure> {
    let (opened, waiting) = channel::<()>();
    let said = format!(
        "waiting to open {}: a pipe opens only when another program reads it",
        path.display()
    );
    let hint = thread::Builder::new().spawn(move || {
        if waiting.recv_timeout(OPENING) == Err(RecvTimeoutError::Timeout) {
            let _ = writeln!(io::stderr(), "{said}");
        }
    });
    let outcome = open().map_err(|error| cannot_write(path, &error));
    drop((opened, hint));
    outcome
}

/// How long opening a file may take before the hint.
const OPENING: Duration = Duration::from_secs(1);

/// Refuses a file in the resilience directory: writing it would damage the saved state. `written` are files
/// with the options that name them. This comes before any file is opened.
pub(in crate::cli) fn refuse_saved_files(
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

/// Refuses a file that is named twice: one use would destroy the data of the other. `written` are files
/// with the options that name them.
pub(in crate::cli) fn refuse_shared_files(
    settings: &Settings,
    written: &[(&str, Option<&Path>)],
) -> Result<(), Failure> {
    let inputs = settings.sources.iter().map(|endpoint| ("--in", endpoint));
    let outputs = settings.sinks.iter().flatten().map(|endpoint| ("--out", endpoint));
    let taken = inputs.chain(outputs).filter_map(|(option, endpoint)| match endpoint {
        Endpoint::File(path) => Some((option, FileId::of(path)?)),
        _ => None,
    });
    refuse_taken_files(taken.collect(), written)
}

/// Refuses a file that is in use already, or that is named twice. `written` are files with the options that name them.
pub(in crate::cli) fn refuse_taken_files<'a>(
    mut taken: Vec<(&'a str, FileId)>,
    written: &[(&'a str, Option<&Path>)],
) -> Result<(), Failure> {
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

/// The error for a file that cannot be written.
pub(in crate::cli) fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::Failed(format!("cannot write {}: {error}", path.display()))
}

/// The outcome of a command that only prints. A reader that has closed the pipe is no failure.
pub(in crate::cli) fn printed(outcome: io::Result<()>) -> Result<(), Failure> {
    match outcome {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(cannot_print(&error)),
        _ => Ok(()),
    }
}

/// The error for a standard output that cannot be written.
pub(in crate::cli) fn cannot_print(error: &io::Error) -> Failure {
    Failure::Failed(format!("cannot write to standard output: {error}"))
}
