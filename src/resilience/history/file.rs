//! `history.sqlite`, written by the run that uses the directory.
//!
//! A chapter is written before the checkpoint that ends it counts, in one transaction. So the file is at most one chapter
//! ahead of the directory: that chapter is dropped when the file is opened. If the file is behind, its recording cannot go
//! on, and another one begins.

use std::collections::VecDeque;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::rows::{self, Next};
use super::tables::{
    ChapterRow, Extent, Found, Identity, LAYOUT, find, insert_chapter, insert_recording, seal_of,
    set_extent, set_format,
};
use super::trim::{self, Bound};
use crate::core::numbers::Epoch;
use crate::core::replay::recording::{Base, Chapter, SavedState};
use crate::resilience::database::{Database, Durability};
use crate::resilience::directory::files::{HISTORY_FILE, in_place};
use crate::resilience::directory::worker_names::remove;
use crate::resilience::directory::{Directory, reading};
use crate::resilience::error::ResilienceError;
use crate::resilience::sealed::{Seal, signed};

/// The history of a directory, to be written.
#[derive(Debug)]
pub struct HistoryFile {
    path: PathBuf,
    durability: Durability,
    /// The directory's random number.
    directory: u64,
    identity: Identity,
    bound: Bound,
    /// `None` until a recording is begun.
    open: Option<Open>,
    /// The directory's. The file is made and removed by its name only while it is in the directory of this lock.
    lock: Arc<File>,
}

/// A recording that goes on.
#[derive(Debug)]
struct Open {
    database: Database,
    seal: Seal,
    extent: Extent,
    chapters: VecDeque<ChapterRow>,
    /// The bytes of all chapters.
    bytes: u64,
    /// The bytes of the pending changes.
    pending: u64,
}

impl HistoryFile {
    /// Opens the history of a directory whose run goes on from the checkpoint `recovered`, and drops newer chapters.
    ///
    /// # Errors
    ///
    /// The file is damaged, or cannot be read or written. [`remove`](Self::remove) makes room for another recording.
    pub fn open(
        directory: &Directory,
        identity: Identity,
        bound: Bound,
        recovered: Epoch,
    ) -> Result<Self, ResilienceError> {
        let path = directory.path().join(HISTORY_FILE);
        let durability = directory.durability();
        let mut open = None;
        if path.exists() {
            let database = Database::create(path.clone(), &LAYOUT, durability);
            let database = database.map_err(ResilienceError::of_recording)?;
            let found = find(&database).map_err(ResilienceError::of_recording)?;
            let ours = |found: &Found| {
                found.directory == directory.identity()
                    && found.identity == identity
                    && (found.extent.base..=found.extent.last).contains(&recovered)
            };
            if let Some(found) = found.filter(ours) {
                let opened = Open::going_on(database, found, recovered);
                open = Some(opened.map_err(ResilienceError::of_recording)?);
            }
        }
        let (directory, lock) = (directory.identity(), directory.lock());
        Ok(Self { path, durability, directory, identity, bound, open, lock })
    }

    /// What a run without history does with the history of a directory, if there is one: it drops the chapters behind the
    /// checkpoint `recovered`. So another run can tell that the recording does not end with the newest checkpoint.
    ///
    /// # Errors
    ///
    /// The file is damaged, or cannot be read or written.
    pub fn settle(directory: &Directory, recovered: Epoch) -> Result<(), ResilienceError> {
        let path = directory.path().join(HISTORY_FILE);
        if !path.exists() {
            return Ok(());
        }
        let opened = Database::create(path, &LAYOUT, directory.durability());
        let settled = opened.and_then(|database| match find(&database)? {
            Some(found) if found.directory != directory.identity() => Ok(()),
            Some(found) if found.extent.base > recovered => {
                drop(database);
                Self::remove(directory)
            }
            Some(found) => Open::going_on(database, found, recovered).map(drop),
            None => Ok(()),
        });
        settled.map_err(ResilienceError::of_recording)
    }

    /// Removes the history of a directory, whatever is in it.
    ///
    /// # Errors
    ///
    /// It cannot be removed.
    pub fn remove(directory: &Directory) -> Result<(), ResilienceError> {
        let path = directory.path().join(HISTORY_FILE);
        let _claim = reading::claim_in_time(&path);
        directory.in_place()?;
        remove(&path)
    }

    /// Whether no recording can go on, because there is none, it is another run's, or it does not end with the checkpoint
    /// that was recovered. Then [`begin`](Self::begin) comes first.
    pub fn begins_anew(&self) -> bool {
        self.open.is_none()
    }

    /// Begins a recording with this base. One that was there is removed.
    ///
    /// # Errors
    ///
    /// The file cannot be written: then there is no recording.
    pub fn begin(&mut self, base: &Base) -> Result<(), ResilienceError> {
        // Closed before its file is removed.
        self.open = None;
        {
            let _claim = reading::claim_in_time(&self.path);
            if let Some(folder) = self.path.parent() {
                in_place(folder, &self.lock)?;
            }
            remove(&self.path)?;
        }
        let mut database = Database::create(self.path.clone(), &LAYOUT, self.durability)?;
        let seal = seal_of(self.directory, rand::random());
        let identity = &self.identity;
        let extent = database.transact(|connection| {
            insert_recording(connection, seal, identity)?;
            let extent = rows::insert_base(connection, seal, base)?;
            set_extent(connection, seal, &extent)?;
            Ok(extent)
        })?;
        let chapters = VecDeque::new();
        self.open = Some(Open { database, seal, extent, chapters, bytes: 0, pending: 0 });
        Ok(())
    }

