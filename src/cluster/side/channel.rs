//! One connection to another process: a task that reads, writes and watches.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::yield_now;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::heard::{Heard, How};
use super::watch::{Verdict, Watch};
use crate::core::numbers::ProcessIndex;
use crate::wire::frame::{MAX_FRAME, WireError, encode, read_counted};

/// How many bytes one end sends ahead of what the other one has taken, at least one frame of any length.
const WINDOW: usize = 32 * 1024 * 1024;

/// How many frames may wait to be written. Their bytes are bounded by the window.
const WAITING: usize = 64;

/// What goes over the connection.
#[derive(Debug, Serialize, Deserialize)]
enum Frame<M> {
    /// Are you there?
    Ping,
    /// Yes.
    Pong,
    Said(M),
    /// So many bytes of messages have been taken.
    Taken(usize),
    /// This process ends. Nothing follows.
    Leaving,
}

/// What is to be written.
enum Write {
    Said(Vec<u8>),
    Leaving,
}

/// Small things that are to be said soon: the reader never waits for the writer.
#[derive(Default)]
struct Soon {
    ping: AtomicBool,
    pong: AtomicBool,
    /// How many bytes have been taken that the other process has not been told of.
    taken: AtomicUsize,
    /// How many bytes have come and have not been taken.
    untaken: AtomicUsize,
    wake: Notify,
}

impl Soon {
    fn say(&self, what: &AtomicBool) {
        what.store(true, Ordering::Relaxed);
        self.wake.notify_one();
    }
}

/// How a process is told something.
#[derive(Clone)]
pub(super) struct Line {
    writes: mpsc::Sender<Write>,
    /// How many bytes may still be sent.
    window: Arc<Semaphore>,
}

/// That a message has been taken.
pub(super) struct Taken(Option<(Arc<Soon>, usize)>);

impl Taken {
    /// Its process may send as much more.
    pub fn report(self) {
        if let Some((soon, bytes)) = self.0 {
            soon.untaken.fetch_sub(bytes, Ordering::Relaxed);
            soon.taken.fetch_add(bytes, Ordering::Relaxed);
            soon.wake.notify_one();
        }
    }
}

impl Line {
    /// `Ok(None)` if the process is gone.
    pub async fn tell(&self, message: &impl Serialize) -> Result<Option<()>, WireError> {
        let frame = encode(&Frame::Said(message))?;
        // A frame is shorter than a window.
        let bytes = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        let Ok(room) = self.window.acquire_many(bytes).await else { return Ok(None) };
        room.forget();
        let sent = self.writes.send(Write::Said(frame)).await;
        // A task that tells much lets the one that writes go on, which also answers the other process.
        yield_now().await;
        Ok(sent.ok())
    }

    pub async fn leave(&self) {
        // One that is gone need not hear it.
        let _ = self.writes.send(Write::Leaving).await;
    }
}

type ToHear<M> = mpsc::UnboundedSender<(Heard<M>, Taken)>;

/// Begins to talk to a process.
pub(super) fn open<M: DeserializeOwned + Send + 'static>(
    process: ProcessIndex,
    stream: TcpStream,
    patience: Duration,
    hear: ToHear<M>,
) -> Line {
    let (writes, to_write) = mpsc::channel(WAITING);
    let window = Arc::new(Semaphore::new(WINDOW));
    let line = Line { writes, window: Arc::clone(&window) };
    tokio::spawn(async move {
        let (from, to) = stream.into_split();
        let soon = Arc::new(Soon::default());
        let has_come = Arc::new(AtomicBool::new(false));
        let reader = Marked { reader: from, has_come: Arc::clone(&has_come) };
        let mut writing = pin!(write(to, to_write, &soon));
        let mut listening = pin!(listen(process, reader, &soon, &window, &hear));
        let mut watching = pin!(watch(Watch::new(patience), &has_come, &soon));
        let mut has_left = false;
        let end = loop {
            tokio::select! {
                end = &mut listening => break end,
                written = &mut writing, if !has_left => match written {
                    Ok(()) => has_left = true,
                    Err(how) => break Err(how),
                },
                how = &mut watching => break Err(how),
            }
        };
        window.close();
        let heard = match end {
            Ok(()) => Heard::Left(process),
            Err(how) => Heard::Lost(process, how),
        };
        let lingers = matches!(heard, Heard::Left(_)) && !has_left;
        // If nobody hears any more, this process ends.
        let _ = hear.send((heard, Taken(None)));
        if lingers {
            // The other one hears that this process ends too, and does not lose it.
            let _ = timeout(patience, writing).await;
        }
    });
    line
}

