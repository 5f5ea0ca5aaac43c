//! The TCP source: any number of connections, each a stream of frames of its own.
//!
//! Invariant: a connection's end is told with its name and its reason, and is nobody else's matter.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::intake::Intake;
use super::source::{StreamEnd, read_frames};
use crate::core::event::EngineEvent;

/// How many connections a source serves at once unless the user sets another limit: as many as fit
/// below the 1024 open files that systems commonly allow, so that a client too many is told so by the
/// closed connection and does not wait for an answer that never comes.
pub const DEFAULT_CONNECTION_LIMIT: NonZeroUsize = NonZeroUsize::new(1000).unwrap();

/// How long a client may be silent before the system asks it whether it is still there.
const SILENT: Duration = Duration::from_mins(1);

/// How often it is asked, and how long each question waits for its answer, before it is given up.
const QUESTIONS: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(15);

/// How soon the next client is looked for where one could not be accepted.
const AGAIN: Duration = Duration::from_millis(10);

/// Serves connections, at most `most` at once, until it is stopped; then lets each one's task end.
pub(super) async fn serve(
    listener: TcpListener,
    most: NonZeroUsize,
    intake: Arc<Intake>,
) -> io::Result<()> {
    let refuse = |reason| intake.observer.event(EngineEvent::NotAccepted(intake.pipeline, reason));
    let mut connections = JoinSet::new();
    let mut failing = false;
    loop {
        tokio::select! {
            biased;
            () = intake.stopped() => break,
            // Before the next is accepted, so that the number of connections is that of the living.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                let failed = accepted.is_err();
                match accepted {
                    Ok((_, peer)) if connections.len() >= most.get() => refuse(format!("{peer} is one too many: the limit is {most}, set with --connections")),
                    Ok((stream, peer)) => {
                        let name: Arc<str> = peer.to_string().into();
                        connections.spawn(serve_connection(stream, name, Arc::clone(&intake)));
                    }
                    // The client is gone already, or the process has no file descriptors left: the
                    // listener itself is as good as before. Told once, however long it lasts.
                    Err(error) => {
                        if !failing {
                            refuse(error.to_string());
                        }
                        tokio::time::sleep(AGAIN).await;
                    }
                }
                failing = failed;
            }
        }
    }
    while connections.join_next().await.is_some() {}
    Ok(())
}

async fn serve_connection(stream: TcpStream, name: Arc<str>, intake: Arc<Intake>) {
    let pipeline = intake.pipeline;
    intake.observer.event(EngineEvent::Connected(pipeline, Arc::clone(&name)));
    // A client whose machine or network is gone would take one of the connections for ever.
    let keepalive =
        TcpKeepalive::new().with_time(SILENT).with_interval(PATIENCE).with_retries(QUESTIONS);
    // Where the system cannot ask, the connection is as good as any.
    let _ = SockRef::from(&stream).set_tcp_keepalive(&keepalive);
    let connection = intake.connect(false);
    let event = match read_frames(stream, &name, connection, 0, &intake).await {
        Ok(StreamEnd::Ended) => EngineEvent::Disconnected(pipeline, name, None),
        Ok(StreamEnd::Stopped) => EngineEvent::LetGo(pipeline, name),
        Ok(StreamEnd::HalfAFrame(reason) | StreamEnd::NoFrame(reason)) => {
            EngineEvent::Disconnected(pipeline, name, Some(reason))
        }
        Err(error) => EngineEvent::Disconnected(pipeline, name, Some(error.to_string())),
    };
    intake.observer.event(event);
}
