//! A picture of a directory that a process may use: copies of its files as they were at moments that fit together.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::resilience::checkpoints::decision::frames_done;
use crate::resilience::checkpoints::recovery::{Checkpoint, journal_positions};
use crate::resilience::database::{Database, FORMAT, JOURNAL_FORMAT};
use crate::resilience::directory::copy::copy_databases;
use crate::resilience::directory::emptying;
use crate::resilience::directory::temporary::TemporaryDirectory;
use crate::resilience::directory::worker_names::generations;
use crate::resilience::directory::{
    DIRECTORY_FILE, HISTORY_FILE, JOURNAL_FILE, Owner, owner_of, reading,
};
use crate::resilience::error::ResilienceError;
use crate::resilience::history::{HISTORY_FORMAT, HistorySummary, Recording};
use crate::resilience::journal::contents::Contents;
use crate::resilience::journal::format_1;
use crate::resilience::journal::row_file_names::{self, row_file_path};
use crate::resilience::journal::scan::Scanned;
use crate::resilience::journal::tail::{self, Said};
use crate::resilience::position::Position;
use crate::resilience::sealed::Seal;

/// How much is in a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct JournalSummary {
    /// The version of its format; `None` before there is a journal.
    pub format: Option<i64>,
    /// How many rows: frames that were written together.
    pub rows: u64,
    /// How many frames.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many of the frames would be replayed: the checkpoint has not got them.
    pub frames_to_replay: u64,
}

/// All files as they were at moments that fit together.
pub(super) struct Picture {
    pub owner: Owner,
    pub checkpoint: Checkpoint,
    pub journal: JournalSummary,
    /// `None` without history. A damaged one does not hide the rest.
    pub history: Option<Result<HistorySummary, ResilienceError>>,
}

/// `None` if another generation has begun to count meanwhile, or row files of the journal were removed: what was copied does
/// not fit together.
pub(super) fn look(
    directory: &Path,
    copies: &TemporaryDirectory,
) -> Result<Option<Picture>, ResilienceError> {
    let (before, files) = {
        // Until all is copied.
        let _held = reading::hold(directory);
        let before = owner(directory, copies)?;
        let row_files = row_file_names::all(directory)?;
        let files = copy_all(directory, copies, &before);
        let is_gone = |first: &u64| !row_file_path(directory, *first).exists();
        if owner(directory, copies)? != before || row_files.iter().any(is_gone) {
            return Ok(None);
        }
        (before, files?)
    };
    picture(directory, copies, before, files).map(Some)
}

/// The files that are copied, how far the journal said that it had been written, and what its row files held.
type CopiedFiles = (Vec<PathBuf>, Said, Result<Scanned, ResilienceError>);

/// Copies the journal and the files of the generation that counts.
fn copy_all(
    directory: &Path,
    copies: &TemporaryDirectory,
    owner: &Owner,
) -> Result<CopiedFiles, ResilienceError> {
    let generation = owner.generation;
    let path = directory.join(JOURNAL_FILE);
    let mut files = Vec::new();
    match (path.exists(), generation) {
        (true, _) => files.push(path.clone()),
        (false, 0) => {}
        (false, _) => return Err(ResilienceError::missing(&path)),
    }
    let workers = generations(directory)?.into_iter();
    files.extend(
        workers.filter(|(of, _)| *of == generation && generation > 0).map(|(_, file)| file),
    );
    files.extend(Some(directory.join(HISTORY_FILE)).filter(|history| history.exists()));
    let seal = Seal::of_journal(owner.identity);
    let tail = copy_databases(&files, copies.path(), || tail::read(&path, seal))?;
    // Rows that came after the copies are no harm.
    let row_files = Scanned::read(directory, seal, tail);
    Ok((files, tail, row_files))
}

/// Reads what was copied.
fn picture(
    directory: &Path,
    copies: &TemporaryDirectory,
    owner: Owner,
    (files, tail, row_files): CopiedFiles,
) -> Result<Picture, ResilienceError> {
    let (path, generation) = (directory.join(JOURNAL_FILE), owner.generation);
    let open = |file: PathBuf, newest| {
        let copy = copies.path().join(file.file_name().unwrap_or_default());
        Database::read(&copy, file, newest)
    };
    let (mut journal, mut history, mut workers) = (None, None, Vec::new());
    for file in files {
        if file == path {
            journal = Some(open(file, JOURNAL_FORMAT)?);
        } else if file.ends_with(HISTORY_FILE) {
            let read = open(file, HISTORY_FORMAT)
                .and_then(|history| Recording::read(history, Some(owner.identity)));
            let read = read.map_err(ResilienceError::of_recording);
            history = Some(read.map(|recording| recording.summary()));
        } else {
            workers.push(open(file, FORMAT)?);
        }
    }
    let checkpoint = if generation == 0 {
        Checkpoint::default()
    } else {
        Checkpoint::of_generation(workers, directory, owner.identity, generation)?
    };
    let journal = match journal {
        Some(journal) => summary_of(&journal, &owner, (tail, row_files), &checkpoint.positions)?,
        None => JournalSummary::default(),
    };
    Ok(Picture { owner, checkpoint, journal, history })
}

fn summary_of(
    journal: &Database,
    owner: &Owner,
    (tail, row_files): (Said, Result<Scanned, ResilienceError>),
    positions: &[Position],
) -> Result<JournalSummary, ResilienceError> {
    let positions = journal_positions(positions);
    let rows = if format_1::is_of(journal)? {
        format_1::rows(journal, Seal::of_journal(owner.identity))?
    } else {
        row_files?.rows
    };
    let contents = Contents::read(journal, owner.identity, tail, rows, &positions)?;
    let mut summary =
        JournalSummary { format: Some(journal.format()?), ..JournalSummary::default() };
    for row in &contents.live {
        let position = positions.get(&row.slot).copied().unwrap_or_default();
        let done = frames_done(position, row.row, row.frames);
        summary.rows += 1;
        summary.frames += row.frames;
        summary.bytes += row.bytes;
        summary.frames_to_replay += done.map_or(0, |done| row.frames.saturating_sub(done));
    }
    Ok(summary)
}

/// Whose a directory is now.
pub(super) fn owner(
    directory: &Path,
    copies: &TemporaryDirectory,
) -> Result<Owner, ResilienceError> {
    let file = directory.join(DIRECTORY_FILE);
    let nothing = if emptying::is_begun(directory) {
        Some("it was reset, and nothing has been saved in it since")
    } else {
        (!file.exists()).then_some("it is no resilience directory: it has no directory.sqlite")
    };
    if let Some(reason) = nothing {
        let (path, reason) = (directory.to_owned(), reason.to_owned());
        return Err(ResilienceError::System { path, reason });
    }
    copy_databases(std::slice::from_ref(&file), copies.path(), || Ok(()))?;
    owner_of(&Database::read(&copies.path().join(DIRECTORY_FILE), file, FORMAT)?)
}
