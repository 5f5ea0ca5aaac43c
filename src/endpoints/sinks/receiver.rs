//! The TCP sink: sends outputs to the receiver at an address, if there is one.
//!
//! At least once: outputs are kept until the receiver's system has acknowledged them (`kept.rs`), also at
//! the end of a run. If no receiver listens, the outputs wait, and the sink tries again. Outputs that were
//! not acknowledged when a connection broke are written again, whole, on the next one. So a connection begins
//! at the beginning of an output, may end inside one, and outputs may come twice. What the receiver's system
//! had acknowledged, and the receiver had not read when it died, is lost to it. A receiver that
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
use crate::endpoints::connect::connect;

/// The max wait for an answer. An address that does not answer is tried again like any other.
const ANSWER: Duration = Duration::from_secs(5);

/// A connection that lived this long was a success. If a receiver always goes away at once, the waits
/// between the tries grow.
const SUCCESS: Duration = Duration::from_secs(1);

/// Looks an address up, because an unknown name is an error at the start, and nothing to wait for.
///
/// # Errors
///
/// The host is unknown, or the port is 0.
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
    // The reason is reported once, and not for each try.
    let mut told = false;
    loop {
        let Some(connected) = attend(connect_soon(address), &mut outputs).await else { return };
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

/// Connects, or gives up when no answer has come for a while.
async fn connect_soon(address: &str) -> io::Result<TcpStream> {
    let no_answer = |_| Err(io::Error::new(io::ErrorKind::TimedOut, "it does not answer"));
    timeout(ANSWER, connect(address)).await.unwrap_or_else(no_answer)
}

/// Waits for `work`. If nothing is kept, takes orders meanwhile, so that reports are answered. Returns `None`
/// if nothing is kept and no more orders come.
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
