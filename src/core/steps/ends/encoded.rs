//! Batches as bytes, for workers of other processes.
//!
//! The bytes of a batch are its messages one after another: 4 bytes with the place of the frame, 4 bytes with the length
//! of what follows (both little-endian), and the message in the form in which states are saved. Each has a length of its
//! own, so that one that cannot be read does not take the others with it.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use crate::application::Message;
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::Cause;
use crate::core::guard::{clear_guarded, for_each_guarded};
use crate::core::numbers::WorkerIndex;
use crate::core::partitions::saved;
use crate::core::steps::batch::{Item, Payload, Produced, RoutedBatch};
use crate::core::steps::context::{Context, StepName};
use crate::core::steps::{Progress, Segment};

/// The bytes before each message: the place of its frame, and its length.
const HEADER: usize = 8;

/// The beginnings of the reasons of dead letters.
const NOT_SENT: &str = "cannot be sent to another process";
const NOT_READ: &str = "cannot be read as another process sent it";

/// The end of a segment that gives the batches for workers of other processes as bytes. A message that has none is a dead
/// letter.
pub(crate) struct EncodedEnd<M> {
    end: Box<dyn Segment>,
    /// The step that sends the messages.
    name: StepName,
    worker: WorkerIndex,
    /// The workers of this process.
    local: Range<usize>,
    message: PhantomData<fn(M)>,
}

impl<M: Message> EncodedEnd<M> {
    pub fn new(
        end: Box<dyn Segment>,
        name: StepName,
        worker: WorkerIndex,
        local: Range<usize>,
    ) -> Self {
        Self { end, name, worker, local, message: PhantomData }
    }

    /// Encodes the batches for other processes, from this one on. One of which no message has bytes goes nowhere.
    fn encode(&self, from: usize, context: &mut Context<'_>, produced: &mut Produced) {
        for mut batch in produced.routed.split_off(from) {
            if !self.local.contains(&batch.worker.0) {
                self.encode_batch(&mut batch, context);
            }
            if batch.messages > 0 {
                produced.routed.push(batch);
            }
        }
    }

    fn encode_batch(&self, batch: &mut RoutedBatch, context: &mut Context<'_>) {
        let payload = std::mem::replace(&mut batch.payload, Payload::Encoded(Bytes::new()));
        let items = match payload {
            Payload::Messages(items) => items.downcast::<Vec<Item<M>>>().ok(),
            Payload::Frames | Payload::Own(_) | Payload::Encoded(_) => None,
        };
        let Some(mut items) = items else {
            unreachable!("the end of a segment sends its messages")
        };
        let (name, frames) = (&self.name, &batch.frames);
        let mut encoded = Encoded::default();
        for_each_guarded(
            &mut items.iter(),
            &mut (context, &mut encoded),
            |item| item.frame,
            |(context, encoded), item| {
                if let Err(reason) = encoded.push(item) {
                    refuse(name, frames, item.frame, Cause::Refused, (NOT_SENT, &reason), context);
                }
            },
            |(context, _), frame, reason| {
                refuse(name, frames, frame, Cause::Panicked, (NOT_SENT, &reason), context);
            },
        );
        clear_guarded(&mut items);
        let Encoded { mut bytes, whole, messages } = encoded;
        bytes.truncate(whole);
        (batch.payload, batch.messages) = (Payload::Encoded(bytes.into()), messages);
    }
}

/// Makes a message a dead letter that cannot go on as bytes.
#[cold]
fn refuse(
    name: &StepName,
    frames: &Frames,
    frame: u32,
    cause: Cause,
    (what, reason): (&str, &str),
    context: &mut Context<'_>,
) {
    context.dead_letter(name, frames, frame, None, cause, format!("{what}: {reason}"));
}

impl<M: Message> Segment for EncodedEnd<M> {
    fn begin(&mut self, frames: &Frames, payload: Payload, context: &mut Context<'_>) {
        self.end.begin(frames, payload, context);
    }

    fn next(
        &mut self,
        frames: &Arc<Frames>,
        context: &mut Context<'_>,
        produced: &mut Produced,
    ) -> Progress {
        let from = produced.routed.len();
        let progress = self.end.next(frames, context, produced);
        self.encode(from, context, produced);
        progress
    }

    fn finish(&mut self, frames: &Arc<Frames>, context: &mut Context<'_>, produced: &mut Produced) {
        let from = produced.routed.len();
        self.end.finish(frames, context, produced);
        self.encode(from, context, produced);
    }

    fn join(&mut self, joined: bool) -> bool {
        self.local.contains(&self.worker.0) && self.end.join(joined)
    }
}

/// The bytes of a batch that is being encoded.
#[derive(Default)]
struct Encoded {
    bytes: Vec<u8>,
    /// How many of the bytes are whole messages: what is behind them is of one that failed.
    whole: usize,
    messages: usize,
}

impl Encoded {
    fn push<M: Serialize>(&mut self, item: &Item<M>) -> Result<(), String> {
        let Self { bytes, whole, messages } = self;
        bytes.truncate(*whole);
        bytes.extend_from_slice(&item.frame.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        saved::write(&item.message, bytes)?;
        let length = u32::try_from(bytes.len() - *whole - HEADER);
        let length = length.map_err(|_| "it has 4 GiB or more".to_owned())?;
        if let Some(place) = bytes.get_mut(*whole + 4..*whole + HEADER) {
            place.copy_from_slice(&length.to_le_bytes());
        }
        (*whole, *messages) = (bytes.len(), *messages + 1);
        Ok(())
    }
}

/// The next message of a batch and what is behind it: the place of its frame, and its bytes. `None` if no whole one is there.
fn split(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let (frame, rest) = bytes.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (message, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some((u32::from_le_bytes(*frame), message, rest))
}

/// The messages of an encoded batch. One that cannot be read is a dead letter of the step that sent it.
pub(crate) fn decoded<M: Message>(
    bytes: &[u8],
    name: &StepName,
    frames: &Frames,
    context: &mut Context<'_>,
) -> Vec<Item<M>> {
    let mut rest = bytes;
    let mut pieces = std::iter::from_fn(|| {
        let (frame, message, behind) = split(rest)?;
        rest = behind;
        Some((frame, message))
    });
    let mut messages = Vec::new();
    for_each_guarded(
        &mut pieces,
        &mut (context, &mut messages),
        |(frame, _)| *frame,
        |(context, messages), (frame, bytes)| match saved::decode(bytes) {
            Ok(message) => messages.push(Item { frame, message }),
            Err(reason) => {
                refuse(name, frames, frame, Cause::Refused, (NOT_READ, &reason), context);
            }
        },
        |(context, _), frame, reason| {
            refuse(name, frames, frame, Cause::Panicked, (NOT_READ, &reason), context);
        },
    );
    assert!(rest.is_empty(), "a batch of another process ends with a whole message");
    messages
}
