//! Batches as bytes, for workers of other processes.
//!
//! The bytes of a batch are 4 bytes with the number of its messages, and the messages one after another: 4 bytes with the
//! place of the frame, 4 bytes with the length of what follows (all little-endian), and the message in the form in which
//! states are saved. Each has a length of its own, so that one that cannot be read does not take the others with it.

use std::marker::PhantomData;
use std::mem;
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

/// The bytes before all messages: how many there are.
const COUNT: usize = 4;

/// The bytes before each message: the place of its frame, and its length.
const HEADER: usize = 8;

/// As soon as a batch has this many bytes, another one begins: a receiver needs memory for all of a batch.
const MAX_BYTES: usize = 1024 * 1024;

/// The beginnings of the reasons of dead letters.
const NOT_SENT: &str = "cannot be sent to another process";
const NOT_READ: &str = "cannot be read as another process sent it";

/// The end of a segment that gives the batches for workers of other processes as bytes. A message that has none is a dead
/// letter.
pub(crate) struct EncodedEnd<M> {
    end: Box<dyn Segment>,
    /// The step that sends the messages.
    name: StepName,
    /// The workers of this process.
    local: Range<usize>,
    /// Whether this worker may run the segment behind as one with this one.
    joins: bool,
    message: PhantomData<fn(M)>,
}

impl<M: Message> EncodedEnd<M> {
    pub fn new(
        end: Box<dyn Segment>,
        name: StepName,
        worker: WorkerIndex,
        local: Range<usize>,
        joins: bool,
    ) -> Self {
        let joins = joins && local.contains(&worker.0);
        Self { end, name, local, joins, message: PhantomData }
    }

    /// Encodes the batches for other processes, from this one on. Messages without bytes go nowhere.
    fn encode(&self, from: usize, context: &mut Context<'_>, produced: &mut Produced) {
        for batch in produced.routed.split_off(from) {
            if self.local.contains(&batch.worker.0) {
                produced.routed.push(batch);
            } else {
                self.encode_batch(batch, context, &mut produced.routed);
            }
        }
    }

    fn encode_batch(
        &self,
        batch: RoutedBatch,
        context: &mut Context<'_>,
        routed: &mut Vec<RoutedBatch>,
    ) {
        let RoutedBatch { worker, frames, payload, .. } = batch;
        let items = match payload {
            Payload::Messages(items) => items.downcast::<Vec<Item<M>>>().ok(),
            Payload::Frames | Payload::Own(_) | Payload::Encoded(_) => None,
        };
        let Some(mut items) = items else {
            unreachable!("the end of a segment sends its messages")
        };
        let name = &self.name;
        let mut encoded = Encoded::default();
        for_each_guarded(
            &mut items.iter(),
            &mut (context, &mut encoded),
            |item| item.frame,
            |(context, encoded), item| {
                if let Err(reason) = encoded.push(item) {
                    refuse(name, &frames, item.frame, Cause::Refused, (NOT_SENT, &reason), context);
                }
            },
            |(context, _), frame, reason| {
                refuse(name, &frames, frame, Cause::Panicked, (NOT_SENT, &reason), context);
            },
        );
        clear_guarded(&mut items);
        routed.extend(encoded.finish().map(|(messages, bytes)| {
            let frames = Arc::clone(&frames);
            RoutedBatch { worker, frames, payload: Payload::Encoded(bytes), messages }
        }));
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
        self.joins && self.end.join(joined)
    }
}

/// The bytes of a batch that is being encoded.
#[derive(Default)]
struct Encoded {
    /// The batches that are full, each with the number of its messages.
    full: Vec<(usize, Bytes)>,
    bytes: Vec<u8>,
    /// How many of the bytes are of whole messages: what is behind them is of one that failed.
    whole: usize,
    messages: u32,
}

