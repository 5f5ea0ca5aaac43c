//! The TCP source: any number of connections, each a stream of frames of its own.

use std::io;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::intake::Intake;
use super::source::read_frames;
use crate::core::event::EngineEvent;

/// Serves connections until it is stopped, then lets each connection's task end.
pub(super) async fn serve(listener: TcpListener, intake: Arc<Intake>) -> io::Result<()> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = intake.stopped() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let name: Arc<str> = peer.to_string().into();
                    connections.spawn(serve_connection(stream, name, Arc::clone(&intake)));
                }
                // The client is gone already, or the process has no file descriptors left: the
                // listener itself is as good as before.
                Err(error) => {
                    let event = EngineEvent::NotAccepted(intake.pipeline, error.to_string());
                    intake.observer.event(event);
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                }
            },
        }
    }
    while connections.join_next().await.is_some() {}
    Ok(())
}

async fn serve_connection(stream: TcpStream, name: Arc<str>, intake: Arc<Intake>) {
    intake.observer.event(EngineEvent::Connected(intake.pipeline, Arc::clone(&name)));
    let connection = intake.connect(false);
    let reason = match read_frames(stream, &name, connection, 0, &intake).await {
        Ok(None) => None,
        Ok(Some(broken)) => Some(broken.reason),
        Err(error) => Some(error.to_string()),
    };
    intake.observer.event(EngineEvent::Disconnected(intake.pipeline, name, reason));
}
