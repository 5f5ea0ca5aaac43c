//! A part of a recording as a single file, which another machine can open.
//!
//! It has the tables of `history.sqlite`, and no log beside it. All frames are in it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::recording::Recording;
use super::rows::{self, Next};
use super::tables::{LAYOUT, insert_chapter, insert_recording, seal_of, set_extent, set_format};
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::Epoch;
use crate::core::replay::recording::{Base, Chapter, Content, Entered, SavedState};
use crate::resilience::database::Database;
use crate::resilience::directory::worker_names::remove;
use crate::resilience::error::ResilienceError;

/// The mode of the file: its owner reads and writes it.
const FILE_MODE: u32 = 0o600;

/// Writes the chapters behind the checkpoint `from`, up to that of `to`, into a new file. Frames that are in another file
/// are read with `read`, and are in the new one.
///
/// # Errors
///
/// The file exists, or cannot be written; the recording has no such chapters, is damaged or cannot be read; frames are
/// not where they were. Then there is no new file.
pub fn export(
    recording: &Recording,
    (from, to): (Epoch, Epoch),
    out: &Path,
    mut read: impl FnMut(&Entered) -> io::Result<Pieces>,
) -> Result<(), ResilienceError> {
    let base = recording.base_at(from)?;
    let chapters: Vec<_> = recording.chapters().collect();
    let chapters = chapters.iter().filter(|chapter| chapter.epoch > from && chapter.epoch <= to);
    let chapters: Vec<_> = chapters.map(|chapter| (chapter.epoch, chapter.saved_at)).collect();
    if chapters.last().map_or(from, |(last, _)| *last) != to {
        let reason = format!("its recording has no part from checkpoint {from} to {to}");
        return Err(ResilienceError::refused(recording.path(), reason));
    }
    let chapters = chapters.into_iter().map(|(epoch, saved_at)| {
        let chapter = with_frames(recording.path(), recording.chapter(epoch)?, &mut read)?;
        Ok(Written { chapter, changed: recording.changes(epoch)?, saved_at })
    });
    write_new(recording, &base, chapters, out)
}

/// A chapter as it is written.
#[derive(Debug)]
pub struct Written {
    /// The chapter. All of its frames are in it.
    pub chapter: Chapter,
    /// The partitions that its checkpoint saved.
    pub changed: Vec<SavedState>,
    /// When that was, in milliseconds since the beginning of 1970.
    pub saved_at: u64,
}

/// Writes a recording of the same run with another content into a new file.
///
/// # Errors
///
/// The file exists, or cannot be written; or there is no next chapter, for this reason. Then there is no new file.
pub fn write_new(
    of: &Recording,
    base: &Base,
    chapters: impl Iterator<Item = Result<Written, ResilienceError>>,
    out: &Path,
) -> Result<(), ResilienceError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(FILE_MODE);
    match options.open(out) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let reason = "it exists: remove it, or give another name";
            return Err(ResilienceError::refused(out, reason));
        }
        made => drop(made.map_err(|error| ResilienceError::system(out, error))?),
    }
    let written = write(of, base, chapters, out);
    if written.is_err() {
        // The error that is returned says more than that the rest cannot be removed.
        drop(remove(out));
    }
    written
}

fn write(
    of: &Recording,
    base: &Base,
    chapters: impl Iterator<Item = Result<Written, ResilienceError>>,
    out: &Path,
) -> Result<(), ResilienceError> {
    let mut database = Database::create_single(out.to_owned(), &LAYOUT)?;
    let seal = seal_of(of.directory(), rand::random());
    // What is not an error of the new file.
    let mut failed = None;
    let written = database.transact(|connection| {
        insert_recording(connection, seal, of.identity())?;
        let mut extent = rows::insert_base(connection, seal, base)?;
        let mut next = Next { log: extent.first_log, change: extent.first_change };
        for written in chapters {
            let Written { chapter, changed, saved_at } = match written {
                Ok(written) => written,
                Err(error) => {
                    failed = Some(error);
                    return Err(rusqlite::Error::InvalidQuery);
                }
            };
            let row = rows::insert_rows(connection, seal, &chapter, &changed, (next, saved_at))?;
            insert_chapter(connection, seal, &row)?;
            set_format(connection, &chapter)?;
            next = Next { log: next.log + row.logs, change: next.change + row.changes };
            extent.last = chapter.epoch;
        }
        set_extent(connection, seal, &extent)
    });
    failed.map_or(Ok(()), Err)?;
    written?;
    drop(database);
    synchronize(out).map_err(|error| ResilienceError::system(out, error))
}

/// The file's name must be on the disk, too.
fn synchronize(out: &Path) -> io::Result<()> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(fs::canonicalize(folder.unwrap_or(Path::new(".")))?)?.sync_all()
}

/// The chapter with the frames that are in files.
fn with_frames(
    recording: &Path,
    mut chapter: Chapter,
    read: &mut impl FnMut(&Entered) -> io::Result<Pieces>,
) -> Result<Chapter, ResilienceError> {
    for entered in chapter.workers.iter_mut().flat_map(|log| &mut log.entered) {
        let Content::File { offset, length, checksum } = entered.content else { continue };
        let gone = |reason: String| ResilienceError::FramesGone {
            path: recording.to_owned(),
            source_name: entered.source.to_string(),
            reason,
        };
        let pieces = read(entered).map_err(|error| gone(error.to_string()))?;
        let whole = pieces.are_whole()
            && pieces.len() as u64 == entered.count
            && (pieces.offset(0), pieces.byte_length()) == (offset, length)
            && pieces.bytes().len() as u64 == length
            && crc32fast::hash(pieces.bytes()) == checksum;
        if !whole {
            let reason = format!("its {length} bytes from byte {offset} on have changed");
            return Err(gone(reason));
        }
        entered.content = Content::Frames(pieces);
    }
    Ok(chapter)
}
