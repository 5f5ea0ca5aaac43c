//! A regular file that the workers write. Each worker writes the outputs that it makes.
//!
//! Invariants: outputs are written one after another, each batch as a whole; what counts as written is what
//! the file has. After a failure nothing more is written, and the run ends with it.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::task::{block_in_place, spawn_blocking};

use super::pending::Reply;
use super::sink_log::SinkLog;
use super::watched::Watched;
use crate::core::event::SinkNews;
use crate::core::steps::batch::Output;
use crate::endpoints::file::cut;
use crate::endpoints::stalls::Stalls;

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
    stalls: Stalls,
}

struct Writing {
    /// Whether what stood behind the beginning is cut off.
    is_cut: bool,
    /// How many bytes the file has.
    length: u64,
    watched: Option<Watched>,
    /// Where the failure is sent; `None` after it. Only a panic of a write drops it.
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
        let (file, stalls) = (Arc::new(file), Stalls::default());
        (Self { file, log, writing, stalls }, failure)
    }

    /// Writes outputs. If that fails, the run is ending.
    pub fn write(&self, output: &Output) {
        self.stalls.come();
        let mut writing = self.writing.lock();
        self.stalls.begin();
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
        self.stalls.end();
    }

    /// How many bytes the file has. It is a failure if it is no longer the file that was opened: a checkpoint relies on
    /// this length. Returns `None` after a failure.
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

    /// Reports if the file is not what it should be: without a checkpoint that is no failure, as people do rename an
    /// output while it is written.
    fn tell_astray(&self, writing: &mut Writing) {
        if let Some(file) = &mut writing.watched
            && let Some(astray) = file.news(writing.length)
        {
            self.log.tell(SinkNews::Astray(astray.to_string()));
        }
    }

    /// Follows the writes until the last `ToSink` is gone. Answers reports, with `sync` when the bytes are on the disk,
    /// and tells the observer if a write takes long.
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
        // So that the file is cut even if nothing is ever written.
        block_in_place(|| self.attempt(&mut self.writing.lock(), |_| Ok(())));
        let tell = |stalled| {
            self.log.tell(if stalled { SinkNews::Stalled } else { SinkNews::Ready });
        };
        let mut stalls = pin!(self.stalls.tell(tell));
        loop {
            let Reported { length, reply } = tokio::select! {
                biased;
                error = &mut failure => return Err(error.unwrap_or_else(|_| panicked())),
                report = reports.recv() => match report {
                    Some(report) => report,
                    None => break,
                },
                never = &mut stalls => match never {},
            };
            if sync {
                let file = Arc::clone(&self.file);
                tokio::select! {
                    biased;
                    error = &mut failure => return Err(error.unwrap_or_else(|_| panicked())),
                    synced = spawn_blocking(move || file.sync_data()) => synced??,
                    never = &mut stalls => match never {},
                }
            }
            // The receiver is gone if the engine is ending.
            let _ = reply.send(Some(length));
        }
        match failure.try_recv() {
            Ok(error) => return Err(error),
            Err(TryRecvError::Closed) => return Err(panicked()),
            Err(TryRecvError::Empty) => {}
        }
        block_in_place(|| self.tell_astray(&mut self.writing.lock()));
        Ok(())
    }
}

/// The failure of a worker that panicked as it wrote: how much of the outputs the file has is not known.
fn panicked() -> io::Error {
    io::Error::other("a worker panicked while it wrote")
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::core::clock::Still;
    use crate::core::numbers::SinkPlace;
    use crate::core::observer::Unwatched;
    use crate::endpoints::Endpoint;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_panic_while_outputs_are_written_ends_the_run_with_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let endpoint = Endpoint::File(file.path().to_owned());
        let place = SinkPlace::default();
        let log = SinkLog::new(place, &endpoint, Arc::new(Unwatched), Arc::new(Still));
        let (shared, failure) = SharedFile::new(file.reopen().unwrap(), file.path(), 0, log);
        let panics = AssertUnwindSafe(|| {
            shared
                .attempt(&mut shared.writing.lock(), |_| -> io::Result<()> { panic!("on purpose") })
        });
        assert!(catch_unwind(panics).is_err());
        assert_eq!(shared.length(), None, "nothing counts after it");
        let (send, reports) = unbounded_channel();
        let error = shared.follow(reports, failure, true).await.unwrap_err().to_string();
        assert!(error.contains("panicked"), "{error}");
        drop(send);
    }
}
