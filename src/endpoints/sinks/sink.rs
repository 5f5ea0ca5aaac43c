//! Sinks: opened once, then written with what the workers encode.
//!
//! The workers themselves write regular files (`to_sink`). Terminals, pipes and TCP receivers may block for any time:
//! each has a task.
//!
//! Outputs hold their frames' share of the budget until they are written, or acknowledged by a TCP receiver's system.
//! So a sink that cannot write holds back the sources of all pipelines that have it.

use std::fs::File;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use thiserror::Error;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::spawn_blocking;

use super::pending::{Pending, Todo};
use super::receiver::{self, resolve};
use super::shared_file::SharedFile;
use super::sink_log::SinkLog;
use super::to_sink::ToSink;
use crate::core::clock::Clock;
use crate::core::numbers::SinkPlace;
use crate::core::observer::Observer;
use crate::endpoints::endpoint::Endpoint;
use crate::endpoints::file::{claim, open_to_write};

/// A sink cannot be written any further.
#[derive(Debug, Error)]
#[error("cannot write to {endpoint}: {error}{}", hint(error))]
pub struct SinkFailure {
    /// Which sink.
    pub endpoint: Endpoint,
    /// Why.
    pub error: io::Error,
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::BrokenPipe => "; the program that read it has ended",
        io::ErrorKind::StorageFull => "; make room, or choose another place",
        _ => "",
    }
}

/// A sink that is ready to be written.
pub struct OpenSink {
    endpoint: Endpoint,
    way: Way,
}

/// How a sink's bytes leave.
enum Way {
    /// Not at all.
    Nowhere,
    /// As one stream.
    Stream(Box<dyn AsyncWrite + Send + Unpin>),
    /// To the regular file of this name, from this byte on: what stands there is dropped before anything is
    /// written.
    File(File, PathBuf, u64),
    /// To the receiver at an address, whenever there is one.
    Receiver(String),
}

/// What a sink does beside the workers until the last [`ToSink`] is gone. It fails if the sink cannot be written any
/// further. A missing receiver is no failure: the sink waits for it.
pub type SinkTask = Pin<Box<dyn Future<Output = Result<(), SinkFailure>> + Send>>;

impl OpenSink {
    /// Opens a sink: opens or makes its file, or looks up its address. The file is not changed until the
    /// sink runs, and no receiver has to listen at the address yet.
    ///
    /// # Errors
    ///
    /// The file cannot be opened or made, or the address is unknown.
    pub async fn open(endpoint: &Endpoint) -> io::Result<Self> {
        let way = match endpoint {
            Endpoint::Null => Way::Nowhere,
            Endpoint::Standard => Way::Stream(Box::new(tokio::io::stdout())),
            Endpoint::File(path) => {
                let name = path.clone();
                // Not on this thread: opening a pipe blocks until it has a reader.
                let file = spawn_blocking(move || open_to_write(&name)).await??;
                if file.metadata()?.is_file() {
                    Way::File(file, path.clone(), 0)
                } else {
                    Way::Stream(Box::new(tokio::fs::File::from_std(file)))
                }
            }
            Endpoint::Tcp(address) => {
                resolve(address).await?;
                Way::Receiver(address.clone())
            }
        };
        Ok(Self { endpoint: endpoint.clone(), way })
    }

    /// The length of the sink's file in bytes. `None` if it is not a regular file.
    ///
    /// # Errors
    ///
    /// The length cannot be found out.
    pub fn file(&self) -> io::Result<Option<u64>> {
        match &self.way {
            Way::File(file, ..) => Ok(Some(file.metadata()?.len())),
            Way::Nowhere | Way::Stream(_) | Way::Receiver(_) => Ok(None),
        }
    }

    /// Locks the sink's file for this run.
    ///
    /// # Errors
    ///
    /// Another run writes to it.
    pub fn claim(&self) -> io::Result<()> {
        match &self.way {
            Way::File(file, ..) => claim(file),
            Way::Nowhere | Way::Stream(_) | Way::Receiver(_) => Ok(()),
        }
    }

    /// Lets the sink begin at this byte of its file. What is behind it is cut off when the sink runs.
    pub fn begin_at(&mut self, offset: u64) {
        if let Way::File(.., from) = &mut self.way {
            *from = offset;
        }
    }

    /// Begins: returns where its outputs go, and what it does beside the workers, if it does anything. Its
    /// file is cut back to where it begins when that runs, or with the first output. With `sync`, a file's
    /// bytes are on the disk before they are reported.
    pub fn begin(
        self,
        place: SinkPlace,
        clock: Arc<dyn Clock + Send + Sync>,
        observer: Arc<dyn Observer>,
        sync: bool,
    ) -> (ToSink, Option<SinkTask>) {
        let Self { endpoint, way } = self;
        let log = SinkLog::new(place, &endpoint, observer, clock);
        match way {
            Way::Nowhere => (ToSink::nowhere(log), None),
            Way::Stream(mut writer) => {
                let (send, orders) = unbounded_channel();
                let run = async move {
                    let mut pending = Pending::new(orders, &log);
                    write_to_the_end(&mut *writer, &mut pending, &log).await
                };
                (ToSink::task(send), Some(task(endpoint, run)))
            }
            Way::File(file, path, from) => {
                let (send, reports) = unbounded_channel();
                let (file, failure) = SharedFile::new(file, &path, from, log);
                let file = Arc::new(file);
                let follower = Arc::clone(&file);
                let run = async move { follower.follow(reports, failure, sync).await };
                (ToSink::file(file, send), Some(task(endpoint, run)))
            }
            Way::Receiver(address) => {
                let (send, orders) = unbounded_channel();
                let run = async move {
                    receiver::send(&address, orders, &log).await;
                    Ok(())
                };
                (ToSink::task(send), Some(task(endpoint, run)))
            }
        }
    }
}

