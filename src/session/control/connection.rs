//! One connection of a run that is reached: a task that receives it, reads what it says, and writes what it is told.
//!
//! Invariant: it costs the engine nothing. What waits to be written is bounded, what is read waits for the engine in a
//! bounded queue, and one that does not read for a while is let go.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

use crate::session::wire::handshake::{Door, Purpose, receive};
use crate::session::wire::messages::{ToRun, ToViewer};
use crate::session::wire::stream::{Reader, Writer};
use crate::wire::frame::{MAX_FRAME, encode, read};
use crate::wire::places::Place;

/// How many messages may wait to be written. At most two of them are long: an update is made only if none waits.
pub(super) const WAITING: usize = 64;

/// How long a connection is quiet before it is told that the run is there.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// How long a message may take to be written: one that is stopped, or whose machine is gone, is let go then.
const STUCK: Duration = Duration::from_secs(30);

/// Which connection.
pub(super) type Number = u64;

/// What is heard of connections.
pub(super) enum Heard {
    /// One has come, for this purpose. It is told what is sent here.
    Came(Number, Purpose, mpsc::Sender<Vec<u8>>),
    /// One says this.
    Said(Number, ToRun),
    /// One is gone.
    Gone(Number),
}

/// What all connections of a run share.
pub(super) struct House {
    pub door: Door,
    /// How many more may look.
    pub seats: Arc<Semaphore>,
    /// How many more may ask for something without looking.
    pub errands: Arc<Semaphore>,
    pub heard: mpsc::Sender<Heard>,
}

/// Receives a connection, and serves it to its end. `greeting` is held until it is known who comes.
pub(super) async fn serve(
    number: Number,
    (mut reader, mut writer): (Reader, Writer),
    house: Arc<House>,
    greeting: Place,
) {
    let Some(purpose) = receive((&mut reader, &mut writer), &house.door).await else { return };
    drop(greeting);
    let (tell, told) = mpsc::channel(WAITING);
    let seats = match &purpose {
        Purpose::Watch { .. } => &house.seats,
        Purpose::Status | Purpose::Stop => &house.errands,
    };
    let Ok(_seat) = Arc::clone(seats).try_acquire_owned() else {
        if let Ok(frame) = encode(&ToViewer::TooMany) {
            let _ = tell.try_send(frame);
        }
        drop(tell);
        return write(&mut writer, told).await;
    };
    let hear = async {
        // The run has ended if nobody hears it.
        if house.heard.send(Heard::Came(number, purpose, tell)).await.is_ok() {
            listen(number, &mut reader, &house.heard).await;
        }
    };
    // At once: one that waits to be heard is told that the run is there.
    tokio::select! {
        () = hear => {}
        () = write(&mut writer, told) => {}
    }
    let _ = house.heard.send(Heard::Gone(number)).await;
}

/// Passes on what is said, until the connection ends or says nonsense.
async fn listen(number: Number, reader: &mut Reader, heard: &mpsc::Sender<Heard>) {
    while let Ok(Some(said)) = read::<ToRun>(reader, MAX_FRAME).await {
        if heard.send(Heard::Said(number, said)).await.is_err() {
            return;
        }
    }
}

/// Writes what is told, until there will be no more.
async fn write(writer: &mut Writer, mut told: mpsc::Receiver<Vec<u8>>) {
    loop {
        let frame = match timeout(HEARTBEAT, told.recv()).await {
            Ok(Some(frame)) => frame,
            Ok(None) => return,
            Err(_) => match encode(&ToViewer::Alive) {
                Ok(frame) => frame,
                Err(_) => return,
            },
        };
        if !matches!(timeout(STUCK, writer.write_all(&frame)).await, Ok(Ok(()))) {
            return;
        }
    }
}
