//! The TCP source: each of its connections is a stream of frames.
//!
//! Invariant: one connection's failure never affects another. Its end is an event with its name and the
//! reason. No client and no lack of resources stops the source from accepting others later.

use std::io;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{Id, JoinError, JoinSet, yield_now};
use tokio::time::{Instant, sleep_until};

use super::intake::{Intake, client};
use super::places::{Limits, Places};
use super::seat::Seat;
use super::stream::{StreamEnd, read_frames};
use crate::core::event::EngineEvent;

/// How many connections a source serves at once, unless the user sets another limit or the limit on open files is
/// lower. The connection of one client more is closed, so that it does not wait for an answer.
pub const DEFAULT_CONNECTION_LIMIT: NonZeroUsize = NonZeroUsize::new(1000).unwrap();

/// How long a client may be idle before another may have its place, if all are taken.
pub(crate) const IDLE: Duration = Duration::from_mins(1);

/// How long a client may be silent before the system checks whether it is still there.
const SILENT: Duration = Duration::from_mins(1);

/// The number of checks, and the wait for the answer to each, before the connection is closed.
const QUESTIONS: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(15);

/// The wait after a failed accept: `SOON` after the first, then doubled up to `LATE`.
const SOON: Duration = Duration::from_millis(10);
const LATE: Duration = Duration::from_secs(1);

/// How often the clients' tasks may run before a client is refused. Clients that come fast, send a little
/// and leave are done within a few turns: to read, to hand over, and to read the end.
const TURNS: usize = 8;

/// Serves connections until it is stopped. Then waits until each one's task has ended.
pub(crate) async fn serve(
    listener: TcpListener,
    limits: Limits,
    intake: Arc<Intake>,
) -> io::Result<()> {
    let Intake { pipeline, observer, process, .. } = &*intake;
    let refuse = |reason| observer.event(EngineEvent::NotAccepted(*pipeline, *process, reason));
    let count = |clients| observer.clients(*pipeline, *process, clients);
    let mut connections = JoinSet::new();
    let mut places = Places::new(limits);
    // No client is accepted before this moment.
    let (mut again, mut delay, mut failing) = (Instant::now(), SOON, false);
    loop {
        tokio::select! {
            biased;
            () = intake.stopped() => break,
            // Before the next is accepted, so that ended connections do not count.
            Some(ended) = connections.join_next_with_id() => {
                places.leave(task_of(ended));
                count(places.taken());
                // There may be enough file descriptors now.
                again = Instant::now();
            }
            accepted = accept(&listener, again, &intake) => match accepted {
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
                    let (name, seat) = (client(*process, peer), Arc::new(Seat::new()));
                    let serve = serve_connection(stream, name, Arc::clone(&seat), Arc::clone(&intake));
                    places.take(connections.spawn(serve).id(), seat);
                    count(places.taken());
                }
                // This client is gone already.
                Err(error) if is_of_one_client(&error) => {}
                // The process or the system has no file descriptors or no memory left. The listener still
                // works. Reported once per series of failures.
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
    while let Some(ended) = connections.join_next_with_id().await {
        places.leave(task_of(ended));
        count(places.taken());
    }
    Ok(())
}

/// Accepts the next client, but not before this moment, and not while too much is kept of those that have left: others
/// could leave more.
async fn accept(
    listener: &TcpListener,
    from: Instant,
    intake: &Intake,
) -> io::Result<(TcpStream, std::net::SocketAddr)> {
    intake.delivery.settled().await;
    if from > Instant::now() {
        sleep_until(from).await;
    }
    listener.accept().await
}

/// The task that has ended. A panic in it is the engine's own, since an author's code is guarded: it is
/// resumed here, so that it ends the run and not only the connection.
fn task_of(ended: Result<(Id, ()), JoinError>) -> Id {
    match ended {
        Ok((task, ())) => task,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(cancelled) => cancelled.id(),
        },
    }
}

/// Whether an error concerns one client only, which is gone.
fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, TimedOut};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted | TimedOut)
}