fn task(
    endpoint: Endpoint,
    run: impl Future<Output = io::Result<()>> + Send + 'static,
) -> SinkTask {
    Box::pin(async move { run.await.map_err(|error| SinkFailure { endpoint, error }) })
}

/// Writes all outputs to what cannot be cut back.
async fn write_to_the_end(
    writer: &mut (dyn AsyncWrite + Send + Unpin),
    pending: &mut Pending<'_>,
    log: &SinkLog,
) -> io::Result<()> {
    loop {
        match pending.fill().await {
            Todo::Write => {}
            // The receiver is gone if the engine is ending.
            Todo::Report(reply) => {
                let _ = reply.send(None);
                continue;
            }
            Todo::End => break,
        }
        let write = async {
            writer.write_all(pending.bytes()).await?;
            writer.flush().await
        };
        log.stalls(write).await?;
        pending.written();
    }
    writer.shutdown().await
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use tokio::task::JoinHandle;
    use tokio::time::sleep;

    use super::*;
    use crate::core::clock::Still;
    use crate::core::frames::Frames;
    use crate::core::frames::pieces::Pieces;
    use crate::core::numbers::{PipelineIndex, SequenceNumber, SinkIndex, Timestamp};
    use crate::core::observer::Unwatched;
    use crate::core::steps::batch::Output;

    fn output(text: &str) -> Output {
        let (source, first) = ("test".into(), SequenceNumber(1));
        let frames = Arc::new(Frames::new(source, first, Timestamp(0), 0, Pieces::default()));
        let pieces: Pieces<Vec<u8>> =
            Pieces::new(text.into(), vec![u32::try_from(text.len()).unwrap()], 0);
        Output {
            pipeline: PipelineIndex(0),
            sink: SinkIndex(0),
            frames,
            pieces: pieces.into(),
            traces: Vec::new(),
        }
    }

    /// A sink to this file, and what it does beside the workers.
    async fn begun(path: &Path) -> (ToSink, JoinHandle<Result<(), SinkFailure>>) {
        let sink = OpenSink::open(&Endpoint::File(path.to_owned())).await.unwrap();
        let (clock, observer) = (Arc::new(Still), Arc::new(Unwatched));
        let (to_sink, task) = sink.begin(SinkPlace::default(), clock, observer, true);
        (to_sink, tokio::spawn(task.unwrap()))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_checkpoint_finds_out_what_was_told_of_the_file_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outputs");
        let (sink, running) = begun(&path).await;
        sink.write(output("a"));
        assert_eq!(sink.report().await, Ok(Some(1)));
        std::fs::remove_file(&path).unwrap();
        // The sink looks at its file with the first output after a while, with no checkpoint in between.
        sleep(crate::endpoints::sinks::watched::LOOK + Duration::from_millis(50)).await;
        sink.write(output("b"));
        assert!(sink.report().await.is_err(), "what was written to no file counts");
        let error = running.await.unwrap().unwrap_err().to_string();
        assert!(error.contains("was removed while it is written"), "{error}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_report_counts_what_was_written_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outputs");
        std::fs::write(&path, "of an earlier run").unwrap();
        let (sink, running) = begun(&path).await;
        sink.write(output("a"));
        let reported = sink.report();
        sink.write(output("bc"));
        assert_eq!(reported.await, Ok(Some(1)));
        drop(sink);
        running.await.unwrap().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "abc");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_file_is_emptied_also_where_nothing_is_written_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outputs");
        std::fs::write(&path, "of an earlier run").unwrap();
        let (sink, running) = begun(&path).await;
        drop(sink);
        running.await.unwrap().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_file_that_cannot_be_written_ends_the_run_and_takes_nothing_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outputs");
        std::fs::write(&path, "").unwrap();
        let way = Way::File(File::open(&path).unwrap(), path.clone(), 0);
        let sink = OpenSink { endpoint: Endpoint::File(path), way };
        let (clock, observer) = (Arc::new(Still), Arc::new(Unwatched));
        let (sink, task) = sink.begin(SinkPlace::default(), clock, observer, false);
        sink.write(output("a"));
        sink.write(output("b"));
        assert!(sink.report().await.is_err());
        drop(sink);
        let error = task.unwrap().await.unwrap_err().to_string();
        assert!(error.contains("cannot write to file:"), "{error}");
    }
}
