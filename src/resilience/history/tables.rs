//! The tables of a history, and the rows that say what is in it.
//!
//! Invariants: the chapters' epochs are those from the base's to the last one, without gaps. The rows of `log` and `change`
//! are numbered without gaps, chapter by chapter. The base is the rows of `base`, and then the *pending* changes: those of
//! chapters that are gone which have not been put into the rows yet.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;

use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, Row};

use crate::core::numbers::Epoch;
use crate::core::replay::recording::{Chapter, Crew};
use crate::resilience::database::{Database, Layout};
use crate::resilience::error::ResilienceError;
use crate::resilience::sealed::{Seal, insert, integer, integers, select, unsigned};

/// The newest version of the format of a history.
pub(crate) const HISTORY_FORMAT: i64 = 2;

/// The version that a history has from the first chapter on in which a message is taken back; before, it has the one before.
const WITH_TAKEN_BACK: i64 = HISTORY_FORMAT;

/// What a program that knows no such chapters would misread has another version from this chapter on.
pub(super) fn set_format(connection: &Connection, chapter: &Chapter) -> rusqlite::Result<()> {
    if chapter.taken_back().is_none() {
        return Ok(());
    }
    connection.execute_batch(&format!("PRAGMA user_version = {WITH_TAKEN_BACK}"))
}