    /// Writes a chapter and what its checkpoint saves, then drops chapters that are beyond the bound: the base goes on by
    /// what they changed. That work is in proportion to the chapter, so the file may take some chapters to get within its
    /// bound.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or no recording was begun, or it does not end with the epoch before this one. The
    /// chapter is not in it, and those before are as they were.
    pub fn append<'a>(
        &mut self,
        chapter: &Chapter,
        changed: impl IntoIterator<Item = &'a SavedState>,
        now: SystemTime,
    ) -> Result<(), ResilienceError> {
        let Some(open) = &mut self.open else {
            return Err(ResilienceError::refused(&self.path, "no recording was begun in it"));
        };
        // A clock before 1970 is wrong: then nothing is too old.
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        open.append(chapter, changed, self.bound, now).map_err(ResilienceError::of_recording)
    }

    /// The epochs of the base and of the last chapter. `None` before a recording is begun.
    pub fn epochs(&self) -> Option<(Epoch, Epoch)> {
        self.open.as_ref().map(|open| (open.extent.base, open.extent.last))
    }

    /// How many bytes its chapters have together.
    pub fn bytes(&self) -> u64 {
        self.open.as_ref().map_or(0, |open| open.bytes)
    }
}

impl Open {
    /// A recording that ends with the chapter of this epoch, which it has, or with its base.
    fn going_on(
        mut database: Database,
        Found { seal, mut extent, mut chapters, .. }: Found,
        recovered: Epoch,
    ) -> Result<Self, ResilienceError> {
        let pending = format!(
            "SELECT ifnull(sum(length(bytes)), 0) FROM change WHERE row < {}",
            signed(extent.first_change)
        );
        let pending = u64::try_from(database.number(&pending)?).unwrap_or_default();
        if extent.last > recovered {
            while chapters.back().is_some_and(|last| last.epoch > recovered) {
                chapters.pop_back();
            }
            extent.last = recovered;
            let next = next(&extent, &chapters);
            database.transact(|connection| {
                for (query, first) in [
                    ("DELETE FROM chapter WHERE epoch > ?1", recovered.0),
                    ("DELETE FROM log WHERE row >= ?1", next.log),
                    ("DELETE FROM change WHERE row >= ?1", next.change),
                ] {
                    connection.execute(query, [signed(first)])?;
                }
                set_extent(connection, seal, &extent)
            })?;
        }
        let bytes = chapters.iter().map(ChapterRow::bytes).fold(0, u64::saturating_add);
        Ok(Self { database, seal, extent, chapters, bytes, pending })
    }

    fn append<'a>(
        &mut self,
        chapter: &Chapter,
        changed: impl IntoIterator<Item = &'a SavedState>,
        bound: Bound,
        now: u64,
    ) -> Result<(), ResilienceError> {
        let Self { database, seal, extent, chapters, bytes, pending } = self;
        let (seal, expected) = (*seal, extent.last.next());
        if chapter.epoch != expected || chapter.workers.len() != chapter.crew.workers.get() {
            let epoch = chapter.epoch;
            let reason = format!("checkpoint {expected} of all workers is next, and not {epoch}");
            return Err(ResilienceError::refused(&database.path, reason));
        }
        let next = next(extent, chapters);
        let mut after = Extent { last: chapter.epoch, ..*extent };
        let (row, trimmed) = database.transact(|connection| {
            let row = rows::insert_rows(connection, seal, chapter, changed, (next, now))?;
            insert_chapter(connection, seal, &row)?;
            set_format(connection, chapter)?;
            let all = chapters.iter().chain([&row]);
            let dropped = trim::beyond(all, bytes.saturating_add(row.bytes()), bound, now);
            let dropped = chapters.iter().take(dropped);
            let trimmed = trim::trim(connection, seal, dropped, (&row, *pending), &mut after)?;
            set_extent(connection, seal, &after)?;
            Ok((row, trimmed))
        })?;
        // Only after the commit: a chapter that could not be written must change nothing.
        *extent = after;
        *bytes = bytes.saturating_add(row.bytes());
        chapters.push_back(row);
        for dropped in chapters.drain(..trimmed.chapters) {
            *bytes = bytes.saturating_sub(dropped.bytes());
        }
        *pending = trimmed.pending;
        Ok(())
    }
}

/// Where the rows of the next chapter go.
fn next(extent: &Extent, chapters: &VecDeque<ChapterRow>) -> Next {
    let (mut log, mut change) = (extent.first_log, extent.first_change);
    for chapter in chapters {
        log += chapter.logs;
        change += chapter.changes;
    }
    Next { log, change }
}
