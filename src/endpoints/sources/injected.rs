//! Messages that a program injects, as the workbench's input pane does.
//!
//! Invariant: what was injected and has not entered stays here, also of an injection that is being read. So the next
//! engine goes on with it if this one crashes on purpose.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

use super::intake::{Connection, Intake};
use crate::core::frames::assembler::SourceEnd;
use crate::core::numbers::Timestamp;

/// The name of this source in traces and dead letters.
pub const INPUT: &str = "input";

/// If an injection has up to this many messages, all are traced; if it has more, only samples.
const TRACED: usize = 1000;

/// How many injected bytes may wait to be read: 64 MiB. A single injection may be longer.
const WAITING_LIMIT: u32 = 64 * 1024 * 1024;

/// The min that an injection takes of the limit: the memory that it needs itself.
const MIN_COST: u32 = 64;

/// Bytes were not injected, because too many wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputFull;

/// Gives bytes to a pipeline. What has not entered one engine enters the next one that gets a clone.
#[derive(Debug, Clone)]
pub struct Injector {
    sender: UnboundedSender<Injection>,
    room: Arc<Semaphore>,
    injected: Injected,
}

/// The other end of an [`Injector`]: see [`read_injected`].
#[derive(Debug, Clone)]
pub struct Injected(Arc<Mutex<Reading>>);

/// What was injected and has not entered.
#[derive(Debug)]
struct Reading {
    receiver: UnboundedReceiver<Injection>,
    /// The injection that is being read.
    current: Option<Injection>,
}

/// Bytes that were injected together.
#[derive(Debug)]
struct Injection {
    bytes: Bytes,
    /// How many of the bytes have entered.
    entered: usize,
    /// Given back when all of the injection has entered.
    _room: OwnedSemaphorePermit,
}

impl Default for Injector {
    fn default() -> Self {
        let (sender, receiver) = unbounded_channel();
        let room = Arc::new(Semaphore::new(WAITING_LIMIT as usize));
        let reading = Reading { receiver, current: None };
        Self { sender, room, injected: Injected(Arc::new(Mutex::new(reading))) }
    }
}

impl Injector {
    /// The end to read from: once per engine, because one reads at a time, until its engine ends.
    pub fn injected(&self) -> Injected {
        self.injected.clone()
    }

    /// Whether all that was injected has been read.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.room.available_permits() == WAITING_LIMIT as usize
    }

    /// Gives bytes. They wait until the pipeline's budget has room for them. If no engine reads any more, they wait
    /// for the next one.
    ///
    /// # Errors
    ///
    /// Too many bytes wait.
    pub fn inject(&self, bytes: Bytes) -> Result<(), InputFull> {
        let cost = u32::try_from(bytes.len()).unwrap_or(u32::MAX).clamp(MIN_COST, WAITING_LIMIT);
        let room = Arc::clone(&self.room).try_acquire_many_owned(cost).map_err(|_| InputFull)?;
        let sent = self.sender.send(Injection { bytes, entered: 0, _room: room });
        debug_assert!(sent.is_ok(), "the injector has the other end itself");
        Ok(())
    }
}

impl Reading {
    /// The injection to read. `None` if the run is stopped, and everything that was injected before has entered.
    async fn next(&mut self, intake: &Intake) -> Option<&mut Injection> {
        if self.current.is_none() {
            self.current = tokio::select! {
                biased;
                injection = self.receiver.recv() => injection,
                // A receiver that has been asked very often gives nothing for a moment, so it is asked again.
                () = intake.stopped() => self.receiver.try_recv().ok(),
            };
        }
        self.current.as_mut()
    }
}

/// Reads injected bytes until the run is stopped and all of them have entered. Bytes at the end of an injection that
/// are not a whole frame are a dead letter: they are not joined with the next injection.
pub async fn read_injected(Injected(reading): Injected, intake: Arc<Intake>) {
    // An engine before has given it back when its tasks ended.
    let mut reading = reading.lock().await;
    let name: Arc<str> = INPUT.into();
    let connection = intake.connect(false);
    while let Some(Injection { bytes, entered, .. }) = reading.next(&intake).await {
        let (rest, read_at) = ((&bytes[..], *entered), intake.clock.now());
        let note = |portion: usize| *entered += portion;
        enter(rest, &name, connection, read_at, TRACED, &intake, note).await;
        reading.current = None;
    }
}

/// Lets the frames of some bytes enter, from a byte on, and tells `entered` of each portion how many bytes it has. If
/// there are up to `traced`, each is traced. Bytes at the end that are not a whole frame become a dead letter.
pub(super) async fn enter(
    (bytes, from): (&[u8], usize),
    name: &Arc<str>,
    connection: Connection,
    read_at: Timestamp,
    traced: usize,
    intake: &Intake,
    mut entered: impl FnMut(usize),
) {
    let mut assembler = intake.assembler(from as u64);
    assembler.buffer().extend_from_slice(bytes.get(from..).unwrap_or_default());
    let mut few = true;
    loop {
        match assembler
            .cut()
            .and_then(|cut| cut.map_or_else(|| assembler.last(), |cut| Ok(Some(cut))))
        {
            Ok(Some(cut)) => {
                few &= cut.len() <= traced;
                let each = &mut entered;
                intake.deliver_telling(name, connection, cut, read_at, few, each).await;
            }
            Ok(None) => break,
            Err(broken) => return intake.broken(name, broken),
        }
    }
    if let Some(broken) = assembler.finish(SourceEnd::Ended) {
        intake.broken(name, broken);
    }
}
