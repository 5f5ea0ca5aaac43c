//! All dead letters as a file of JSON lines, written by a thread of its own.
//!
//! Invariants: no thread waits longer than [`PATIENCE`] for a file that cannot be written; a letter that
//! is not written is counted and reported; the file has whole lines, except for one that a killed process
//! was writing.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use thiserror::Error;

use super::writers::{Inbox, Lasting, Outbox, Trouble};
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::json::write_json;
use crate::endpoints::{claim, cut, open_to_write};

/// The default limit of the file, in bytes: 1 GiB. A client that sends only garbage causes twenty bytes
/// per byte sent, and must not fill the disk.
pub const DEFAULT_DEAD_LETTERS_LIMIT: u64 = 1 << 30;

/// How many bytes of letters may wait to be written: 64 MiB.
const WAITING: usize = 64 * 1024 * 1024;

/// How many bytes of letters are formatted at once; a longer letter is formatted alone.
const BATCH: usize = 256 * 1024;

/// The longest wait while nothing can be written: of a worker for room, of a checkpoint for the letters
/// before it, and of the end of a run for all letters.
const PATIENCE: Duration = Duration::from_secs(2);

/// Not all dead letters are in their file.
#[derive(Debug, Error)]
#[error("cannot write all dead letters to their file: {reason}{}", counts(*lost, *waiting))]
pub struct DeadLettersLost {
    /// How many will never be there.
    pub lost: u64,
    /// How many wait until it can be written again.
    pub waiting: u64,
    reason: String,
}

fn counts(lost: u64, waiting: u64) -> String {
    match (lost, waiting) {
        (lost, 0) => format!("; lost: {lost}"),
        (0, waiting) => format!("; waiting: {waiting}"),
        (lost, waiting) => format!("; lost: {lost}, waiting: {waiting}"),
    }
}

/// A file that is to get a JSON line for each dead letter.
#[derive(Debug, Clone)]
pub struct DeadLetterFile {
    path: PathBuf,
    file: Arc<File>,
    limit: u64,
}

impl DeadLetterFile {
    /// Opens the file, or makes it. What is in it stays there until the run has begun.
    ///
    /// # Errors
    ///
    /// It can neither be opened nor made, or another program writes to it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = open_to_write(path)?;
        claim(&file)?;
        Ok(Self { path: path.to_owned(), file: Arc::new(file), limit: DEFAULT_DEAD_LETTERS_LIMIT })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// With another limit on its length, in bytes. Only a regular file has a limit.
    #[must_use]
    pub fn with_limit(self, limit: u64) -> Self {
        Self { limit, ..self }
    }
}

/// News of the file, for the log.
#[derive(Debug)]
pub(crate) enum LettersNews {
    /// It cannot be written, and why.
    Failed(String),
    /// It is written again.
    Over,
    /// This many letters are lost, and why.
    Lost(u64, String),
}

/// Receives the news of the file. It is called on any thread.
pub(crate) type Tell = Box<dyn Fn(LettersNews) + Send + Sync>;

/// The dead letters on their way to their file.
pub(crate) struct DeadLetters {
    file: DeadLetterFile,
    outbox: Outbox<Arc<DeadLetter>>,
    waits: Mutex<Option<Inbox<Arc<DeadLetter>>>>,
    fate: Arc<Fate>,
    /// Letters that are lost at the end are counted once.
    finished: Once,
}

/// The counts of lost letters and the last failure.
#[derive(Default)]
struct Fate {
    lost: AtomicU64,
    /// Why the last ones were lost, or cannot be written now.
    reason: Mutex<String>,
    failing: std::sync::atomic::AtomicBool,
    tell: std::sync::OnceLock<Tell>,
}

impl Fate {
    fn fails(&self, reason: String) {
        self.reason.lock().clone_from(&reason);
        self.failing.store(true, Ordering::Release);
        self.tell(LettersNews::Failed(reason));
    }

    fn lose(&self, count: u64, reason: &str) {
        if count > 0 {
            self.lost.fetch_add(count, Ordering::AcqRel);
            let failing = self.failing.load(Ordering::Acquire);
            let mut last = self.reason.lock();
            if !failing {
                reason.clone_into(&mut last);
            }
            let reason = last.clone();
            drop(last);
            self.tell(LettersNews::Lost(count, reason));
        }
    }

    fn note(&self, path: &Path, trouble: Trouble<'_>) {
        match trouble {
            Trouble::Failed(error) => self.fails(format!("{}: {error}", path.display())),
            Trouble::Over => {
                self.failing.store(false, Ordering::Release);
                self.tell(LettersNews::Over);
            }
        }
    }

    fn tell(&self, news: LettersNews) {
        if let Some(tell) = self.tell.get() {
            tell(news);
        }
    }
}

impl DeadLetters {
    /// Letters for this file. They wait until the run has begun.
    pub fn new(file: DeadLetterFile) -> Self {
        let (outbox, inbox) = Outbox::new(WAITING);
        let waits = Mutex::new(Some(inbox));
        Self { file, outbox, waits, fate: Arc::default(), finished: Once::new() }
    }

