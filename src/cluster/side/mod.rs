//! What two processes that have met say to each other beside the data.
//!
//! Each pair has one connection with frames of `MessagePack`. `channel` is its two ends in this process, `watch` decides
//! when the other process is taken for lost.
//!
//! Invariants: what is read never waits for the engine, so that a process whose workers are busy still gives signs of
//! life. What waits is bounded: an end sends no more than a window of bytes ahead of what the other one has taken.
//! A message of one process is heard in the order in which it was sent, and nothing after [`Heard::Lost`].

mod channel;
mod heard;
mod watch;

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::core::numbers::ProcessIndex;
use crate::wire::frame::WireError;
use channel::{Line, Taken};

pub use heard::{Heard, How};

/// For tests of those that send messages: how long one may be, and the bytes of one.
#[cfg(test)]
pub(crate) use crate::wire::frame::{MAX_FRAME, encode};

/// Why a process cannot be told something.
#[derive(Debug, Error)]
pub enum TellError {
    /// It is lost, or has left, or is not there.
    #[error("process {0} is gone")]
    Gone(ProcessIndex),
    /// The message cannot be written, or is longer than a frame may be.
    #[error(transparent)]
    Message(#[from] WireError),
}

/// How other processes are told something. It can be cloned and given to all that have something to say.
#[derive(Clone)]
pub struct Tell {
    lines: Vec<Option<Line>>,
}

/// What is heard of other processes, one after another.
pub struct Hear<M> {
    heard: mpsc::UnboundedReceiver<(Heard<M>, Taken)>,
}

/// Begins to talk over the connections of a life, each at the index of its process. To be called where there is a
/// runtime of tokio. A process that gives no sign of life for `patience` is lost.
pub fn open<M>(sides: Vec<Option<TcpStream>>, patience: Duration) -> (Tell, Hear<M>)
where
    M: DeserializeOwned + Send + 'static,
{
    // Its length is bounded by the windows of all lines.
    let (hear, heard) = mpsc::unbounded_channel();
    let open = |(index, side): (usize, Option<TcpStream>)| {
        side.map(|side| channel::open(ProcessIndex(index), side, patience, hear.clone()))
    };
    let lines = sides.into_iter().enumerate().map(open).collect();
    (Tell { lines }, Hear { heard })
}

impl Tell {
    /// Tells a process something. It waits while the process has not taken what it was told before.
    ///
    /// # Errors
    ///
    /// The process is gone, or the message is longer than a frame.
    pub async fn tell(
        &self,
        process: ProcessIndex,
        message: &impl Serialize,
    ) -> Result<(), TellError> {
        let gone = TellError::Gone(process);
        let Some(line) = self.lines.get(process.0).and_then(Option::as_ref) else {
            return Err(gone);
        };
        line.tell(message).await?.ok_or(gone)
    }

    /// Tells a process that this one ends, so that it is not lost when it does.
    pub async fn leave(&self, process: ProcessIndex) {
        if let Some(line) = self.lines.get(process.0).and_then(Option::as_ref) {
            line.leave().await;
        }
    }
}

impl<M> Hear<M> {
    /// What is heard next; `None` when all other processes are gone.
    pub async fn next(&mut self) -> Option<Heard<M>> {
        let (heard, taken) = self.heard.recv().await?;
        taken.report();
        Some(heard)
    }
}
