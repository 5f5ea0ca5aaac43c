//! The connection to the receiver, which is not expected to answer.

use std::io;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::endpoints::connect;

/// How long to wait before the next attempt to connect.
const RETRY_EVERY: Duration = Duration::from_millis(20);

/// The min time for an attempt to connect.
const MIN_PATIENCE: Duration = Duration::from_secs(1);

/// How long to wait for the receiver to close after everything was sent.
const CLOSING_LIMIT: Duration = Duration::from_secs(5);

pub(super) struct Connection {
    writing: OwnedWriteHalf,
    receiver: watch::Receiver<Receiver>,
    // Keeps what is known of the receiver, whichever side noticed its end.
    _known: watch::Sender<Receiver>,
}

/// What is known of the receiver.
enum Receiver {
    Open,
    /// It has closed its side in the regular way.
    Closed,
    /// The connection has broken.
    Lost(io::ErrorKind, String),
}

impl Connection {
    /// Connects. If nothing listens yet, it tries again until this time is over.
    pub async fn open(address: &str, wait: Duration) -> io::Result<Self> {
        let began = Instant::now();
        let stream = loop {
            let left = wait.saturating_sub(began.elapsed());
            let attempt = timeout(left.max(MIN_PATIENCE), connect(address)).await;
            match attempt.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    if left.is_zero() {
                        return Err(error);
                    }
                }
                attempt => break attempt?,
            }
            sleep(RETRY_EVERY.min(left)).await;
        };
        let (reading, writing) = stream.into_split();
        let (known, receiver) = watch::channel(Receiver::Open);
        tokio::spawn(drain(reading, known.clone()));
        Ok(Self { writing, receiver, _known: known })
    }

    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writing.write_all(bytes).await
    }

    /// Returns when the connection has broken.
    pub async fn lost(&self) -> io::Error {
        let mut receiver = self.receiver.clone();
        // The channel never closes, because its sender is kept.
        match receiver.wait_for(|receiver| matches!(receiver, Receiver::Lost(..))).await.as_deref()
        {
            Ok(Receiver::Lost(kind, reason)) => io::Error::new(*kind, reason.clone()),
            _ => io::ErrorKind::ConnectionAborted.into(),
        }
    }

    /// Closes our side, and waits until the receiver closes too. Returns whether it has.
    ///
    /// # Errors
    ///
    /// The connection broke before the receiver had taken everything.
    pub async fn finish(mut self) -> io::Result<bool> {
        self.writing.shutdown().await?;
        let ended = self.receiver.wait_for(|receiver| !matches!(receiver, Receiver::Open));
        match timeout(CLOSING_LIMIT, ended).await.as_ref().map(Result::as_deref) {
            Ok(Ok(Receiver::Lost(kind, reason))) => Err(io::Error::new(*kind, reason.clone())),
            Ok(_) => Ok(true),
            Err(_) => Ok(false),
        }
    }
}

/// Reads and drops what the receiver answers. If it stayed unread, closing would be a reset, and the system
/// would drop bytes that the receiver has not read yet.
async fn drain(mut reading: OwnedReadHalf, known: watch::Sender<Receiver>) {
    let outcome = tokio::io::copy(&mut reading, &mut tokio::io::sink()).await;
    known.send_replace(match outcome {
        Ok(_) => Receiver::Closed,
        Err(error) => Receiver::Lost(error.kind(), error.to_string()),
    });
}
