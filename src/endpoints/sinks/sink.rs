//! Sinks: opened once, then written with what the workers encode.
//!
//! Outputs hold their frames' share of the budget until they are written, or acknowledged by a TCP
//! receiver's system. So a sink that cannot write holds back its pipeline's sources.

use std::fs::File;
use std::io;
use std::sync::Arc;

use thiserror::Error;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::pending::{Pending, SinkOrder, Todo};
use super::receiver::{self, resolve};
use super::sink_log::SinkLog;
use super::watched::Watched;
use crate::core::clock::Clock;
use crate::core::event::SinkNews;
use crate::core::numbers::{PipelineIndex, SinkIndex};
use crate::core::observer::Observer;
use crate::endpoints::endpoint::Endpoint;
use crate::endpoints::file::{claim, cut, open_to_write};

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
    /// As one stream.
    Stream(Box<dyn AsyncWrite + Send + Unpin>),
    /// To a file, from this byte on: what stands there is dropped before anything is written.
    File(File, u64),
    /// To the receiver at an address, whenever there is one.
    Receiver(String),
}

impl OpenSink {
    /// Opens a sink: opens or makes its file, or looks up its address. The file is not changed until the
    /// sink runs, and no receiver has to listen at the address yet.
    ///
    /// # Errors
    ///
    /// The file cannot be opened or made, or the address is unknown.
    pub async fn open(endpoint: &Endpoint) -> io::Result<Self> {
        let way = match endpoint {
            Endpoint::Null => Way::Stream(Box::new(tokio::io::sink())),
            Endpoint::Standard => Way::Stream(Box::new(tokio::io::stdout())),
            Endpoint::File(path) => {
                let path = path.clone();
                // On another thread: opening a pipe blocks until it has a reader.
                let file = spawn_blocking(move || open_to_write(&path)).await??;
                Way::File(file, 0)
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
            Way::File(file, _) => {
                let metadata = file.metadata()?;
                Ok(metadata.is_file().then_some(metadata.len()))
            }
            Way::Stream(_) | Way::Receiver(_) => Ok(None),
        }
    }

    /// Locks the sink's file for this run.
    ///
    /// # Errors
    ///
    /// Another run writes to it.
    pub fn claim(&self) -> io::Result<()> {
        match &self.way {
            Way::File(file, _) => claim(file),
            Way::Stream(_) | Way::Receiver(_) => Ok(()),
        }
    }

    /// Lets the sink begin at this byte of its file. What is behind it is cut off when the sink runs.
    pub fn begin_at(&mut self, offset: u64) {
        if let Way::File(_, from) = &mut self.way {
            *from = offset;
        }
    }

    /// Cuts the sink's file to the byte at which it begins, and writes outputs until all senders of orders
    /// are dropped.
    ///
    /// # Errors
    ///
    /// The sink cannot be written any further. A missing receiver is no error: the sink waits for it.
    pub async fn run(
        self,
        pipeline: PipelineIndex,
        sink: SinkIndex,
        orders: UnboundedReceiver<SinkOrder>,
        clock: Arc<dyn Clock + Send + Sync>,
        observer: Arc<dyn Observer>,
        sync: bool,
    ) -> Result<(), SinkFailure> {
        let Self { endpoint, way } = self;
        let log = SinkLog::new(pipeline, sink, &endpoint, &*observer, &*clock);
        let written = match way {
            Way::Stream(mut writer) => {
                let mut pending = Pending::new(orders, 0, &log);
                write_to_the_end(&mut *writer, &mut pending, &log).await
            }
            Way::File(file, from) => {
                let mut pending = Pending::new(orders, from, &log);
                let watched = match &endpoint {
                    Endpoint::File(path) => Watched::new(path, &file),
                    _ => None,
                };
                write_file(file, watched, sync, &mut pending, &log).await
            }
            Way::Receiver(address) => {
                receiver::send(&address, orders, &log).await;
                Ok(())
            }
        };
        written.map_err(|error| SinkFailure { endpoint: endpoint.clone(), error })
    }
}

/// Writes all outputs to a file. With `sync`, they are on the disk before a report is answered. If another
/// program has removed, replaced or changed the file, a report is an error, because a checkpoint relies on
/// what was written. Without reports it is only reported once: a log that is rotated is nothing unusual.
async fn write_file(
    file: File,
    mut watched: Option<Watched>,
    sync: bool,
    pending: &mut Pending<'_>,
    log: &SinkLog<'_>,
) -> io::Result<()> {
    cut(&file, pending.offset())?;
    let plain = file.metadata()?.is_file();
    let mut writer = tokio::fs::File::from_std(file);
    loop {
        match write_stream(&mut writer, &mut watched, pending, log).await? {
            None => return Ok(()),
            Some(reply) => {
                if let Some(watched) = &mut watched
                    && let Some(astray) = watched.look(pending.offset()).await
                {
                    return Err(io::Error::other(format!(
                        "it {astray}; bring it back as it was at the last checkpoint, or choose another place"
                    )));
                }
                if sync && plain {
                    writer.sync_data().await?;
                }
                // An error means that the engine is ending.
                let _ = reply.send(plain.then(|| pending.offset()));
            }
        }
    }
}

/// Writes all outputs to a stream, which cannot be cut back.
async fn write_to_the_end(
    writer: &mut (dyn AsyncWrite + Send + Unpin),
    pending: &mut Pending<'_>,
    log: &SinkLog<'_>,
) -> io::Result<()> {
    while let Some(reply) = write_stream(writer, &mut None, pending, log).await? {
        let _ = reply.send(None);
    }
    Ok(())
}

/// Writes outputs until a report is due, which is returned, or all are written.
async fn write_stream(
    writer: &mut (dyn AsyncWrite + Send + Unpin),
    watched: &mut Option<Watched>,
    pending: &mut Pending<'_>,
    log: &SinkLog<'_>,
) -> io::Result<Option<oneshot::Sender<Option<u64>>>> {
    loop {
        match pending.fill().await {
            Todo::Write => {}
            Todo::Report(reply) => return Ok(Some(reply)),
            Todo::End => break,
        }
        let write = async {
            writer.write_all(pending.bytes()).await?;
            writer.flush().await
        };
        log.stalls(write).await?;
        pending.written();
        if watched.as_ref().is_some_and(Watched::is_due) {
            tell_astray(watched, pending.offset(), log).await;
        }
    }
    writer.shutdown().await?;
    tell_astray(watched, pending.offset(), log).await;
    Ok(None)
}

/// Reports what another program did to the file, each kind once.
async fn tell_astray(watched: &mut Option<Watched>, length: u64, log: &SinkLog<'_>) {
    if let Some(file) = watched
        && let Some(astray) = file.news(length).await
    {
        log.tell(SinkNews::Astray(astray.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc::unbounded_channel;
    use tokio::time::sleep;

    use super::*;
    use crate::core::frames::Frames;
    use crate::core::frames::pieces::Pieces;
    use crate::core::numbers::{SequenceNumber, Timestamp};
    use crate::core::observer::Unwatched;
    use crate::core::steps::batch::Output;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::default()
        }
    }

    fn write(text: &str) -> SinkOrder {
        let (source, first) = ("test".into(), SequenceNumber(1));
        let frames = Arc::new(Frames::new(source, first, Timestamp(0), 0, Pieces::default()));
        let pieces: Pieces<Vec<u8>> =
            Pieces::new(text.into(), vec![u32::try_from(text.len()).unwrap()], 0);
        let pieces = pieces.into();
        SinkOrder::Write(Output { sink: SinkIndex(0), frames, pieces, traces: Vec::new() })
    }

    #[tokio::test]
    async fn a_checkpoint_finds_out_what_was_told_of_the_file_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outputs");
        let sink = OpenSink::open(&Endpoint::File(path.clone())).await.unwrap();
        let (send, orders) = unbounded_channel();
        let (pipeline, index) = (PipelineIndex(0), SinkIndex(0));
        let (clock, observer) = (Arc::new(Still), Arc::new(Unwatched));
        let run = sink.run(pipeline, index, orders, clock, observer, false);
        let running = tokio::spawn(run);
        let report = async || {
            let (reply, reported) = oneshot::channel();
            // A sink that has failed takes nothing.
            let _ = send.send(SinkOrder::Report(reply));
            reported.await
        };
        send.send(write("a")).unwrap();
        assert_eq!(report().await, Ok(Some(1)));
        std::fs::remove_file(&path).unwrap();
        // The sink looks at its file with the first output after a while, with no checkpoint in between.
        sleep(crate::endpoints::sinks::watched::LOOK + Duration::from_millis(50)).await;
        send.send(write("b")).unwrap();
        assert!(report().await.is_err(), "what was written to no file counts");
        let error = running.await.unwrap().unwrap_err().to_string();
        assert!(error.contains("was removed while it is written"), "{error}");
    }
}
