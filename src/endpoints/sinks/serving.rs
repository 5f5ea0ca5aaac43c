//! One connection of a TCP sink: gives outputs to it, and finds out what its receiver's system has
//! acknowledged.
//!
//! The system is asked every few milliseconds at most, less often while nothing changes, and not at all
//! while everything is acknowledged. What the receiver sends is read and dropped: closing a connection with
//! unread bytes resets it, and then the other side's system may drop outputs. A receiver that has closed only
//! its own direction (a half-closed connection) still gets outputs. One that is gone answers with a reset, and
//! then the outputs are sent again on the next connection.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout};

use super::kept::Kept;
use super::pending::SinkOrder;
use super::send_queue::SendQueue;
use super::sink_log::SinkLog;
use crate::core::event::SinkNews;
use crate::endpoints::backoff::{PATIENCE, patiently};

/// The max number of orders that are taken together.
const ORDERS: usize = 64;

/// The wait before the system is asked again: `SOON` after an acknowledgement, then doubled up to `LATE`.
const SOON: Duration = Duration::from_millis(2);
const LATE: Duration = Duration::from_millis(200);

/// The max wait for a receiver that has all outputs to close its end.
const CLOSING: Duration = Duration::from_secs(5);

/// The orders of a TCP sink, and the outputs that it keeps.
pub(crate) struct Outputs<'engine> {
    orders: UnboundedReceiver<SinkOrder>,
    received: Vec<SinkOrder>,
    /// Whether no more orders come.
    ended: bool,
    /// Whether it was reported that the system does not tell what is acknowledged.
    unconfirmed: bool,
    pub kept: Kept,
    log: &'engine SinkLog,
}

impl<'engine> Outputs<'engine> {
    pub fn new(orders: UnboundedReceiver<SinkOrder>, log: &'engine SinkLog) -> Self {
        let (received, kept) = (Vec::with_capacity(ORDERS), Kept::default());
        Self { orders, received, ended: false, unconfirmed: false, kept, log }
    }

    /// Whether all is acknowledged, and no more orders come.
    pub fn are_done(&self) -> bool {
        self.ended && self.kept.is_empty()
    }

    /// Waits for orders and takes them. Cancel-safe.
    pub async fn take(&mut self) {
        if self.ended {
            return std::future::pending().await;
        }
        self.ended = self.orders.recv_many(&mut self.received, ORDERS).await == 0;
        for order in self.received.drain(..) {
            match order {
                SinkOrder::Write(output) => {
                    self.kept.take(output, |output| self.log.written(output));
                }
                SinkOrder::Report(reply) => self.kept.report(reply),
            }
        }
    }

    /// Writes to a connection if there are unsent bytes; waits for orders otherwise. Cancel-safe.
    async fn write_or_take(&mut self, stream: &TcpStream) -> io::Result<()> {
        if !self.kept.has_unsent() {
            self.take().await;
            return Ok(());
        }
        let written = write(stream, &self.kept).await?;
        self.kept.sent(written, |output| self.log.written(output));
        Ok(())
    }
}

/// Sends outputs on one connection until no more come and all are acknowledged. Then waits a while until the
/// receiver closes its end.
///
/// # Errors
///
/// The connection has ended. What is not acknowledged has to be sent again.
pub(crate) async fn serve(stream: &mut TcpStream, outputs: &mut Outputs<'_>) -> io::Result<()> {
    let mut watch = Watch::of(stream, outputs)?;
    let mut hears = true;
    loop {
        watch.look(stream, outputs)?;
        if outputs.are_done() {
            break;
        }
        let idle = outputs.kept.is_empty();
        if idle && !hears {
            let reason = "the receiver closed the connection";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
        }
        tokio::select! {
            biased;
            end = hear(stream), if hears => {
                end?;
                hears = false;
            }
            done = outputs.write_or_take(stream) => done?,
            () = sleep_until(watch.due), if !idle => {}
        }
        if idle {
            watch.begin();
        }
    }
    // The receiver's system has all outputs, and gives them to the receiver also if the connection is reset. So the
    // wait for a receiver that does not close may have a limit.
    let log = outputs.log;
    if stream.shutdown().await.is_ok() && hears {
        let _ = timeout(CLOSING, patiently(PATIENCE, hear(stream), || log.tell(SinkNews::Closing)))
            .await;
    }
    Ok(())
}

/// Finds out what the receiver of a connection has acknowledged.
struct Watch {
    /// `None` if the system does not tell.
    queue: Option<SendQueue>,
    /// When the system is asked next, and how long that is after the last time.
    due: Instant,
    delay: Duration,
    /// The time of the last acknowledgement.
    since: Instant,
    /// Whether it was reported that nothing is acknowledged.
    stalled: bool,
}

