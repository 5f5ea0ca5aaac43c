//! A regular file, or the numbers of messages that a source makes itself. The workers read it when they want frames, one
//! worker at a time: a disk does not block for long, and what is read is processed while it is in the cache.
//!
//! If the budget is used up, the source's task takes over: it waits for the budget like those of other sources, and
//! reports if that takes long. Invariants: a worker has the reader, or its place, or the task; what it has cut enters
//! before more is read. So frames keep their order.

use std::io::{self, Read};
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep};

use super::intake::{Connection, Fetch, Intake};
use super::stream::{StreamEnd, over};
use crate::core::event::EngineEvent;
use crate::core::frames::Frames;
use crate::core::frames::assembler::{Assembler, Broken, SourceEnd};
use crate::core::frames::pieces::Pieces;
use crate::core::frames::wrapping::Wrapping;
use crate::core::numbers::Timestamp;
use crate::endpoints::stalls::Stalls;

/// How much is read at once: one batch of short frames, so that they are processed at once.
const BLOCK: usize = 36 * 1024;

/// The max wait for a read that is under way when the run is stopped. After that the run fails: a disk that hangs
/// may never answer, and what was not read can be read by a later run.
const LAST_READ: Duration = Duration::from_secs(10);

/// The wait between two tries.
const TRY_AGAIN: Duration = Duration::from_millis(10);

/// A regular file that is read by a worker.
struct PlainFile {
    name: Arc<str>,
    connection: Connection,
    intake: Arc<Intake>,
    /// `None` while the task has it.
    reader: Mutex<Option<Reader>>,
    stalls: Stalls,
    hand: UnboundedSender<Handed>,
}

/// What the worker hands to the task.
enum Handed {
    /// There is no budget for these frames.
    Full(Reader, Pieces),
    /// Nothing more can be read.
    Over(Reader, FileEnd),
}

/// Why nothing more can be read.
enum FileEnd {
    Ended,
    Stopped,
    Failed(io::Error),
    /// What comes next is not a frame.
    Broken(Broken),
}

/// Reads a file, and cuts what it has read.
struct Reader {
    file: Box<dyn Read + Send>,
    assembler: Assembler,
    /// When the last bytes were read.
    read_at: Timestamp,
    /// Frames that have not entered.
    cut: Pieces,
}

impl Reader {
    /// The next frames of those that have been read: at most this many bytes, but at least one frame.
    fn next_cut(&mut self, most: usize) -> Result<Option<Pieces>, Broken> {
        if self.cut.is_empty() {
            match self.assembler.cut()? {
                Some(cut) => self.cut = cut,
                None => return Ok(None),
            }
        }
        Ok(self.cut.take_first(most))
    }

