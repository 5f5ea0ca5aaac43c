//! The TCP sink: sends outputs to the receiver at an address, whenever there is one.
//!
//! At least once: outputs are kept until the receiver's system has acknowledged them (`kept.rs`), also at
//! the end of a run. Where nobody listens, the outputs wait, and it is tried again and again. Outputs that
//! were not acknowledged when a connection broke are written again, whole, on the next one: so a connection
//! begins at the beginning of an output, ends anywhere, and outputs may come twice. What the receiver's
//! system had acknowledged, and the receiver had not read when it died, is lost to it. A receiver that
//! closes its end is noticed at once, also while nothing is written.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep, timeout};

use super::pending::SinkOrder;
use super::serving::{Outputs, serve};
use super::sink_log::SinkLog;
use crate::core::event::SinkNews;
use crate::endpoints::backoff::Backoff;

/// How long to wait for an answer. Addresses from which none comes, not even a refusal, are tried
/// again like all others.
const ANSWER: Duration = Duration::from_secs(5);

/// A connection that lived so long was a success. Those of a receiver that goes away at once are none:
/// it is not to be called as fast as possible.
const SUCCESS: Duration = Duration::from_secs(1);

/// Looks an address up: a name that nobody knows is an error at the start, not something to wait for.
///
/// # Errors
///
/// The host is unknown, or nobody can listen at the port.
pub(crate) async fn resolve(address: &str) -> io::Result<()> {
    let mut addresses = lookup_host(address).await.map_err(|error| {
        io::Error::new(error.kind(), format!("{error}; check the name of the host"))
    })?;
    if addresses.any(|address| address.port() == 0) {
        let reason = "nobody listens at port 0: give the receiver's port";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    Ok(())
}

/// Sends outputs until no more come, and all are acknowledged.
pub(crate) async fn send(address: &str, orders: UnboundedReceiver<SinkOrder>, log: &SinkLog) {
    let mut outputs = Outputs::new(orders, log);
    let mut backoff = Backoff::default();
    // The reason is told once, and not at each try.
    let mut told = false;
    loop {
        let Some(connected) = attend(connect(address), &mut outputs).await else { return };
        match connected {
            Err(error) => {
                if !told {
                    log.tell(SinkNews::Waiting(error.to_string()));
                }
                told = true;
            }
            Ok(mut stream) => {
                log.tell(SinkNews::Ready);
                let connected = Instant::now();
                match serve(&mut stream, &mut outputs).await {
                    Ok(()) => return,
                    Err(error) => log.tell(SinkNews::Lost(error.to_string())),
                }
                outputs.kept.rewind();
                told = false;
                if connected.elapsed() >= SUCCESS {
                    backoff.reset();
                    continue;
                }
            }
        }
        // Waits before the next try.
        if attend(sleep(backoff.delay()), &mut outputs).await.is_none() {
            return;
        }
    }
}

async fn connect(address: &str) -> io::Result<TcpStream> {
    let stream = timeout(ANSWER, TcpStream::connect(address))
        .await
        .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "it does not answer")))?;
    // Where nobody listens at a port that the system may choose for our end, a connection can be its
    // own other end: it would swallow the outputs, and keep the port from the receiver.
    if stream.local_addr()? == stream.peer_addr()? {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    // Outputs are flushed whole; waiting for more only delays them.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Waits for `work`, and takes orders meanwhile where nothing is kept: reports are answered. `None` where
/// nothing is kept, and nothing more will come.
async fn attend<T>(work: impl Future<Output = T>, outputs: &mut Outputs<'_>) -> Option<T> {
    let mut work = pin!(work);
    loop {
        if outputs.are_done() {
            return None;
        }
        let idle = outputs.kept.is_empty();
        tokio::select! {
            biased;
            done = &mut work => return Some(done),
            () = outputs.take(), if idle => {}
        }
    }
}
