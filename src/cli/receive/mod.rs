//! `receive`: writes and counts the outputs of any number of connections.

mod outputs;

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::{Instant, sleep, sleep_until};

use crate::cli::arguments::ReceiveArguments;
use crate::cli::failure::Failure;
use crate::cli::progress::follow::{Stop, follow};
use crate::cli::progress::line::{Progress, bar};
use crate::cli::progress::tally::Tally;
use crate::cli::setup::files::cannot_write;
use crate::core::frames::preview::one_line;
use crate::core::text::counted;
use crate::endpoints::{Endpoint, claim, empty, listen as listen_at, open_to_write};
use crate::runtime::EngineError;
use outputs::Outputs;

/// The initial size of a connection's buffer.
const READ_SIZE: usize = 64 * 1024;

/// How many arrivals may wait to be written. If the output stalls, the senders have to wait.
const WAITING: usize = 16;

/// How long to wait after a failed accept.
const ACCEPT_AGAIN: Duration = Duration::from_millis(10);

pub(super) fn receive(arguments: &ReceiveArguments) -> Result<(), Failure> {
    let (tally, stop) = (Tally::new("output"), Stop::default());
    let progress = Progress::start()?;
    let receiver =
        Receiver { arguments, tally: &tally, stop: &stop, progress: &progress, unfinished: 0 };
    let expected = arguments.expect.map_or(0, NonZeroU64::get);
    let line = || {
        let bar = bar(tally.count(), expected);
        format!("received {} {bar}", counted(tally.count(), "output")).trim_end().to_owned()
    };
    let Some((end, unfinished)) = follow(receiver.receive(), &stop, &progress, line)? else {
        return Err(Failure::Failed(format!("interrupted twice: received {tally}")));
    };
    if let Some(expected) = arguments.expect {
        judge(tally.count(), expected.get(), end, arguments.timeout).map_err(Failure::Failed)?;
    }
    let note = match unfinished {
        0 => String::new(),
        bytes => {
            format!("; {} came after the end of the last whole output", counted(bytes, "byte"))
        }
    };
    progress.say(&format!("received {tally}{note}"));
    Ok(())
}

/// Why receiving has ended.
#[derive(Clone, Copy)]
enum End {
    /// All expected outputs have arrived.
    Complete,
    /// The time is up.
    TimeUp,
    /// The last sender has disconnected.
    Gone,
    Interrupted,
}

/// Compares the number of outputs with the expected number.
fn judge(count: u64, expected: u64, end: End, timeout: Option<Duration>) -> Result<(), String> {
    if count >= expected {
        let more = format!("received {}, and expected {expected}", counted(count, "output"));
        return if count == expected { Ok(()) } else { Err(more) };
    }
    let received = format!("received {count} of {}", counted(expected, "output"));
    Err(match (end, timeout) {
        (End::TimeUp, Some(timeout)) => format!("{received} in {} s", timeout.as_secs_f64()),
        (End::Interrupted, _) => format!("interrupted: {received}"),
        _ => format!(
            "{received}, and the last sender has disconnected: --keep-open waits for others"
        ),
    })
}

/// What a connection reports.
enum Arrival {
    /// Whole outputs, and how many.
    Outputs(Bytes, u64),
    /// The connection has ended with this number of bytes that are not a whole output; and why, unless its
    /// sender closed it.
    End(u64, Option<String>),
}

struct Receiver<'a> {
    arguments: &'a ReceiveArguments,
    tally: &'a Tally,
    stop: &'a Stop,
    progress: &'a Progress,
    /// How many bytes were not a whole output when their connection ended.
    unfinished: u64,
}

