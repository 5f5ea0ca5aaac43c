//! Sinks: open once, then write what the workers encode.
//!
//! Outputs hold the room of the frames that they were made of until they are written: a sink that
//! cannot write holds back its pipeline's sources by doing nothing.

use std::fs::File;
use std::io;
use std::sync::Arc;

use thiserror::Error;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::spawn_blocking;

use super::endpoint::Endpoint;
use super::file::{empty, open_to_write};
use super::pending::Pending;
use super::receiver::{self, resolve};
use super::sink_log::SinkLog;
use crate::core::batch::Output;
use crate::core::clock::Clock;
use crate::core::numbers::PipelineIndex;
use crate::core::observer::Observer;

/// A sink that cannot be written any further.
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
    /// As one stream; the file is to be emptied before anything is written.
    Stream(Box<dyn AsyncWrite + Send + Unpin>, Option<File>),
    /// To the receiver at an address, whenever there is one.
    Receiver(String),
}

impl OpenSink {
    /// Opens a sink: opens or makes its file, or looks up its address. What is in the file stays
    /// there until the sink runs, and nobody has to listen at the address yet.
    ///
    /// # Errors
    ///
    /// The file can neither be opened nor made, or there is no such address.
    pub async fn open(endpoint: &Endpoint) -> io::Result<Self> {
        let way = match endpoint {
            Endpoint::Null => Way::Stream(Box::new(tokio::io::sink()), None),
            Endpoint::Standard => Way::Stream(Box::new(tokio::io::stdout()), None),
            Endpoint::File(path) => {
                let path = path.clone();
                // Not here: to open a pipe is to wait for who reads it.
                let file = spawn_blocking(move || open_to_write(&path)).await??;
                let opened = file.try_clone()?;
                Way::Stream(Box::new(tokio::fs::File::from_std(file)), Some(opened))
            }
            Endpoint::Tcp(address) => {
                resolve(address).await?;
                Way::Receiver(address.clone())
            }
        };
        Ok(Self { endpoint: endpoint.clone(), way })
    }

    /// Empties the sink's file, and writes outputs until the last of those who send them is gone.
    ///
    /// # Errors
    ///
    /// The sink cannot be written any further. A receiver that is not there is none: it is waited for.
    pub async fn run(
        self,
        pipeline: PipelineIndex,
        outputs: UnboundedReceiver<Output>,
        clock: Arc<dyn Clock + Send + Sync>,
        observer: Arc<dyn Observer>,
    ) -> Result<(), SinkFailure> {
        let Self { endpoint, way } = self;
        let log = SinkLog::new(pipeline, &endpoint, &*observer);
        let mut pending = Pending::new(outputs, &*clock, &log);
        let written = match way {
            Way::Stream(mut writer, file) => {
                let emptied = file.map_or(Ok(()), |file| empty(&file));
                match emptied {
                    Ok(()) => write_stream(&mut *writer, &mut pending, &log).await,
                    Err(error) => Err(error),
                }
            }
            Way::Receiver(address) => {
                receiver::send(&address, &mut pending, &log).await;
                Ok(())
            }
        };
        written.map_err(|error| SinkFailure { endpoint: endpoint.clone(), error })
    }
}

/// Writes all outputs as one stream.
async fn write_stream(
    writer: &mut (dyn AsyncWrite + Send + Unpin),
    pending: &mut Pending<'_>,
    log: &SinkLog<'_>,
) -> io::Result<()> {
    while pending.fill().await {
        let write = async {
            writer.write_all(pending.bytes()).await?;
            writer.flush().await
        };
        log.stalls(write).await?;
        pending.written();
    }
    writer.shutdown().await
}