async fn serve_connection(stream: TcpStream, name: Arc<str>, seat: Arc<Seat>, intake: Arc<Intake>) {
    let pipeline = intake.pipeline;
    intake.observer.event(EngineEvent::Connected(pipeline, Arc::clone(&name)));
    // A client whose machine or network is gone would keep its place forever.
    let keepalive =
        TcpKeepalive::new().with_time(SILENT).with_interval(PATIENCE).with_retries(QUESTIONS);
    // If the system cannot check, the connection is served all the same.
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
    use std::pin::Pin;
    use std::sync::Weak;

    use parking_lot::Mutex;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::watch;
    use tokio::task::JoinHandle;

    use super::*;
    use crate::core::clock::Still;
    use crate::core::frames::Frames;
    use crate::core::frames::framing::big_endian_framing;
    use crate::core::numbers::{PipelineIndex, ProcessIndex};
    use crate::core::observer::Observer;
    use crate::endpoints::{Connection, Delivery, Entered, Fetch};

    /// What a source delivers and reports.
    #[derive(Default)]
    struct Seen {
        frames: Mutex<Vec<u8>>,
        ends: Mutex<Vec<String>>,
        /// Whether too much is kept of clients that have left.
        much_kept: watch::Sender<bool>,
    }

    impl Delivery for Seen {
        fn deliver(&self, _: Connection, frames: Frames, _: bool) {
            assert!(frames.bytes() != &[1, b'!'][..], "on purpose");
            self.frames.lock().extend_from_slice(frames.bytes());
        }

        fn fetch_from(&self, _: Connection, _: Weak<dyn Fetch>) {}

        fn settled(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
            Box::pin(async {
                let _ = self.much_kept.subscribe().wait_for(|much| !*much).await;
            })
        }
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
            let intake = Intake {
                pipeline: PipelineIndex(0),
                name: "test".into(),
                framing: big_endian_framing(1),
                frame_limit: 16,
                clock: Arc::new(Still),
                delivery: Arc::clone(&seen) as Arc<dyn Delivery>,
                observer: Arc::clone(&seen) as Arc<dyn Observer>,
                stop: stopped,
                process: ProcessIndex(0),
                entered: Entered::default(),
            };
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

    /// Yields until there are so many ends.
    async fn until_ends(seen: &Seen, ends: usize) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while seen.ends.lock().len() < ends {
            assert!(Instant::now() < deadline, "{} of {ends}", seen.ends.lock().len());
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn while_much_is_kept_of_those_that_have_left_no_other_can_leave_more() {
        const LATER: usize = 10;
        let connections = NonZeroUsize::new(2).unwrap();
        // Whoever has left is idle at once: nobody is refused for lack of a place.
        let limits = Limits { connections, idle: Duration::ZERO };
        let (source, other) = (Serving::start(limits).await, Serving::start(limits).await);
        let leave_half_a_frame = |address| {
            let mut client = std::net::TcpStream::connect(address).unwrap();
            io::Write::write_all(&mut client, &[2, b'a']).unwrap();
        };
        leave_half_a_frame(source.address);
        until_ends(&source.seen, 1).await;
        source.seen.much_kept.send_replace(true);
        for _ in 0..LATER {
            leave_half_a_frame(source.address);
            // It has come later than that one, and at a source that accepts it.
            let ends = other.seen.ends.lock().len();
            leave_half_a_frame(other.address);
            until_ends(&other.seen, ends + 1).await;
        }
        // One was waited for already.
        assert!(source.seen.ends.lock().len() <= 2, "{:?}", source.seen.ends.lock());
        source.seen.much_kept.send_replace(false);
        until_ends(&source.seen, 1 + LATER).await;
        source.stop().await;
        other.stop().await;
    }

    #[tokio::test]
    async fn a_panic_of_a_connection_is_one_of_its_source_and_so_ends_the_run() {
        let source = Serving::start(Limits { connections: NonZeroUsize::MIN, idle: IDLE }).await;
        let mut client = TcpStream::connect(source.address).await.unwrap();
        client.write_all(&[1, b'!']).await.unwrap();
        assert!(source.task.await.unwrap_err().is_panic());
    }
}