impl Watch {
    fn of(stream: &TcpStream, outputs: &mut Outputs<'_>) -> io::Result<Self> {
        let queue = match SendQueue::of(stream) {
            Ok(queue) => Some(queue),
            Err(error) => {
                if !says_never(&error) {
                    return Err(error);
                }
                // If only this connection is gone, the system has a reason.
                if let Some(reason) = stream.take_error()? {
                    return Err(reason);
                }
                if !std::mem::replace(&mut outputs.unconfirmed, true) {
                    outputs.log.tell(SinkNews::Unconfirmed(error.to_string()));
                }
                None
            }
        };
        let now = Instant::now();
        Ok(Self { queue, due: now, delay: SOON, since: now, stalled: false })
    }

    /// The first output was taken after all earlier ones had been acknowledged.
    fn begin(&mut self) {
        let now = Instant::now();
        (self.due, self.delay, self.since) = (now + SOON, SOON, now);
    }

    /// Asks what the receiver has acknowledged, if it is time. Reports if nothing was acknowledged for a
    /// while, and when that is over.
    ///
    /// # Errors
    ///
    /// The connection is gone.
    fn look(&mut self, stream: &TcpStream, outputs: &mut Outputs<'_>) -> io::Result<()> {
        let kept = &mut outputs.kept;
        if kept.is_empty() {
            return Ok(());
        }
        let now = Instant::now();
        if self.queue.is_some() && now < self.due {
            return Ok(());
        }
        let queued = match self.queue.as_mut().map_or(Ok(0), SendQueue::bytes) {
            Ok(queued) => queued,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(stream.take_error()?.unwrap_or(error));
            }
            // As if nothing more was acknowledged. The system is asked again later.
            Err(_) => u64::MAX,
        };
        if kept.acknowledge(kept.position().saturating_sub(queued)) {
            (self.delay, self.since) = (SOON, now);
            if std::mem::take(&mut self.stalled) {
                outputs.log.tell(SinkNews::Ready);
            }
        } else if now >= self.due {
            self.delay = (self.delay * 2).min(LATE);
        }
        if now >= self.due {
            self.due = now + self.delay;
        }
        if !kept.is_empty() && !self.stalled && now - self.since >= PATIENCE {
            self.stalled = true;
            outputs.log.tell(SinkNews::Stalled);
        }
        Ok(())
    }
}

/// Whether an error means that the system never tells what is acknowledged.
fn says_never(error: &io::Error) -> bool {
    use io::ErrorKind::{NotFound, PermissionDenied, Unsupported};
    matches!(error.kind(), NotFound | PermissionDenied | Unsupported)
        || error.raw_os_error().is_some_and(is_unsupported)
}

/// Whether it is the code of an address family or protocol that the system does not have.
fn is_unsupported(code: i32) -> bool {
    use rustix::io::Errno;
    [Errno::AFNOSUPPORT, Errno::PROTONOSUPPORT, Errno::OPNOTSUPP, Errno::INVAL]
        .iter()
        .any(|error| error.raw_os_error() == code)
}

/// Writes as much as the system takes at once, at least one byte. Cancel-safe.
async fn write(stream: &TcpStream, kept: &Kept) -> io::Result<usize> {
    loop {
        stream.writable().await?;
        match stream.try_write_vectored(&kept.unsent()) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            written => return written,
        }
    }
}

/// Reads and drops what the receiver sends, until it closes its direction. Yields after each read: a receiver
/// that never stops sending must not occupy this thread.
///
/// # Errors
///
/// The connection has failed.
async fn hear(stream: &TcpStream) -> io::Result<()> {
    let mut dropped = [0; 4096];
    loop {
        stream.readable().await?;
        match stream.try_read(&mut dropped) {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            _ => yield_now().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_receiver_that_says_more_and_more_does_not_hold_up_what_else_there_is_to_do() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (receiver, _) = listener.accept().await.unwrap();
        let mut said = 0;
        let say = async || {
            receiver.writable().await.unwrap();
            receiver.try_write(&[0; 8192])
        };
        while let Ok(length) = timeout(Duration::from_millis(100), say()).await {
            said += length.unwrap_or_default();
        }
        stream.readable().await.unwrap();
        let one_turn = pin!(hear(&stream)).poll(&mut Context::from_waker(Waker::noop()));
        assert!(one_turn.is_pending());
        let mut left = 0;
        while let Ok(length) = stream.try_read(&mut [0; 8192]) {
            left += length;
        }
        assert!(left > said / 2, "{left} of {said} bytes are left");
    }
}