    /// Reads a block. Returns its length.
    fn read(&mut self, intake: &Intake) -> io::Result<usize> {
        let buffer = self.assembler.buffer();
        let begin = buffer.len();
        buffer.resize(begin + BLOCK, 0);
        let read = loop {
            match self.file.read(buffer.get_mut(begin..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        buffer.truncate(begin + read.as_ref().copied().unwrap_or(0));
        self.read_at = intake.clock.now();
        read
    }

    /// The next frames. Reads if necessary.
    fn next(&mut self, intake: &Intake) -> Result<Pieces, FileEnd> {
        loop {
            match self.next_cut(intake.portion()) {
                Ok(Some(portion)) => return Ok(portion),
                Ok(None) => match self.read(intake) {
                    Ok(0) => match self.assembler.last() {
                        Ok(Some(last)) => return Ok(last),
                        Ok(None) => return Err(FileEnd::Ended),
                        Err(broken) => return Err(FileEnd::Broken(broken)),
                    },
                    Ok(_) => {}
                    Err(error) => return Err(FileEnd::Failed(error)),
                },
                Err(broken) => return Err(FileEnd::Broken(broken)),
            }
        }
    }
}

impl Fetch for PlainFile {
    fn fetch(&self, enter: &mut dyn FnMut(Frames)) {
        let mut place = self.reader.lock();
        if *self.intake.stop.borrow() {
            // Nothing more is read: the task takes the reader.
            return;
        }
        let Some(mut reader) = place.take() else { return };
        self.stalls.come();
        self.stalls.begin();
        let next = reader.next(&self.intake);
        self.stalls.end();
        let handed = match next {
            Ok(portion) => match self.intake.try_admit(&self.name, portion, reader.read_at) {
                Ok(frames) => {
                    *place = Some(reader);
                    // While the place is locked: the next to take the reader may let more frames enter.
                    return enter(frames);
                }
                Err(portion) => Handed::Full(reader, portion),
            },
            Err(end) => Handed::Over(reader, end),
        };
        // If the task is gone, it was ended with the engine.
        drop(self.hand.send(handed));
    }
}

impl PlainFile {
    /// Lets what has been read enter, as with other sources that are stopped.
    async fn enter_rest(&self, reader: &mut Reader) -> FileEnd {
        loop {
            match reader.next_cut(usize::MAX) {
                Ok(Some(cut)) => self.deliver(cut, reader.read_at).await,
                Ok(None) => return FileEnd::Stopped,
                Err(broken) => return FileEnd::Broken(broken),
            }
        }
    }

    async fn deliver(&self, cut: Pieces, read_at: Timestamp) {
        self.intake.deliver(&self.name, self.connection, cut, read_at, false).await;
    }

    fn finish(&self, reader: Reader, end: FileEnd) -> io::Result<StreamEnd> {
        let (end, failure) = match end {
            FileEnd::Ended => (SourceEnd::Ended, None),
            FileEnd::Stopped => (SourceEnd::Stopped, None),
            FileEnd::Failed(error) => (SourceEnd::Failed, Some(error)),
            FileEnd::Broken(broken) => {
                return Ok(StreamEnd::NoFrame(self.intake.no_frame(&self.name, broken)));
            }
        };
        over(reader.assembler, end, failure, &self.name, self.connection, &self.intake)
    }
}

/// Takes the reader from its place when the stop has come. `None` if the task is given it.
async fn take_back<T>(reader: &Mutex<Option<T>>) -> io::Result<Option<T>> {
    let began = Instant::now();
    loop {
        // A worker that reads has locked it.
        if let Some(mut place) = reader.try_lock() {
            return Ok(place.take());
        }
        if began.elapsed() >= LAST_READ {
            let waited = began.elapsed().as_secs();
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!(
                    "a read has not returned for {waited} s after the stop: the disk or the \
                     file server does not answer; start again when it does"
                ),
            ));
        }
        sleep(TRY_AGAIN).await;
    }
}

/// Has a file, or what is read like one, read by the pipeline's worker, from byte `from` on, to its end or until the run
/// is stopped.
///
/// # Errors
///
/// The file cannot be read any further.
pub(super) async fn read_plain_file(
    file: Box<dyn Read + Send>,
    name: &Arc<str>,
    from: u64,
    intake: &Arc<Intake>,
) -> io::Result<StreamEnd> {
    let (hand, mut handed) = unbounded_channel();
    let (assembler, read_at) = (intake.assembler(from), intake.clock.now());
    let reader = Reader { file, assembler, read_at, cut: Pieces::default() };
    let plain = Arc::new(PlainFile {
        name: Arc::clone(name),
        connection: intake.connect(true),
        intake: Arc::clone(intake),
        reader: Mutex::new(Some(reader)),
        stalls: Stalls::default(),
        hand,
    });
    let tell = |stalled| {
        if intake.framing.wrapping() == Wrapping::Number {
            // There is no disk for which it waits.
            return;
        }
        let (pipeline, file) = (intake.pipeline, Arc::clone(name));
        intake.observer.event(EngineEvent::Reading { pipeline, file, stalled });
    };
    let mut stalls = pin!(plain.stalls.tell(tell));
    loop {
        // The fetching worker does not keep it alive: it ends with this task.
        let fetched: Weak<PlainFile> = Arc::downgrade(&plain);
        intake.delivery.fetch_from(plain.connection, fetched);
        let handed = tokio::select! {
            biased;
            () = intake.stopped() => match take_back(&plain.reader).await? {
                Some(mut reader) => {
                    let end = plain.enter_rest(&mut reader).await;
                    return plain.finish(reader, end);
                }
                // A worker has just handed it over.
                None => handed.recv().await,
            },
            handed = handed.recv() => handed,
            never = &mut stalls => match never {},
        };
        match handed {
            Some(Handed::Full(reader, portion)) => {
                plain.deliver(portion, reader.read_at).await;
                *plain.reader.lock() = Some(reader);
            }
            Some(Handed::Over(reader, end)) => return plain.finish(reader, end),
            None => unreachable!("the file itself keeps the other end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stop_does_not_wait_for_a_read_that_never_returns() {
        let place = Mutex::new(Some("reader"));
        assert_eq!(take_back(&place).await.unwrap(), Some("reader"));
        // The worker never unlocks it.
        std::mem::forget(place.lock());
        let error = take_back(&place).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