/// A reader that marks that something has come, also if it is not a whole frame yet.
struct Marked {
    reader: OwnedReadHalf,
    has_come: Arc<AtomicBool>,
}

impl AsyncRead for Marked {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.reader).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.has_come.store(true, Ordering::Relaxed);
        }
        read
    }
}

/// Reads until the process has said that it ends and has ended, or is lost.
async fn listen<M: DeserializeOwned>(
    process: ProcessIndex,
    mut reader: Marked,
    soon: &Arc<Soon>,
    window: &Semaphore,
    hear: &ToHear<M>,
) -> Result<(), How> {
    let mut leaves = false;
    loop {
        let next = read_counted::<Frame<M>>(&mut reader, MAX_FRAME).await.map_err(how)?;
        let Some((frame, bytes)) = next else {
            return if leaves { Ok(()) } else { Err(How::Ended) };
        };
        match frame {
            _ if leaves => return nonsense("a message after the last one"),
            Frame::Ping => soon.say(&soon.pong),
            Frame::Pong => {}
            Frame::Said(message) => {
                if soon.untaken.fetch_add(bytes, Ordering::Relaxed) + bytes > WINDOW {
                    return nonsense("more than may wait here");
                }
                let taken = Taken(Some((Arc::clone(soon), bytes)));
                let _ = hear.send((Heard::Said(process, message), taken));
            }
            Frame::Taken(bytes) => {
                if window.available_permits().saturating_add(bytes) > WINDOW {
                    return nonsense("more is taken than was sent");
                }
                window.add_permits(bytes);
            }
            Frame::Leaving => leaves = true,
        }
    }
}

fn nonsense(what: &str) -> Result<(), How> {
    Err(How::Nonsense(what.to_owned()))
}

fn how(error: WireError) -> How {
    match error {
        WireError::Connection(error) if error.kind() == io::ErrorKind::UnexpectedEof => How::Ended,
        WireError::Connection(error) => How::Failed(error.to_string()),
        error => How::Nonsense(error.to_string()),
    }
}

/// Writes what is to be written, until this process has said that it ends.
async fn write(
    mut writer: OwnedWriteHalf,
    mut to_write: mpsc::Receiver<Write>,
    soon: &Soon,
) -> Result<(), How> {
    let mut may_say = true;
    loop {
        tokio::select! {
            biased;
            () = soon.wake.notified() => write_soon(&mut writer, soon).await.map_err(how)?,
            next = to_write.recv(), if may_say => match next {
                Some(Write::Said(frame)) => {
                    writer.write_all(&frame).await.map_err(|error| how(error.into()))?;
                }
                Some(Write::Leaving) => {
                    write_frame(&mut writer, &Frame::Leaving).await.map_err(how)?;
                    let _ = writer.shutdown().await;
                    return Ok(());
                }
                None => may_say = false,
            },
        }
    }
}

async fn write_soon(writer: &mut OwnedWriteHalf, soon: &Soon) -> Result<(), WireError> {
    if soon.ping.swap(false, Ordering::Relaxed) {
        write_frame(writer, &Frame::Ping).await?;
    }
    if soon.pong.swap(false, Ordering::Relaxed) {
        write_frame(writer, &Frame::Pong).await?;
    }
    let taken = soon.taken.swap(0, Ordering::Relaxed);
    if taken > 0 {
        write_frame(writer, &Frame::Taken(taken)).await?;
    }
    Ok(())
}

async fn write_frame(writer: &mut OwnedWriteHalf, frame: &Frame<()>) -> Result<(), WireError> {
    Ok(writer.write_all(&encode(frame)?).await?)
}

/// Waits until the process is lost.
async fn watch(mut watch: Watch, has_come: &AtomicBool, soon: &Soon) -> How {
    let mut turns = interval(watch.period());
    // Turns that this process has missed are not made up for: it stood still.
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = Instant::now();
    loop {
        turns.tick().await;
        let since = last.elapsed();
        last = Instant::now();
        match watch.look(since, has_come.swap(false, Ordering::Relaxed)) {
            Verdict::Fine => {}
            Verdict::Ask => soon.say(&soon.ping),
            Verdict::Lost(silent) => return How::Silent(silent),
        }
    }
}
