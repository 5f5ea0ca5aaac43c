//! Drops the oldest chapters of a recording: its base goes on by what they changed.
//!
//! A chapter's log is removed at once. Its changes become pending, and are put into the rows of the base some at a time: so
//! the work of an append is in proportion to what it appends.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::Connection;

use super::rows::{each_change, remove, upsert};
use super::tables::{ChapterRow, Extent};
use crate::resilience::sealed::{Seal, signed};

/// How many bytes are dropped at most beside those in proportion.
const SOME: u64 = 16 * 1024 * 1024;

/// How many bytes of changes wait until they are put into the base: what changes often is written once.
const WAITING: u64 = 1024 * 1024;

/// How much a recording keeps. What its base holds does not count: it is as much as a checkpoint of everything. The
/// newest chapter is always kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bound {
    /// How long ago its oldest chapter may have been saved.
    pub max_age: Option<Duration>,
    /// How many bytes its chapters may have together.
    pub max_bytes: Option<u64>,
}

/// How many of the oldest chapters to drop, of which the last one has just been written. All have these bytes together.
pub(super) fn beyond<'a>(
    chapters: impl DoubleEndedIterator<Item = &'a ChapterRow>,
    mut bytes: u64,
    Bound { max_age, max_bytes }: Bound,
    now: u64,
) -> usize {
    let mut chapters = chapters.peekable();
    let Some(written) = chapters.next_back() else { return 0 };
    let oldest = max_age
        .map_or(0, |age| now.saturating_sub(u64::try_from(age.as_millis()).unwrap_or(u64::MAX)));
    let (mut dropped, mut left) = (0, written.bytes().saturating_mul(2).saturating_add(SOME));
    for chapter in chapters {
        let length = chapter.bytes();
        let too_much = max_bytes.is_some_and(|most| bytes > most);
        // At least one, however long it is.
        if !(too_much || chapter.saved_at < oldest) || (dropped > 0 && length > left) {
            break;
        }
        dropped += 1;
        bytes = bytes.saturating_sub(length);
        left = left.saturating_sub(length);
    }
    dropped
}

/// What was trimmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trimmed {
    /// How many chapters.
    pub chapters: usize,
    /// How many bytes of changes are pending after that.
    pub pending: u64,
}

/// Drops these chapters, the oldest, and puts changes into the base: about twice as many as the chapter `written` has.
/// `pending` is how many bytes of changes were pending before.
pub(super) fn trim<'a>(
    connection: &Connection,
    seal: Seal,
    dropped: impl Iterator<Item = &'a ChapterRow>,
    (written, mut pending): (&ChapterRow, u64),
    extent: &mut Extent,
) -> rusqlite::Result<Trimmed> {
    let mut chapters = 0;
    for chapter in dropped {
        chapters += 1;
        extent.base = chapter.epoch;
        extent.first_log += chapter.logs;
        extent.first_change += chapter.changes;
        pending += chapter.change_bytes;
    }
    if chapters > 0 {
        let mut delete = connection.prepare_cached("DELETE FROM chapter WHERE epoch <= ?1")?;
        delete.execute([signed(extent.base.0)])?;
        let mut delete = connection.prepare_cached("DELETE FROM log WHERE row < ?1")?;
        delete.execute([signed(extent.first_log)])?;
    }
    if pending > WAITING {
        let most = written.change_bytes.saturating_mul(2).saturating_add(WAITING);
        pending = pending.saturating_sub(merge(connection, seal, most, extent)?);
    }
    Ok(Trimmed { chapters, pending })
}

/// Puts the oldest pending changes into the base: rows of this many bytes together, and at least one. Returns how many
/// bytes they have.
fn merge(
    connection: &Connection,
    seal: Seal,
    most: u64,
    extent: &mut Extent,
) -> rusqlite::Result<u64> {
    let (mut newest, mut bytes) = (BTreeMap::new(), 0);
    let rows = extent.first_pending..extent.first_change;
    let next = each_change(connection, seal, rows, |_, length, changed| {
        // In the order of the base's rows. Of a partition, the last is the newest.
        for (state, partition) in changed {
            newest.insert((state, partition.key.clone()), partition);
        }
        bytes += length;
        Ok(bytes < most)
    })?;
    for ((state, _), partition) in &newest {
        if partition.is_gone() {
            remove(connection, (state, &partition.key), extent)?;
        } else {
            upsert(connection, seal, state, partition, extent)?;
        }
    }
    connection.prepare_cached("DELETE FROM change WHERE row < ?1")?.execute([signed(next)])?;
    extent.first_pending = next;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::core::numbers::Epoch;
    use crate::core::replay::recording::Crew;

    fn row(saved_at: u64, log_bytes: u64) -> ChapterRow {
        let crew = Crew {
            workers: NonZeroUsize::MIN,
            of_each_process: NonZeroUsize::MIN,
            precreate: false,
        };
        let (epoch, messages, logs, changes, change_bytes) = (Epoch(1), 0, 1, 0, 0);
        ChapterRow { epoch, crew, saved_at, messages, logs, changes, log_bytes, change_bytes }
    }

    fn dropped(chapters: &[(u64, u64)], age: Option<u64>, max_bytes: Option<u64>) -> usize {
        let rows: Vec<_> = chapters.iter().map(|(at, bytes)| row(*at, *bytes)).collect();
        let all = rows.iter().map(ChapterRow::bytes).sum();
        let bound = Bound { max_age: age.map(Duration::from_millis), max_bytes };
        beyond(rows.iter(), all, bound, 1000)
    }

    #[test]
    fn the_oldest_chapters_are_dropped_until_the_rest_is_within_the_bound() {
        let four = [(100, 10), (200, 20), (300, 30), (400, 40)];
        assert_eq!(dropped(&four, None, None), 0);
        assert_eq!(dropped(&four, None, Some(100)), 0);
        assert_eq!(dropped(&four, None, Some(99)), 1);
        assert_eq!(dropped(&four, None, Some(70)), 2);
        assert_eq!(dropped(&four, Some(800), None), 1);
        assert_eq!(dropped(&four, Some(799), None), 2);
        assert_eq!(dropped(&four, Some(799), Some(50)), 3);
    }

    #[test]
    fn the_newest_chapter_is_kept_however_old_and_long_it_is() {
        assert_eq!(dropped(&[(100, 10)], Some(1), Some(1)), 0);
        assert_eq!(dropped(&[(100, 10), (200, 10)], Some(1), Some(1)), 1);
        assert_eq!(dropped(&[], Some(1), Some(1)), 0);
    }

    #[test]
    fn one_append_drops_in_proportion_to_what_it_wrote_and_at_least_one() {
        let many = [(100, SOME); 5];
        assert_eq!(dropped(&[&many[..], &[(200, 1)]].concat(), Some(1), None), 1);
        assert_eq!(dropped(&[&many[..], &[(200, SOME)]].concat(), Some(1), None), 3);
        assert_eq!(dropped(&[(100, 9 * SOME), (200, 1)], Some(1), None), 1);
    }
}