pub(super) const LAYOUT: Layout = Layout {
    tables: "
    CREATE TABLE recording (
        directory INTEGER NOT NULL, recording INTEGER NOT NULL, application TEXT NOT NULL,
        options TEXT NOT NULL, fingerprint INTEGER NOT NULL, pipelines TEXT NOT NULL,
        checksum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE extent (
        base INTEGER NOT NULL, last INTEGER NOT NULL, partitions INTEGER NOT NULL,
        sum INTEGER NOT NULL, first_log INTEGER NOT NULL, first_pending INTEGER NOT NULL,
        first_change INTEGER NOT NULL, checksum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE base (
        state TEXT NOT NULL, key BLOB NOT NULL, place INTEGER NOT NULL, dynamic INTEGER NOT NULL,
        messages INTEGER NOT NULL, poisoned INTEGER NOT NULL, value BLOB NOT NULL,
        checksum INTEGER NOT NULL, PRIMARY KEY (state, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE chapter (
        epoch INTEGER PRIMARY KEY, workers INTEGER NOT NULL, of_each_process INTEGER NOT NULL,
        precreate INTEGER NOT NULL, saved_at INTEGER NOT NULL, messages INTEGER NOT NULL,
        logs INTEGER NOT NULL, changes INTEGER NOT NULL, log_bytes INTEGER NOT NULL,
        change_bytes INTEGER NOT NULL, checksum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE log (
        row INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, worker INTEGER NOT NULL,
        bytes BLOB NOT NULL, checksum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE change (
        row INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, bytes BLOB NOT NULL,
        checksum INTEGER NOT NULL
    ) STRICT;",
    format: HISTORY_FORMAT - 1,
    known: HISTORY_FORMAT,
};

/// What must be the same for a recording to go on, and for a replay to be possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The application's name.
    pub application: String,
    /// The options with which it was run.
    pub options: BTreeMap<String, String>,
    /// A number that is another one if the topology is.
    pub fingerprint: u64,
    /// The names of the pipelines, in the order of their declaration.
    pub pipelines: Vec<String>,
}

/// How much is in a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// The epoch of the base.
    pub base: Epoch,
    /// The epoch of the last chapter; that of the base if there is none.
    pub last: Epoch,
    /// How many rows of `base` there are.
    pub partitions: u64,
    /// The sum of their checksums, modulo 2^64: it detects a row that is whole, but an older one.
    pub sum: u64,
    /// The first row of `log`.
    pub first_log: u64,
    /// The first row of `change`: of the pending ones, if there are any.
    pub first_pending: u64,
    /// The first row of `change` that belongs to a chapter.
    pub first_change: u64,
}

impl Extent {
    /// Of a base that has no rows yet, and no chapters.
    pub fn of_base(base: Epoch) -> Self {
        let (partitions, sum, first) = (0, 0, 1);
        let (first_log, first_pending, first_change) = (first, first, first);
        Self { base, last: base, partitions, sum, first_log, first_pending, first_change }
    }
}

/// What a chapter's row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChapterRow {
    pub epoch: Epoch,
    pub crew: Crew,
    /// When its checkpoint was saved, in milliseconds since the beginning of 1970.
    pub saved_at: u64,
    /// How many frames entered.
    pub messages: u64,
    /// How many rows of `log` it has.
    pub logs: u64,
    /// How many rows of `change` it has.
    pub changes: u64,
    pub log_bytes: u64,
    pub change_bytes: u64,
}

impl ChapterRow {
    /// The bytes of its rows.
    pub fn bytes(&self) -> u64 {
        self.log_bytes.saturating_add(self.change_bytes)
    }
}

/// What a history says of itself.
#[derive(Debug)]
pub(super) struct Found {
    /// The directory's random number.
    pub directory: u64,
    /// The seal of all other rows.
    pub seal: Seal,
    pub identity: Identity,
    pub extent: Extent,
    pub chapters: VecDeque<ChapterRow>,
}

/// A row's content that cannot be read, as an error within a transaction.
pub(super) fn wrong(reason: impl Into<String>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, reason.into().into())
}

/// The seal of the rows of a recording: its random number is where other files have the generation.
pub(super) fn seal_of(directory: u64, recording: u64) -> Seal {
    Seal { directory, generation: recording, worker: 0 }
}

pub(super) fn insert_recording(
    connection: &Connection,
    seal: Seal,
    identity: &Identity,
) -> rusqlite::Result<()> {
    let Identity { application, options, fingerprint, pipelines } = identity;
    let as_text = |text: serde_json::Result<String>| text.map_err(|error| wrong(error.to_string()));
    let options = as_text(serde_json::to_string(options))?;
    let pipelines = as_text(serde_json::to_string(pipelines))?;
    let columns = [
        integer(seal.directory),
        integer(seal.generation),
        ValueRef::from(&**application),
        ValueRef::from(&*options),
        integer(*fingerprint),
        ValueRef::from(&*pipelines),
    ];
    let mut statement = connection.prepare("INSERT INTO recording VALUES (?, ?, ?, ?, ?, ?, ?)")?;
    // The seal is among the columns.
    insert(&mut statement, None, columns)
}

pub(super) fn set_extent(
    connection: &Connection,
    seal: Seal,
    extent: &Extent,
) -> rusqlite::Result<()> {
    let Extent { base, last, partitions, sum, first_log, first_pending, first_change } = *extent;
    connection.prepare_cached("DELETE FROM extent")?.execute(())?;
    let mut statement =
        connection.prepare_cached("INSERT INTO extent VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
    let columns = [base.0, last.0, partitions, sum, first_log, first_pending, first_change];
    insert(&mut statement, Some(seal), columns.map(integer))
}

pub(super) fn insert_chapter(
    connection: &Connection,
    seal: Seal,
    row: &ChapterRow,
) -> rusqlite::Result<()> {
    let ChapterRow { epoch, crew, saved_at, messages, logs, changes, log_bytes, change_bytes } =
        *row;
    let Crew { workers, of_each_process, precreate } = crew;
    let columns = [
        epoch.0,
        workers.get() as u64,
        of_each_process.get() as u64,
        u64::from(precreate),
        saved_at,
        messages,
        logs,
        changes,
        log_bytes,
        change_bytes,
    ];
    let mut statement = connection
        .prepare_cached("INSERT INTO chapter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    insert(&mut statement, Some(seal), columns.map(integer))
}

/// What a file says of itself. `None` if no recording was begun in it.
pub(super) fn find(database: &Database) -> Result<Option<Found>, ResilienceError> {
    let all = "SELECT directory, recording, application, options, fingerprint, pipelines, checksum
               FROM recording";
    let changed = |_: &_| "the row of the recording has changed".to_owned();
    let found = select(database, None, (all, ()), recording_of, changed)?;
    let [(directory, recording, identity)] = &*found else {
        let rows = "SELECT (SELECT count(*) FROM extent) + (SELECT count(*) FROM chapter)";
        if found.is_empty() && database.number(rows)? == 0 {
            return Ok(None);
        }
        return Err(database.damaged("it does not say of which run it is"));
    };
    let Some(identity) = identity.clone() else {
        return Err(database.damaged("the options of its application are no options"));
    };
    let seal = seal_of(*directory, *recording);
    let extent = extent(database, seal)?;
    let chapters = chapters(database, seal, &extent)?;
    Ok(Some(Found { directory: *directory, seal, identity, extent, chapters }))
}

/// The numbers of the directory and recording, and the identity; `None` if its texts are not what they must be.
fn recording_of(row: &Row<'_>) -> rusqlite::Result<(u64, u64, Option<Identity>)> {
    let [directory, recording, fingerprint] = [row.get(0)?, row.get(1)?, row.get(4)?].map(unsigned);
    let (application, options, pipelines): (String, String, String) =
        (row.get(2)?, row.get(3)?, row.get(5)?);
    let texts = serde_json::from_str(&options).ok().zip(serde_json::from_str(&pipelines).ok());
    let identity =
        texts.map(|(options, pipelines)| Identity { application, options, fingerprint, pipelines });
    Ok((directory, recording, identity))
}

fn extent(database: &Database, seal: Seal) -> Result<Extent, ResilienceError> {
    let all = "SELECT base, last, partitions, sum, first_log, first_pending, first_change, checksum
               FROM extent";
    let changed = |_: &_| "the row of its extent has changed".to_owned();
    let found = select(database, Some(seal), (all, ()), integers::<7>, changed)?;
    let [[base, last, partitions, sum, first_log, first_pending, first_change]] = *found else {
        return Err(database.damaged("it does not say from when to when it is"));
    };
    let (base, last) = (Epoch(base), Epoch(last));
    Ok(Extent { base, last, partitions, sum, first_log, first_pending, first_change })
}

fn chapters(
    database: &Database,
    seal: Seal,
    extent: &Extent,
) -> Result<VecDeque<ChapterRow>, ResilienceError> {
    let all =
        "SELECT epoch, workers, of_each_process, precreate, saved_at, messages, logs, changes,
                   log_bytes, change_bytes, checksum
               FROM chapter ORDER BY epoch";
    let changed = |row: &([u64; 10], _)| format!("the row of checkpoint {} has changed", row.0[0]);
    let read = |row: &Row<'_>| {
        let columns = integers::<10>(row)?;
        Ok((columns, chapter_of(columns)))
    };
    let mut expected = extent.base;
    let (mut log, mut change) = (Some(extent.first_log), Some(extent.first_change));
    let mut chapters = VecDeque::new();
    for (_, chapter) in select(database, Some(seal), (all, ()), read, changed)? {
        expected = expected.next();
        match chapter {
            Some(chapter) if chapter.epoch == expected => {
                log = log.and_then(|log| log.checked_add(chapter.logs));
                change = change.and_then(|change| change.checked_add(chapter.changes));
                chapters.push_back(chapter);
            }
            _ => return Err(database.damaged(format!("checkpoint {expected} is missing"))),
        }
    }
    if log.is_none() || change.is_none() || extent.first_pending > extent.first_change {
        return Err(database.damaged("its rows have other numbers than they can have"));
    }
    if expected != extent.last {
        return Err(database.damaged(format!("checkpoint {} is missing", expected.next())));
    }
    Ok(chapters)
}

/// The chapter of these columns. `None` if they are none that this program writes.
fn chapter_of(columns: [u64; 10]) -> Option<ChapterRow> {
    let [epoch, workers, of_each, precreate, saved_at, messages, logs, changes, log_bytes, bytes] =
        columns;
    let positive = |number| NonZeroUsize::new(usize::try_from(number).ok()?);
    let (workers, of_each_process) = (positive(workers)?, positive(of_each)?);
    let crew = Crew { workers, of_each_process, precreate: precreate != 0 };
    let (epoch, change_bytes) = (Epoch(epoch), bytes);
    Some(ChapterRow { epoch, crew, saved_at, messages, logs, changes, log_bytes, change_bytes })
}
