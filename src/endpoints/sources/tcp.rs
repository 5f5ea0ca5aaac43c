//! The TCP source: any number of connections, each a stream of frames of its own.
//!
//! Invariant: a connection's end is told with its name and its reason, and is nobody else's matter. No
//! client, and no lack of anything, keeps the source from accepting others later.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{Id, JoinError, JoinSet, yield_now};
use tokio::time::{Instant, sleep_until};

use super::intake::Intake;
use super::places::{Limits, Places};
use super::seat::Seat;
use super::stream::{StreamEnd, read_frames};
use crate::core::event::EngineEvent;

/// How many connections a source serves at once unless the user sets another limit. Fewer where the limit
/// on open files is lower: a client too many is told so by the closed connection, and does not wait for
/// an answer that never comes.
pub const DEFAULT_CONNECTION_LIMIT: NonZeroUsize = NonZeroUsize::new(1000).unwrap();

/// How long a client may be idle before another may have its place, where all are taken.
pub(crate) const IDLE: Duration = Duration::from_mins(1);

/// How long a client may be silent before the system asks it whether it is still there.
const SILENT: Duration = Duration::from_mins(1);

/// How often it is asked, and how long each question waits for its answer, before it is given up.
const QUESTIONS: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(15);

/// How soon the next client is looked for where one could not be accepted, and how late where none can
/// for a while.
const SOON: Duration = Duration::from_millis(10);
const LATE: Duration = Duration::from_secs(1);

/// How many turns the clients' tasks get before a client is one too many. Clients that come fast, send a
/// little and leave are done within a few: to read, to hand over, and to read the end.
const TURNS: usize = 8;

/// Serves connections until it is stopped; then lets each one's task end.
pub(crate) async fn serve(
    listener: TcpListener,
    limits: Limits,
    intake: Arc<Intake>,
) -> io::Result<()> {
    let refuse = |reason| intake.observer.event(EngineEvent::NotAccepted(intake.pipeline, reason));
    let mut connections = JoinSet::new();
    let mut places = Places::new(limits);
    // Nothing is accepted before this moment.
    let (mut again, mut delay, mut failing) = (Instant::now(), SOON, false);
    loop {
        tokio::select! {
            biased;
            () = intake.stopped() => break,
            // Before the next is accepted, so that the number of connections is that of the living.
            Some(ended) = connections.join_next_with_id() => {
                places.leave(task_of(ended));
                // What was lacking may be there now.
                again = Instant::now();
            }
            accepted = accept(&listener, again) => match accepted {
                Ok((stream, peer)) => {
                    (delay, failing) = (SOON, false);
                    for _ in 0..TURNS {
                        if !places.are_taken() {
                            break;
                        }
                        yield_now().await;
                        while let Some(ended) = connections.try_join_next_with_id() {
                            places.leave(task_of(ended));
                        }
                    }
                    if !places.find() {
                        let most = limits.connections;
                        refuse(format!("{peer} is one too many: the limit is {most}, see --connections"));
                        continue;
                    }
                    let (name, seat): (Arc<str>, _) = (peer.to_string().into(), Arc::new(Seat::new()));
                    let serve = serve_connection(stream, name, Arc::clone(&seat), Arc::clone(&intake));
                    places.take(connections.spawn(serve).id(), seat);
                }
                // This client is gone already; the next may wait.
                Err(error) if is_of_one_client(&error) => {}
                // The process or the system has no file descriptors or no memory left: the listener
                // itself is as good as before. Told once, however long it lasts.
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        refuse(format!("{error}; others wait until there is room again"));
                    }
                    again = Instant::now() + delay;
                    delay = (delay * 2).min(LATE);
                }
            }
        }
    }
    while connections.join_next().await.is_some() {}
    Ok(())
}

/// Accepts the next client, not before this moment.
async fn accept(
    listener: &TcpListener,
    from: Instant,
) -> io::Result<(TcpStream, std::net::SocketAddr)> {
    if from > Instant::now() {
        sleep_until(from).await;
    }
    listener.accept().await
}

/// Which task has ended, be it by a panic.
fn task_of(ended: Result<(Id, ()), JoinError>) -> Id {
    ended.map_or_else(|panic| panic.id(), |(task, ())| task)
}

/// Whether an error is of one client, which is gone with it.
fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, TimedOut};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted | TimedOut)
}

