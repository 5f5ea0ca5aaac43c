//! Batches as bytes, for workers of other processes.
//!
//! The bytes of a batch are its messages one after another: 4 bytes with the place of the frame, 4 bytes with the length
//! of what follows (both little-endian), and the message as [MessagePack](https://msgpack.org) with the names of its
//! fields. Each has a length of its own, so that one that cannot be read does not take the others with it.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::application::Message;
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::Cause;
use crate::core::guard::for_each_guarded;
use crate::core::numbers::WorkerIndex;
use crate::core::steps::batch::{Item, Payload, Produced, RoutedBatch};
use crate::core::steps::context::{Context, StepName};
use crate::core::steps::{Progress, Segment};

/// The bytes before each message: the place of its frame, and its length.
const HEADER: usize = 8;

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

    /// Encodes the batches for other processes, from this one on.
    fn encode(&self, from: usize, context: &mut Context<'_>, produced: &mut Produced) {
        for batch in produced.routed.iter_mut().skip(from) {
            if !self.local.contains(&batch.worker.0) {
                self.encode_batch(batch, context);
            }
        }
        produced.routed.retain(|batch| batch.messages > 0);
    }

    fn encode_batch(&self, batch: &mut RoutedBatch, context: &mut Context<'_>) {
        let payload = std::mem::replace(&mut batch.payload, Payload::Encoded(Bytes::new()));
        let items = match payload {
            Payload::Messages(items) => items.downcast::<Vec<Item<M>>>().ok(),
            Payload::Frames | Payload::Own(_) | Payload::Encoded(_) => None,
        };
        let Some(items) = items else { unreachable!("the end of a segment sends its messages") };
        let (name, frames) = (&self.name, &batch.frames);
        let (mut bytes, mut messages) = (Vec::new(), 0);
        for_each_guarded(
            &mut items.into_iter(),
            &mut (context, &mut bytes),
            |item| item.frame,
            |(context, bytes), item| {
                let begin = bytes.len();
                match append(&item, bytes) {
                    Ok(()) => messages += 1,
                    Err(reason) => {
                        bytes.truncate(begin);
                        let reason = format!("cannot be sent to another process: {reason}");
                        context.dead_letter(name, frames, item.frame, None, Cause::Refused, reason);
                    }
                }
            },
            |(context, bytes), frame, reason| {
                // What the message has written until it panicked.
                bytes.truncate(whole(bytes));
                context.dead_letter(name, frames, frame, None, Cause::Panicked, reason);
            },
        );
        (batch.payload, batch.messages) = (Payload::Encoded(bytes.into()), messages);
    }
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

/// Appends a message. If it fails, what it has appended is not a message.
fn append<M: Serialize>(item: &Item<M>, bytes: &mut Vec<u8>) -> Result<(), String> {
    let begin = bytes.len();
    bytes.extend_from_slice(&item.frame.to_le_bytes());
    // Longer than any message, until its length is known.
    bytes.extend_from_slice(&u32::MAX.to_le_bytes());
    let mut serializer = rmp_serde::Serializer::new(&mut *bytes).with_struct_map();
    item.message.serialize(&mut serializer).map_err(|error| error.to_string())?;
    let length = bytes.len() - begin - HEADER;
    let length = u32::try_from(length).ok().filter(|length| *length < u32::MAX);
    let length = length.ok_or("it has 4 GiB or more")?;
    if let Some(place) = bytes.get_mut(begin + 4..begin + HEADER) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    Ok(())
}

/// The next message of a batch and what is behind it: the place of its frame, and its bytes. `None` if no whole one is there.
fn split(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let (frame, rest) = bytes.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (message, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some((u32::from_le_bytes(*frame), message, rest))
}

/// How many bytes at the beginning are whole messages.
fn whole(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((.., behind)) = split(rest) {
        rest = behind;
    }
    bytes.len() - rest.len()
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
        |(context, messages), (frame, bytes)| match read(bytes) {
            Ok(message) => messages.push(Item { frame, message }),
            Err(reason) => {
                let reason = format!("cannot be read as another process sent it: {reason}");
                context.dead_letter(name, frames, frame, None, Cause::Refused, reason);
            }
        },
        |(context, _), frame, reason| {
            context.dead_letter(name, frames, frame, None, Cause::Panicked, reason);
        },
    );
    assert!(rest.is_empty(), "a batch of another process ends with a whole message");
    messages
}

fn read<M: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<M, String> {
    rmp_serde::from_slice(bytes).map_err(|error| error.to_string())
}
