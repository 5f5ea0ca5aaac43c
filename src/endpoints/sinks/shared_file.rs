//! A regular file that the workers write. Each worker writes the outputs that it makes.
//!
//! Invariants: outputs are written one after another, each batch as a whole; what counts as written is what
//! the file has. After a failure nothing more is written, and the run ends with it.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Notify, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::pending::Reply;
use super::sink_log::SinkLog;
use super::watched::Watched;
use crate::core::event::SinkNews;
use crate::core::steps::batch::Output;
use crate::endpoints::backoff::PATIENCE;
use crate::endpoints::file::cut;

/// Asks for an answer when the first bytes of the file, up to this number, are as safe as they have to be.
pub(crate) struct Reported {
    pub length: u64,
    pub reply: Reply,
}

/// A regular file that the workers write.
pub(crate) struct SharedFile {
    file: Arc<File>,
    log: SinkLog,
    writing: Mutex<Writing>,
    /// How many writes have begun, and how many of them are done.
    begun: AtomicU64,
    done: AtomicU64,
    /// Whether a write has begun since the last check for slow writes.
    active: AtomicBool,
    activity: Notify,
}

struct Writing {
    /// Whether what stood behind the beginning is cut off.
    is_cut: bool,
    /// How many bytes the file has.
    length: u64,
    watched: Option<Watched>,
    /// Where the failure is sent; `None` after it.
    failed: Option<oneshot::Sender<io::Error>>,
}

impl SharedFile {
    /// The file that is open under this name, to be written from byte `from` on: what stands there is dropped
    /// first. Returns also where its failure will be told.
    pub fn new(
        file: File,
        path: &Path,
        from: u64,
        log: SinkLog,
    ) -> (Self, oneshot::Receiver<io::Error>) {
        let (failed, failure) = oneshot::channel();
        let (watched, failed) = (Watched::new(path, &file), Some(failed));
        let writing = Mutex::new(Writing { is_cut: false, length: from, watched, failed });
        let (begun, done) = (AtomicU64::new(0), AtomicU64::new(0));
        let (active, activity) = (AtomicBool::new(false), Notify::new());
        let file = Arc::new(file);
        (Self { file, log, writing, begun, done, active, activity }, failure)
    }

    /// Writes outputs. If that fails, the run is ending.
    pub fn write(&self, output: &Output) {
        if !self.active.swap(true, Ordering::AcqRel) {
            self.activity.notify_one();
        }
        let mut writing = self.writing.lock();
        self.begun.fetch_add(1, Ordering::AcqRel);
        self.attempt(&mut writing, |writing| {
            let bytes = output.pieces.bytes();
            (&*self.file).write_all(bytes)?;
            writing.length += bytes.len() as u64;
            // Before others write, so that observers get the outputs in order.
            self.log.written(output);
            if writing.watched.as_ref().is_some_and(Watched::is_due) {
                self.tell_astray(writing);
            }
            Ok(())
        });
        self.done.fetch_add(1, Ordering::AcqRel);
    }

    /// How many bytes the file has. If it is no longer the file that was opened, that is a failure if
    /// somebody relies on what was written to it. Otherwise it is reported once: renaming an output
    /// while it is written is not unusual. Returns `None` after a failure.
    pub fn length(&self) -> Option<u64> {
        self.attempt(&mut self.writing.lock(), |writing| {
            let astray = writing.watched.as_mut().and_then(|file| file.look(writing.length));
            match astray {
                None => Ok(writing.length),
                Some(astray) => Err(io::Error::other(format!(
                    "it {astray}; bring it back as it was at the last checkpoint, or choose another place"
                ))),
            }
        })
    }

    /// Does something with the file, which is cut before the first use. Returns `None` after a failure.
    fn attempt<T>(
        &self,
        writing: &mut Writing,
        attempt: impl FnOnce(&mut Writing) -> io::Result<T>,
    ) -> Option<T> {
        let failed = writing.failed.take()?;
        let outcome = if writing.is_cut { Ok(()) } else { cut(&self.file, writing.length) };
        writing.is_cut = true;
        match outcome.and_then(|()| attempt(writing)) {
            Ok(value) => {
                writing.failed = Some(failed);
                Some(value)
            }
            Err(error) => {
                // If the engine is gone, it needs no reason to end.
                let _ = failed.send(error);
                None
            }
        }
    }

    /// Reports if the file is not what it should be, once per kind of problem.
    fn tell_astray(&self, writing: &mut Writing) {
        if let Some(file) = &mut writing.watched
            && let Some(astray) = file.news(writing.length)
        {
            self.log.tell(SinkNews::Astray(astray.to_string()));
        }
    }

    /// Follows the writes until nobody can write any more. Answers reports, with `sync` when the bytes are
    /// on the disk, and reports if a write takes long.
    ///
    /// # Errors
    ///
    /// The file cannot be written any further.
    pub async fn follow(
        &self,
        mut reports: UnboundedReceiver<Reported>,
        mut failure: oneshot::Receiver<io::Error>,
        sync: bool,
    ) -> io::Result<()> {
        // It is emptied even if nothing is ever written.
        self.attempt(&mut self.writing.lock(), |_| Ok(()));
        let mut stalls = pin!(self.tell_stalls());
        loop {
            let Reported { length, reply } = tokio::select! {
                biased;
                Ok(error) = &mut failure => return Err(error),
                report = reports.recv() => match report {
                    Some(report) => report,
                    None => break,
                },
                never = &mut stalls => match never {},
            };
            if sync {
                let file = Arc::clone(&self.file);
                spawn_blocking(move || file.sync_data()).await??;
            }
            // Nobody waits if the engine is ending.
            let _ = reply.send(Some(length));
        }
        if let Ok(error) = failure.try_recv() {
            return Err(error);
        }
        self.tell_astray(&mut self.writing.lock());
        Ok(())
    }

    /// Reports if a write takes long, and when that is over. Sleeps while nothing is written.
    async fn tell_stalls(&self) -> Infallible {
        let mut stalled = false;
        loop {
            let before = self.begun.load(Ordering::Acquire);
            let under_way = || self.done.load(Ordering::Acquire) != before;
            if !under_way() && !stalled && !self.active.swap(false, Ordering::AcqRel) {
                self.activity.notified().await;
                continue;
            }
            sleep(PATIENCE).await;
            let stuck = self.begun.load(Ordering::Acquire) == before && under_way();
            match (stalled, stuck) {
                (false, true) => self.log.tell(SinkNews::Stalled),
                (true, false) => self.log.tell(SinkNews::Ready),
                (true, true) | (false, false) => {}
            }
            stalled = stuck;
        }
    }
}