impl Encoded {
    fn push<M: Serialize>(&mut self, item: &Item<M>) -> Result<(), String> {
        if self.whole >= MAX_BYTES {
            self.end();
        }
        let Self { bytes, whole, messages, .. } = self;
        *whole = (*whole).max(COUNT);
        bytes.resize(*whole, 0);
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

    /// Ends a batch, if it has any messages.
    fn end(&mut self) {
        let (messages, whole) = (mem::take(&mut self.messages), mem::take(&mut self.whole));
        let mut bytes = mem::take(&mut self.bytes);
        bytes.truncate(whole);
        if let Some(count) = bytes.first_chunk_mut().filter(|_| messages > 0) {
            *count = messages.to_le_bytes();
            self.full.push((messages as usize, bytes.into()));
        }
    }

    fn finish(mut self) -> impl Iterator<Item = (usize, Bytes)> {
        self.end();
        self.full.into_iter()
    }
}

/// The next message of a batch and what is behind it: the place of its frame, and its bytes. `None` if no whole one is there.
fn split(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let (frame, rest) = bytes.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (message, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some((u32::from_le_bytes(*frame), message, rest))
}

/// The messages of an encoded batch. One that cannot be read is a dead letter of the step that sent it. If the bytes are
/// not those of a batch of these frames, the report says so.
pub(crate) fn decoded<M: Message>(
    bytes: &[u8],
    name: &StepName,
    frames: &Frames,
    context: &mut Context<'_>,
) -> Vec<Item<M>> {
    let Some((count, mut rest)) = bytes.split_first_chunk() else {
        context.report.unreadable = true;
        return Vec::new();
    };
    let mut left = u32::from_le_bytes(*count);
    let mut pieces = std::iter::from_fn(|| {
        let whole = split(rest).filter(|(frame, ..)| left > 0 && (*frame as usize) < frames.len());
        let (frame, message, behind) = whole?;
        (left, rest) = (left - 1, behind);
        Some((frame, message))
    });
    let mut messages = Vec::new();
    for_each_guarded(
        &mut pieces,
        &mut (&mut *context, &mut messages),
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
    context.report.unreadable |= left > 0 || !rest.is_empty();
    messages
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::clock::LogicalClock;
    use crate::core::frames::pieces::Pieces;
    use crate::core::numbers::{SequenceNumber, StepIndex, Timestamp};
    use crate::core::steps::context::Report;

    /// So many frames without a payload.
    fn frames(count: u32) -> Frames {
        let bytes = vec![0; count as usize];
        let pieces = Pieces::new(bytes.into(), (1..=count).collect(), 0);
        Frames::new("test".into(), SequenceNumber(1), Timestamp(0), 1, pieces)
    }

    /// What is read of a batch of these frames, and whether it can be read.
    fn read(bytes: &[u8], frames: &Frames) -> (Vec<(u32, String)>, bool) {
        let name = StepName { pipeline: "p".into(), step: "s".into(), index: StepIndex(0) };
        let (clock, mut report) = (LogicalClock::default(), Report::default());
        let worker = WorkerIndex(0);
        let mut context = Context { worker, clock: &clock, piece: 1, report: &mut report };
        let items = decoded::<String>(bytes, &name, frames, &mut context);
        let items = items.into_iter().map(|item| (item.frame, item.message));
        (items.collect(), !report.unreadable)
    }

    fn encoded(messages: &[String]) -> Vec<(usize, Bytes)> {
        let mut encoded = Encoded::default();
        for (frame, message) in (0_u32..).zip(messages) {
            encoded.push(&Item { frame, message }).unwrap();
        }
        encoded.finish().collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn messages_become_batches_of_limited_size_in_their_order(
            lengths in prop::collection::vec(0..MAX_BYTES, 0..8),
        ) {
            let messages: Vec<_> = lengths.iter().map(|length| "x".repeat(*length)).collect();
            let batches = encoded(&messages);
            let frames = frames(8);
            let mut all = Vec::new();
            for (at, (count, bytes)) in batches.iter().enumerate() {
                let (read, whole) = read(bytes, &frames);
                prop_assert!(whole && read.len() == *count && *count > 0);
                let rest = bytes.len() - read.last().map_or(0, |(_, last)| last.len());
                prop_assert!(rest < MAX_BYTES + 100, "all but the last message fit");
                prop_assert!(bytes.len() >= MAX_BYTES || at == batches.len() - 1);
                all.extend(read);
            }
            prop_assert!(all == (0_u32..).zip(messages).collect::<Vec<_>>());
        }

        #[test]
        fn a_batch_that_is_cut_short_or_too_long_cannot_be_read(
            lengths in prop::collection::vec(0_usize..20, 1..8), more in 1_usize..12,
        ) {
            let messages: Vec<_> = lengths.iter().map(|length| "x".repeat(*length)).collect();
            let (_, whole) = encoded(&messages).remove(0);
            let frames = frames(8);
            prop_assert!(read(&whole, &frames).1);
            for length in 0..whole.len() {
                prop_assert!(!read(&whole[..length], &frames).1, "{} of {}", length, whole.len());
            }
            let longer = [&whole[..], &vec![0; more]].concat();
            prop_assert!(!read(&longer, &frames).1);
        }
    }

    #[test]
    fn a_message_of_a_frame_that_the_batch_does_not_have_cannot_be_read() {
        let (_, bytes) = encoded(&["a".to_owned(), "b".to_owned()]).remove(0);
        assert_eq!(
            read(&bytes, &frames(2)),
            (vec![(0, "a".to_owned()), (1, "b".to_owned())], true)
        );
        assert_eq!(read(&bytes, &frames(1)), (vec![(0, "a".to_owned())], false));
    }
}