async fn serve_connection(stream: TcpStream, name: Arc<str>, seat: Arc<Seat>, intake: Arc<Intake>) {
    let pipeline = intake.pipeline;
    intake.observer.event(EngineEvent::Connected(pipeline, Arc::clone(&name)));
    // A client whose machine or network is gone would take one of the connections for ever.
    let keepalive =
        TcpKeepalive::new().with_time(SILENT).with_interval(PATIENCE).with_retries(QUESTIONS);
    // Where the system cannot ask, the connection is as good as any.
    let _ = SockRef::from(&stream).set_tcp_keepalive(&keepalive);
    let connection = intake.connect(false);
    let event = match read_frames(stream, &name, connection, 0, &intake, Some(&seat)).await {
        Ok(StreamEnd::Ended) => EngineEvent::Disconnected(pipeline, name, None),
        Ok(StreamEnd::Stopped) => EngineEvent::LetGo(pipeline, name),
        Ok(StreamEnd::Idle) => {
            let reason = "it was idle, and another client wanted its place";
            EngineEvent::Disconnected(pipeline, name, Some(reason.to_owned()))
        }
        Ok(StreamEnd::HalfAFrame(reason) | StreamEnd::NoFrame(reason)) => {
            EngineEvent::Disconnected(pipeline, name, Some(reason))
        }
        Err(error) => EngineEvent::Disconnected(pipeline, name, Some(error.to_string())),
    };
    intake.observer.event(event);
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Weak;

    use parking_lot::Mutex;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::watch;
    use tokio::task::JoinHandle;

    use super::*;
    use crate::core::clock::Clock;
    use crate::core::frames::Frames;
    use crate::core::frames::framing::big_endian_framing;
    use crate::core::numbers::{PipelineIndex, Timestamp};
    use crate::core::observer::Observer;
    use crate::endpoints::{Connection, Delivery, Fetch};

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::default()
        }
    }

    /// What a source gives and tells.
    #[derive(Default)]
    struct Seen {
        frames: Mutex<Vec<u8>>,
        ends: Mutex<Vec<String>>,
    }

    impl Delivery for Seen {
        fn deliver(&self, _: Connection, frames: Frames, _: bool) {
            self.frames.lock().extend_from_slice(frames.bytes());
        }

        fn fetch_from(&self, _: Connection, _: Weak<dyn Fetch>) {}
    }

    impl Observer for Seen {
        fn event(&self, event: EngineEvent) {
            if let EngineEvent::Disconnected(_, _, Some(reason)) = event {
                self.ends.lock().push(reason);
            }
        }
    }

    /// A source of frames with a byte as their length, at this address, until it is stopped.
    struct Serving {
        address: SocketAddr,
        seen: Arc<Seen>,
        stop: watch::Sender<bool>,
        task: JoinHandle<io::Result<()>>,
    }

    impl Serving {
        async fn start(limits: Limits) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let (stop, stopped) = watch::channel(false);
            let seen = Arc::new(Seen::default());
            let framing = big_endian_framing(1);
            let (delivery, observer) = (Arc::clone(&seen), Arc::clone(&seen));
            let (pipeline, name) = (PipelineIndex(0), "test".into());
            let clock = Arc::new(Still);
            let intake =
                Intake::new(pipeline, name, framing, 16, clock, delivery, observer, stopped);
            let task = tokio::spawn(serve(listener, limits, Arc::new(intake)));
            Self { address, seen, stop, task }
        }

        async fn stop(self) -> Arc<Seen> {
            self.stop.send_replace(true);
            self.task.await.unwrap().unwrap();
            self.seen
        }
    }

    #[tokio::test]
    async fn clients_that_have_left_already_take_no_place_of_those_that_come_after_them() {
        let connections = NonZeroUsize::new(3).unwrap();
        let source = Serving::start(Limits { connections, idle: IDLE }).await;
        // All at once: nothing else runs on this thread meanwhile.
        for _ in 0..100 {
            let mut client = std::net::TcpStream::connect(source.address).unwrap();
            io::Write::write_all(&mut client, &[1, b'a']).unwrap();
        }
        let whole = || source.seen.frames.lock().len() == 200;
        let deadline = Instant::now() + Duration::from_secs(30);
        while !whole() && Instant::now() < deadline {
            yield_now().await;
        }
        assert!(whole(), "{} bytes", source.seen.frames.lock().len());
        source.stop().await;
    }

    #[tokio::test]
    async fn a_client_that_is_idle_for_long_makes_place_for_another_and_no_sooner() {
        let idle = Duration::from_millis(200);
        let limits = Limits { connections: NonZeroUsize::MIN, idle };
        let began = Instant::now();
        let source = Serving::start(limits).await;
        let (address, seen) = (source.address, Arc::clone(&source.seen));
        let mut silent = TcpStream::connect(address).await.unwrap();
        silent.write_all(&[1, b'a', 2, b'b']).await.unwrap();
        // One after another, until one is served.
        loop {
            let mut other = TcpStream::connect(address).await.unwrap();
            let sent = other.write_all(&[1, b'c']).await;
            if sent.is_ok() && other.shutdown().await.is_ok() {
                let _ = other.read(&mut [0]).await;
            }
            if seen.frames.lock().ends_with(&[1, b'c']) {
                break;
            }
        }
        assert!(began.elapsed() >= idle, "it was not idle for so long");
        assert_eq!(silent.read(&mut [0]).await.unwrap(), 0);
        assert_eq!(*seen.frames.lock(), [1, b'a', 1, b'c']);
        source.stop().await;
        let reason =
            "the client was idle and made place for another inside a frame, after 2 of its bytes";
        assert_eq!(*seen.ends.lock(), [reason]);
    }
}
