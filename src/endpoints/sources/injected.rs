//! Messages that a program injects, as the workbench's input pane does.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

use super::intake::{Connection, Intake};
use crate::core::frames::assembler::SourceEnd;
use crate::core::numbers::Timestamp;

/// The name of this source in traces and dead letters.
const NAME: &str = "input";

/// If an injection has up to this many messages, all are traced; if it has more, only samples.
const TRACED: usize = 1000;

/// How many injected bytes may wait to be read: 64 MiB. A single injection may be longer.
const WAITING_LIMIT: u32 = 64 * 1024 * 1024;

/// The min that an injection takes of the limit: the memory that it needs itself.
const MIN_COST: u32 = 64;

/// Why bytes were not injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotInjected {
    /// Too many bytes wait already.
    Full,
    /// The engine has ended.
    Ended,
}

/// Gives bytes to a pipeline. What has not entered one engine enters the next one that gets a clone.
#[derive(Debug, Clone)]
pub struct Injector {
    sender: UnboundedSender<(Bytes, OwnedSemaphorePermit)>,
    room: Arc<Semaphore>,
    injected: Injected,
}

/// The other end of an [`Injector`]: see [`read_injected`].
#[derive(Debug, Clone)]
pub struct Injected(Arc<Mutex<UnboundedReceiver<(Bytes, OwnedSemaphorePermit)>>>);

impl Default for Injector {
    fn default() -> Self {
        let (sender, injected) = unbounded_channel();
        let room = Arc::new(Semaphore::new(WAITING_LIMIT as usize));
        Self { sender, room, injected: Injected(Arc::new(Mutex::new(injected))) }
    }
}

impl Injector {
    /// The end to read from.
    pub fn injected(&self) -> Injected {
        self.injected.clone()
    }

    /// Gives bytes. They wait until the pipeline's budget has room for them.
    ///
    /// # Errors
    ///
    /// Too many bytes wait, or the engine has ended.
    pub fn inject(&self, bytes: Bytes) -> Result<(), NotInjected> {
        let cost = u32::try_from(bytes.len()).unwrap_or(u32::MAX).clamp(MIN_COST, WAITING_LIMIT);
        let room = Arc::clone(&self.room).try_acquire_many_owned(cost);
        let room = room.map_err(|_| NotInjected::Full)?;
        self.sender.send((bytes, room)).map_err(|_| NotInjected::Ended)
    }
}

/// Reads injected bytes until the injector is dropped. Bytes at the end of an injection that are not a whole
/// frame are a dead letter: they are not joined with the next injection.
pub async fn read_injected(Injected(injected): Injected, intake: Arc<Intake>) {
    // An engine before has given it back when its tasks ended.
    let mut injected = injected.lock().await;
    let name: Arc<str> = NAME.into();
    let connection = intake.connect(false);
    // The permit is given back when all of the injection has entered the pipeline.
    while let Some((bytes, _room)) = injected.recv().await {
        let read_at = intake.clock.now();
        enter(&bytes, &name, connection, read_at, TRACED, &intake).await;
    }
}

/// Lets the frames of some bytes enter. If there are up to `traced`, each is traced. Bytes at the end that are
/// not a whole frame become a dead letter.
pub(super) async fn enter(
    bytes: &[u8],
    name: &Arc<str>,
    connection: Connection,
    read_at: Timestamp,
    traced: usize,
    intake: &Intake,
) {
    let mut assembler = intake.assembler(0);
    assembler.buffer().extend_from_slice(bytes);
    let mut few = true;
    loop {
        match assembler
            .cut()
            .and_then(|cut| cut.map_or_else(|| assembler.last(), |cut| Ok(Some(cut))))
        {
            Ok(Some(cut)) => {
                few &= cut.len() <= traced;
                intake.deliver(name, connection, cut, read_at, few).await;
            }
            Ok(None) => break,
            Err(broken) => return intake.broken(name, broken),
        }
    }
    if let Some(broken) = assembler.finish(SourceEnd::Ended) {
        intake.broken(name, broken);
    }
}