impl Receiver<'_> {
    /// Receives until there is a reason to end. Returns the reason, and how many bytes are not a whole
    /// output.
    async fn receive(mut self) -> Result<(End, u64), Failure> {
        let ReceiveArguments { listen, out, timeout, .. } = self.arguments;
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let listener = listen_at(listen).await.map_err(|error| {
            let endpoint = Endpoint::Tcp(listen.clone());
            Failure::failed(EngineError::OpenSource { endpoint, error })
        })?;
        let mut writer = open(out).await.map_err(|error| cannot_write(out, &error))?;
        let address = listener.local_addr().map_err(Failure::failed)?;
        self.progress.say(&format!("listening at {address}"));

        let (sender, mut arrivals) = channel(WAITING);
        let (mut connections, mut failing) = (0_usize, false);
        let end = loop {
            // In this order: a sender that is waiting to be accepted comes before the end of another, so
            // that this is not taken for the last.
            tokio::select! {
                biased;
                () = self.stop.asked() => break End::Interrupted,
                () = until(deadline) => break End::TimeUp,
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        failing = false;
                        self.tally.add(0, 0);
                        connections += 1;
                        let outputs = Outputs::new(self.arguments.framed);
                        tokio::spawn(read(stream, peer, outputs, sender.clone()));
                    }
                    // The sender has disconnected already, or there are too many connections. The listener
                    // still works. Reported once per series of failures.
                    Err(error) => {
                        if !std::mem::replace(&mut failing, true) {
                            self.progress.say(&one_line(&format!("cannot accept a connection: {error}")));
                        }
                        sleep(ACCEPT_AGAIN).await;
                    }
                },
                Some(arrival) = arrivals.recv() => match arrival {
                    Arrival::Outputs(bytes, count) => {
                        let written = tokio::select! {
                            biased;
                            written = write(&mut *writer, &bytes) => written,
                            // The reader of the output may have stalled.
                            () = until(deadline) => break End::TimeUp,
                        };
                        written.map_err(|error| cannot_write(out, &error))?;
                        self.tally.add(count, bytes.len());
                        let expected = self.arguments.expect;
                        if expected.is_some_and(|expected| self.tally.count() >= expected.get()) {
                            break End::Complete;
                        }
                    }
                    Arrival::End(unfinished, failure) => {
                        if let Some(failure) = failure {
                            self.progress.say(&one_line(&failure));
                        }
                        self.unfinished += unfinished;
                        connections -= 1;
                        if connections == 0 && !self.arguments.keep_open {
                            break End::Gone;
                        }
                    }
                },
            }
        };
        Ok((end, self.unfinished))
    }
}

/// Opens and empties the output.
async fn open(path: &Path) -> io::Result<Box<dyn AsyncWrite + Unpin>> {
    if path == Path::new("-") {
        return Ok(Box::new(tokio::io::stdout()));
    }
    let path = path.to_owned();
    // On another thread: opening a pipe blocks until it has a reader.
    let file = tokio::task::spawn_blocking(move || {
        let file = open_to_write(&path)?;
        claim(&file)?;
        empty(&file).map(|()| file)
    });
    Ok(Box::new(tokio::fs::File::from_std(file.await??)))
}

async fn write(writer: &mut (dyn AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    writer.write_all(bytes).await?;
    writer.flush().await
}

/// Returns at this moment; never if there is none.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Reads a connection to its end, or until the command has ended.
async fn read(
    mut stream: TcpStream,
    peer: SocketAddr,
    mut outputs: Outputs,
    arrivals: Sender<Arrival>,
) {
    let failure = loop {
        let buffer = outputs.buffer();
        if buffer.capacity() - buffer.len() < READ_SIZE / 4 {
            buffer.reserve(READ_SIZE);
        }
        let arrival = match stream.read_buf(buffer).await {
            Ok(0) => break None,
            Ok(new) => outputs.take(new),
            Err(error) => break Some(format!("connection {peer}: {error}")),
        };
        if !arrival.0.is_empty()
            && arrivals.send(Arrival::Outputs(arrival.0, arrival.1)).await.is_err()
        {
            return;
        }
    };
    let (rest, unfinished) = outputs.finish();
    let _ = arrivals.send(Arrival::Outputs(rest, 0)).await;
    let _ = arrivals.send(Arrival::End(unfinished, failure)).await;
}