    /// The file, for the letters of a run that begins anew after this one has [finished](Self::finish).
    pub fn file(&self) -> DeadLetterFile {
        self.file.clone()
    }

    fn path(&self) -> std::path::Display<'_> {
        self.file.path.display()
    }

    /// The run has begun: drops what was in the file before, or goes on after its last whole line
    /// if the run goes on with an earlier one. `tell` receives the news.
    ///
    /// # Errors
    ///
    /// The thread cannot be started.
    pub fn begin(&self, continues: bool, tell: Tell) -> io::Result<()> {
        let Some(inbox) = self.waits.lock().take() else { return Ok(()) };
        let file = self.file.clone();
        let _ = self.fate.tell.set(tell);
        let from = if continues { end_of_lines(&file.path) } else { Ok(0) };
        if let Err(error) = from.and_then(|from| cut(&file.file, from)) {
            self.fate.fails(format!("{}: {error}", file.path.display()));
        }
        let fate = Arc::clone(&self.fate);
        inbox.begin("wallaroo-letters", move |inbox| write(inbox, file, &fate))
    }

    /// Queues letters of a worker, which may wait for room for a while.
    pub fn write(&self, letters: impl Iterator<Item = Arc<DeadLetter>>) {
        let deadline = Instant::now() + PATIENCE;
        let refused = letters.filter(|letter| {
            !self.outbox.push_before(Arc::clone(letter), letter.weight(), deadline)
        });
        self.refuse(refused.count() as u64);
    }

    /// Queues a letter of a thread that must not wait.
    pub fn write_urgently(&self, letter: Arc<DeadLetter>) {
        let weight = letter.weight();
        self.refuse(u64::from(!self.outbox.push_urgently(letter, weight)));
    }

    fn refuse(&self, count: u64) {
        let path = self.path();
        self.fate.lose(count, &format!("{path} takes them too slowly, or not at all"));
    }

    /// Waits until the letters so far are written, for at most [`PATIENCE`] without progress.
    pub fn settle(&self) {
        self.outbox.settle(PATIENCE);
    }

    /// The last letters have come: waits until they are written, or lost. Only the first call does.
    pub fn finish(&self) {
        self.finished.call_once(|| {
            if !self.outbox.finish(PATIENCE) {
                // A thread that is blocked in a write cannot report it.
                let path = self.path();
                self.fate.lose(self.outbox.waiting(), &format!("{path} takes nothing any more"));
            }
        });
    }

    /// How many letters are lost.
    pub fn lost(&self) -> u64 {
        self.fate.lost.load(Ordering::Acquire)
    }

    /// Why not all letters are in the file; `None` if they are.
    pub fn trouble(&self) -> Option<DeadLettersLost> {
        let (lost, failing) = (self.lost(), self.fate.failing.load(Ordering::Acquire));
        (lost > 0 || failing).then(|| {
            let waiting = if failing { self.outbox.waiting() } else { 0 };
            DeadLettersLost { lost, waiting, reason: self.fate.reason.lock().clone() }
        })
    }
}

/// Writes letters until the last has come.
fn write(mut inbox: Inbox<Arc<DeadLetter>>, file: DeadLetterFile, fate: &Fate) {
    let DeadLetterFile { path, file, limit } = file;
    let mut file = Lasting::new(file);
    let mut lines = Vec::new();
    let mut ends = Vec::new();
    // A thread that finds no room counts its letters as lost.
    while let Some((letters, _)) = inbox.next(BATCH) {
        lines.clear();
        ends.clear();
        for letter in letters {
            let begin = lines.len();
            if let Err(error) = write_json(&mut lines, &*letter) {
                lines.truncate(begin);
                fate.lose(1, &error.to_string());
                continue;
            }
            lines.push(b'\n');
            ends.push(lines.len());
        }
        let room = file.length().map_or(u64::MAX, |length| limit.saturating_sub(length));
        let fit = ends.partition_point(|end| *end as u64 <= room);
        let beyond = (ends.len() - fit) as u64;
        ends.truncate(fit);
        let bytes = lines.get(..ends.last().copied().unwrap_or(0)).unwrap_or_default();
        let written = file.write(bytes, &inbox, &mut |trouble| fate.note(&path, trouble));
        let torn = ends.iter().filter(|end| **end > written).count() as u64;
        fate.lose(torn, "");
        let path = path.display();
        fate.lose(beyond, &format!("{path} has reached its limit, see --dead-letters-limit"));
        lines.shrink_to(4 * BATCH);
    }
}

/// The end of the last whole line of a regular file. A part of a line after it was left by a killed
/// process: its letter is written again, because no complete checkpoint covers it.
fn end_of_lines(path: &Path) -> io::Result<u64> {
    const PIECE: u64 = 64 * 1024;
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Ok(0);
    }
    let (mut file, mut end) = (File::open(path)?, metadata.len());
    while end > 0 {
        let begin = end.saturating_sub(PIECE);
        let mut piece = Vec::new();
        file.seek(SeekFrom::Start(begin))?;
        Read::by_ref(&mut file).take(end - begin).read_to_end(&mut piece)?;
        if let Some(at) = piece.iter().rposition(|byte| *byte == b'\n') {
            return Ok(begin + at as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}
