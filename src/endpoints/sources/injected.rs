//! The input that a program gives by hand: what the workbench's input pane sends.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::intake::Intake;
use crate::core::frames::assembler::SourceEnd;

/// The name of this source in traces and dead letters.
const NAME: &str = "input";

/// How many messages that are injected together are all traced; of more, only samples.
const TRACED: usize = 1000;

/// How many injected bytes may wait to be read: 64 MiB. More than that wait only where they are one
/// injection.
const WAITING_LIMIT: u32 = 64 * 1024 * 1024;

/// What an injection takes of the limit at the least: the memory that it needs itself.
const MIN_COST: u32 = 64;

/// Why bytes were not injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotInjected {
    /// Too many bytes wait already.
    Full,
    /// Nobody reads them any more.
    Ended,
}

/// Where a program gives bytes to a pipeline by hand.
pub struct Injector {
    sender: UnboundedSender<(Bytes, OwnedSemaphorePermit)>,
    room: Arc<Semaphore>,
}

/// Where they are read.
pub struct Injected(UnboundedReceiver<(Bytes, OwnedSemaphorePermit)>);

impl Injector {
    /// An injector, and what reads from it.
    #[must_use]
    pub fn new() -> (Self, Injected) {
        let (sender, injected) = unbounded_channel();
        (
            Self { sender, room: Arc::new(Semaphore::new(WAITING_LIMIT as usize)) },
            Injected(injected),
        )
    }

    /// Gives bytes. They wait here until there is room for them in the pipeline.
    ///
    /// # Errors
    ///
    /// Too many bytes wait, or nobody reads them any more.
    pub fn inject(&self, bytes: Bytes) -> Result<(), NotInjected> {
        let cost = u32::try_from(bytes.len()).unwrap_or(u32::MAX).clamp(MIN_COST, WAITING_LIMIT);
        let room = Arc::clone(&self.room).try_acquire_many_owned(cost);
        let room = room.map_err(|_| NotInjected::Full)?;
        self.sender.send((bytes, room)).map_err(|_| NotInjected::Ended)
    }
}

/// Reads injected bytes until the last sender is gone. Each injection stands for itself: bytes at its
/// end that are no whole frame are a dead letter.
pub async fn read_injected(Injected(mut injected): Injected, intake: Arc<Intake>) {
    let name: Arc<str> = NAME.into();
    let connection = intake.connect(false);
    // The room is given back when all of an injection has found room in the pipeline.
    while let Some((bytes, _room)) = injected.recv().await {
        let mut assembler = intake.assembler(0);
        assembler.buffer().extend_from_slice(&bytes);
        let read_at = intake.clock.now();
        // Who sends many messages at once does not want to see each of them.
        let mut few = true;
        let left = loop {
            match assembler.cut() {
                Ok(Some(cut)) => {
                    few &= cut.len() <= TRACED;
                    intake.deliver(&name, connection, cut, read_at, few).await;
                }
                Ok(None) => break assembler.finish(SourceEnd::Ended),
                Err(broken) => break Some(broken),
            }
        };
        if let Some(broken) = left {
            intake.broken(&name, broken);
        }
    }
}
