//! The TCP sink: sends outputs to the receiver at an address, whenever there is one.
//!
//! At least once, while the process lives. Where nobody listens, the outputs wait, and it is tried again
//! and again. Outputs whose writing failed are written again, whole, on the next connection: so a
//! connection begins at the beginning of an output, ends anywhere, and outputs may come twice. What the
//! system had taken, and had not yet delivered when the receiver died, is lost: nobody can know that it
//! was not delivered. A receiver that closes its end is noticed at once, also while nothing is written,
//! so that nothing more is given to its connection.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use super::backoff::Backoff;
use super::pending::{Pending, Todo};
use super::sink_log::SinkLog;

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
pub(super) async fn resolve(address: &str) -> io::Result<()> {
    let mut addresses = lookup_host(address).await.map_err(|error| {
        io::Error::new(error.kind(), format!("{error}; check the name of the host"))
    })?;
    if addresses.any(|address| address.port() == 0) {
        let reason = "nobody listens at port 0: give the receiver's port";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    Ok(())
}

/// Sends outputs until no more come.
pub(super) async fn send(address: &str, pending: &mut Pending<'_>, log: &SinkLog<'_>) {
    let mut backoff = Backoff::default();
    // The reason is told once, and not at each try.
    let mut told = false;
    loop {
        let Some(connected) = attend(connect(address), pending).await else { return };
        match connected {
            Err(error) => {
                if !told {
                    log.waiting(&error);
                }
                told = true;
            }
            Ok(mut stream) => {
                log.ready();
                let connected = Instant::now();
                match serve(&mut stream, pending, log).await {
                    Ok(()) => return,
                    Err(error) => log.lost(&error),
                }
                told = false;
                if connected.elapsed() >= SUCCESS {
                    backoff.reset();
                    continue;
                }
            }
        }
        if !wait(backoff.delay(), pending).await {
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

/// Waits before the next try. False where nothing is left to be sent, and nothing will come.
async fn wait(delay: Duration, pending: &mut Pending<'_>) -> bool {
    attend(sleep(delay), pending).await.is_some()
}

/// Waits for `work`, and reports meanwhile where nothing is left to be sent. `None` where nothing will
/// come, either.
async fn attend<T>(work: impl Future<Output = T>, pending: &mut Pending<'_>) -> Option<T> {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return Some(done),
            todo = pending.fill(), if pending.is_empty() => match todo {
                Todo::Write => {}
                Todo::Report(reply) => report(reply),
                Todo::End => return None,
            },
        }
    }
}

/// Sends outputs on one connection until no more come.
///
/// # Errors
///
/// The connection has ended. What is pending then is to be sent again.
async fn serve(
    stream: &mut TcpStream,
    pending: &mut Pending<'_>,
    log: &SinkLog<'_>,
) -> io::Result<()> {
    loop {
        tokio::select! {
            biased;
            error = end(stream) => return Err(error),
            todo = pending.fill() => match todo {
                Todo::Write => {}
                Todo::Report(reply) => {
                    report(reply);
                    continue;
                }
                Todo::End => break,
            },
        }
        let mut rest = pending.bytes();
        while !rest.is_empty() {
            // Counted from the last byte that was taken: a receiver that reads slowly does not stall.
            let written = tokio::select! {
                error = end(stream) => return Err(error),
                written = log.stalls(write(stream, rest)) => written?,
            };
            rest = rest.get(written..).unwrap_or_default();
        }
        pending.written();
    }
    // A connection that has ended by now took all: there is nothing to be sent again.
    let _ = stream.shutdown().await;
    Ok(())
}

/// Says that all is written; it cannot be taken back.
fn report(reply: oneshot::Sender<Option<u64>>) {
    // Nobody waits where the engine is ending.
    let _ = reply.send(None);
}

/// Writes as much as the system takes at once, and at least something.
async fn write(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    loop {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            written => return written,
        }
    }
}

/// Returns when the receiver has closed its end, or the connection has failed. What it says before is
/// dropped, a piece a turn: one that never stops talking must not keep this thread to itself.
async fn end(stream: &TcpStream) -> io::Error {
    let mut dropped = [0; 4096];
    loop {
        if let Err(error) = stream.readable().await {
            return error;
        }
        match stream.try_read(&mut dropped) {
            Ok(0) => {
                let reason = "the receiver closed the connection";
                return io::Error::new(io::ErrorKind::UnexpectedEof, reason);
            }
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return error,
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

    #[test]
    fn a_receiver_that_says_more_and_more_does_not_hold_up_what_else_there_is_to_do() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let stream = connect(&listener.local_addr().unwrap().to_string()).await.unwrap();
            let (receiver, _) = listener.accept().await.unwrap();
            let mut said = 0;
            while let Ok(Ok(length)) =
                timeout(Duration::from_millis(100), write(&receiver, &[0; 8192])).await
            {
                said += length;
            }
            stream.readable().await.unwrap();
            let one_turn = pin!(end(&stream)).poll(&mut Context::from_waker(Waker::noop()));
            assert!(one_turn.is_pending());
            let mut left = 0;
            while let Ok(length) = stream.try_read(&mut [0; 8192]) {
                left += length;
            }
            assert!(left > said / 2, "{left} of {said} bytes are left");
        });
    }
}
