//! Sinks: open once, then write what the workers encode.

use std::fs::File;
use std::io;
use std::sync::Arc;

use thiserror::Error;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::spawn_blocking;

use super::endpoint::Endpoint;
use super::file::{empty, open_to_write};
use crate::core::batch::Output;
use crate::core::clock::Clock;
use crate::core::event::EngineEvent;
use crate::core::numbers::{PipelineIndex, WorkerIndex};
use crate::core::observer::Observer;
use crate::core::trace::{Hop, HopEvent};

/// How many batches are written before their bytes are flushed: few enough to keep latency low.
const BATCHES_A_FLUSH: usize = 16;

/// A sink that cannot be written any further.
#[derive(Debug, Error)]
#[error("cannot write to {endpoint}: {error}")]
pub struct SinkFailure {
    /// Which sink.
    pub endpoint: Endpoint,
    /// Why.
    pub error: io::Error,
}

/// A sink that is ready to be written.
pub struct OpenSink {
    endpoint: Endpoint,
    writer: Box<dyn AsyncWrite + Send + Unpin>,
    /// What is to be emptied before anything is written.
    file: Option<File>,
}

impl OpenSink {
    /// Opens a sink: opens or makes its file, or connects to its address. What is in the file stays
    /// there until the sink runs.
    ///
    /// # Errors
    ///
    /// The file can neither be opened nor made, or nothing listens at the address.
    pub async fn open(
        endpoint: &Endpoint,
        pipeline: PipelineIndex,
        observer: &dyn Observer,
    ) -> io::Result<Self> {
        let mut opened = None;
        let writer: Box<dyn AsyncWrite + Send + Unpin> = match endpoint {
            Endpoint::Null => Box::new(tokio::io::sink()),
            Endpoint::Standard => Box::new(tokio::io::stdout()),
            Endpoint::File(path) => {
                let path = path.clone();
                // Not here: to open a pipe is to wait for who reads it.
                let file = spawn_blocking(move || open_to_write(&path)).await??;
                opened = Some(file.try_clone()?);
                Box::new(tokio::fs::File::from_std(file))
            }
            Endpoint::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                // Outputs are flushed whole; waiting for more only delays them.
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
        };
        // Of a file there is nothing to be told: it has been opened, or the run does not begin.
        if matches!(endpoint, Endpoint::Tcp(_)) {
            observer.event(EngineEvent::SinkReady(pipeline, endpoint.to_string()));
        }
        Ok(Self { endpoint: endpoint.clone(), writer, file: opened })
    }

    /// Empties the sink's file, and writes outputs until the last of those who send them is gone.
    ///
    /// # Errors
    ///
    /// The sink cannot be written any further.
    pub async fn run(
        mut self,
        pipeline: PipelineIndex,
        mut outputs: UnboundedReceiver<Output>,
        clock: Arc<dyn Clock + Send + Sync>,
        observer: Arc<dyn Observer>,
    ) -> Result<(), SinkFailure> {
        if let Some(Err(error)) = self.file.take().map(|file| empty(&file)) {
            return Err(SinkFailure { endpoint: self.endpoint, error });
        }
        let (step, name): (Arc<str>, Arc<str>) = ("sink".into(), self.endpoint.to_string().into());
        let (mut batch, mut joined) = (Vec::with_capacity(BATCHES_A_FLUSH), Vec::new());
        while outputs.recv_many(&mut batch, BATCHES_A_FLUSH).await > 0 {
            if let Err(error) = write_all(&mut self.writer, &batch, &mut joined).await {
                return Err(SinkFailure { endpoint: self.endpoint, error });
            }
            let now = clock.now();
            // Dropping the outputs makes room for new frames.
            for output in batch.drain(..) {
                for trace in &output.traces {
                    trace.push(Hop {
                        step: Arc::clone(&step),
                        worker: WorkerIndex::default(),
                        at: now,
                        event: HopEvent::Written(Arc::clone(&name)),
                    });
                }
                observer.written(pipeline, &output, now);
            }
        }
        self.writer.shutdown().await.map_err(|error| SinkFailure { endpoint: self.endpoint, error })
    }
}

/// Writes outputs at once: a write is a system call, and of a file a trip to another thread. `joined`
/// is memory that is used again.
async fn write_all(
    writer: &mut (dyn AsyncWrite + Send + Unpin),
    outputs: &[Output],
    joined: &mut Vec<u8>,
) -> io::Result<()> {
    match outputs {
        [output] => writer.write_all(&output.bytes).await?,
        outputs => {
            joined.clear();
            for output in outputs {
                joined.extend_from_slice(&output.bytes);
            }
            writer.write_all(joined).await?;
        }
    }
    writer.flush().await
}
