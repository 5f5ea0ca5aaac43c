//! The ends of a pipeline: encoders that make a sink's bytes, or nothing at all.

use std::mem;
use std::sync::Arc;

use super::batch::{Item, Outlet, Output, Payload};
use super::context::{Context, StepName};
use super::{Flow, MAX_TOGETHER, Progress, Segment};
use crate::application::{Encoder, Message};
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::Cause;
use crate::core::frames::pieces::Pieces;
use crate::core::frames::preview::preview_bytes;
use crate::core::frames::trace::{HopEvent, Trace};
use crate::core::guard::for_each_guarded;
use crate::core::numbers::SinkIndex;

/// How many bytes of outputs are sent to a sink together at most, unless one output alone is longer.
const MAX_BYTES_TOGETHER: usize = 256 * 1024;

/// Encodes batches for one sink.
pub(crate) trait EncodeBatch<M> {
    /// Begins with a batch of about so many messages, when the one before is finished.
    fn begin(&mut self, expected: usize);

    /// Encodes every message, or makes it a dead letter. Outputs are sent when they are many.
    fn encode(
        &mut self,
        frames: &Arc<Frames>,
        items: &[Item<M>],
        context: &mut Context<'_>,
        outlet: &mut Outlet,
    );

    /// Sends what is left of the batch's outputs.
    fn finish(&mut self, frames: &Arc<Frames>, outlet: &mut Outlet);
}

/// Encodes batches with an author's encoder.
pub(crate) struct EncodeStep<E> {
    name: StepName,
    encoder: Arc<E>,
    /// What the encoder is given: never the gathered bytes, which it must not be able to change. Kept so
    /// that its memory is used again.
    scratch: Vec<u8>,
    gathered: Gathered,
}

/// Outputs that are sent to a sink together.
struct Gathered {
    sink: SinkIndex,
    pieces: Pieces<Vec<u8>>,
    traces: Vec<Arc<Trace>>,
    /// Of how many messages.
    messages: usize,
    /// How long a message's bytes were in the outputs that were sent last, rounded up: probably as long as
    /// the next ones.
    expected_length: usize,
}

impl<E> EncodeStep<E> {
    pub fn new(name: StepName, sink: SinkIndex, encoder: Arc<E>) -> Self {
        let gathered = Gathered {
            sink,
            pieces: Pieces::default(),
            traces: Vec::new(),
            messages: 0,
            expected_length: 0,
        };
        Self { name, encoder, scratch: Vec::new(), gathered }
    }
}

impl Gathered {
    fn is_full(&self) -> bool {
        self.pieces.len() >= MAX_TOGETHER || self.pieces.bytes().len() >= MAX_BYTES_TOGETHER
    }

    /// Adds a message's output. If all together would be longer than `most` bytes, those before it are sent
    /// first. Returns false if it alone is too long.
    fn add(&mut self, bytes: &[u8], most: u32, frames: &Arc<Frames>, outlet: &mut Outlet) -> bool {
        if self.pieces.push(bytes, most) {
            return true;
        }
        self.send(frames, outlet);
        self.pieces.push(bytes, most)
    }

    fn send(&mut self, frames: &Arc<Frames>, outlet: &mut Outlet) {
        let messages = mem::take(&mut self.messages);
        self.expected_length = self.pieces.bytes().len().div_ceil(messages.max(1));
        let output = Output {
            sink: self.sink,
            frames: Arc::clone(frames),
            pieces: mem::take(&mut self.pieces),
            traces: mem::take(&mut self.traces),
        };
        if !output.pieces.is_empty() {
            frames.charge(output.pieces.memory());
            outlet.outputs.push(output);
        }
    }
}

impl<M: Message, E: Encoder<M>> EncodeBatch<M> for EncodeStep<E> {
    fn begin(&mut self, expected: usize) {
        let Gathered { pieces, expected_length, .. } = &mut self.gathered;
        let expected = expected.min(MAX_TOGETHER);
        pieces.reserve((*expected_length * expected).min(MAX_BYTES_TOGETHER), expected);
    }

    fn encode(
        &mut self,
        frames: &Arc<Frames>,
        items: &[Item<M>],
        context: &mut Context<'_>,
        outlet: &mut Outlet,
    ) {
        let Self { name, encoder, scratch, gathered } = self;
        let traced = frames.any_traced();
        let mut given = 0;
        for_each_guarded(
            &mut items.iter(),
            &mut (&mut *context, &mut *gathered, &mut *outlet),
            |item| item.frame,
            |(context, gathered, outlet), Item { frame, message }| {
                scratch.clear();
                gathered.messages += 1;
                if let Err(reason) = encoder.encode(message, scratch) {
                    let reason = reason.as_str().to_owned();
                    context.dead_letter(name, frames, *frame, None, Cause::Refused, reason);
                } else if !scratch.is_empty() {
                    if !gathered.add(scratch, u32::MAX, frames, outlet) {
                        let length = scratch.len();
                        let reason = format!(
                            "its output has {length} bytes, and an output has at most {}",
                            u32::MAX
                        );
                        return context.dead_letter(
                            name,
                            frames,
                            *frame,
                            None,
                            Cause::TooLong,
                            reason,
                        );
                    }
                    given += 1;
                    if traced && let Some(trace) = frames.trace(*frame) {
                        gathered.traces.push(Arc::clone(trace));
                        let encoded = || HopEvent::Encoded(preview_bytes(scratch));
                        context.trace(name, frames, *frame, encoded);
                    }
                    if gathered.is_full() {
                        gathered.send(frames, outlet);
                    }
                }
            },
            |(context, ..), frame, reason| {
                context.dead_letter(name, frames, frame, None, Cause::Panicked, reason);
            },
        );
        context.report.count_step(name.index, given);
    }

    fn finish(&mut self, frames: &Arc<Frames>, outlet: &mut Outlet) {
        self.gathered.send(frames, outlet);
    }
}

/// Encodes a flow's messages for every sink of the pipeline.
pub(crate) struct EncodeEnd<M> {
    pub before: Box<dyn Flow<M>>,
    pub encoders: Vec<Box<dyn EncodeBatch<M>>>,
    /// A piece of the flow's messages; kept so that its memory is used again.
    pub input: Vec<Item<M>>,
}

impl<M> Segment for EncodeEnd<M> {
    fn begin(&mut self, frames: &Frames, payload: Payload, context: &mut Context<'_>) {
        let expected = self.before.begin(frames, payload, context);
        self.encoders.iter_mut().for_each(|encoder| encoder.begin(expected));
    }

    fn next(
        &mut self,
        frames: &Arc<Frames>,
        context: &mut Context<'_>,
        outlet: &mut Outlet,
    ) -> Progress {
        let progress = self.before.next(frames, context, &mut self.input);
        for encoder in &mut self.encoders {
            encoder.encode(frames, &self.input, context, outlet);
            if progress == Progress::Done {
                encoder.finish(frames, outlet);
            }
        }
        self.input.clear();
        progress
    }
}

/// Drops a flow's messages: the end of a pipeline without a sink.
pub(crate) struct DoneEnd<M> {
    pub before: Box<dyn Flow<M>>,
    /// A piece of the flow's messages; kept so that its memory is used again.
    pub input: Vec<Item<M>>,
}

impl<M> Segment for DoneEnd<M> {
    fn begin(&mut self, frames: &Frames, payload: Payload, context: &mut Context<'_>) {
        self.before.begin(frames, payload, context);
    }

    fn next(
        &mut self,
        frames: &Arc<Frames>,
        context: &mut Context<'_>,
        _: &mut Outlet,
    ) -> Progress {
        let progress = self.before.next(frames, context, &mut self.input);
        self.input.clear();
        progress
    }
}

#[cfg(test)]
mod tests {
    use crate::application::{Reason, Sink, Source};
    use crate::core::test_driver::TestDriver;
    use crate::core::topology::Application;

    /// Encodes `c` by clearing first, refuses `r` and panics at `p`, both with some bytes written.
    fn encode(payload: &Vec<u8>, output: &mut Vec<u8>) -> Result<(), Reason> {
        output.extend_from_slice(b"<");
        match payload.as_slice() {
            b"c" => output.clear(),
            b"r" => return Err("refused".into()),
            b"p" => panic!("no p"),
            _ => {}
        }
        output.extend_from_slice(payload);
        Ok(())
    }

    #[test]
    fn an_encoder_cannot_change_the_outputs_of_other_messages() {
        let topology = Application::new("x")
            .pipeline("p", Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()))))
            .to_sink(Sink::new(encode))
            .build()
            .unwrap();
        let mut driver = TestDriver::new(&topology);
        let batch: Vec<u8> = b"acrpb".iter().flat_map(|byte| [0, 0, 0, 1, *byte]).collect();
        driver.push("p", &batch).unwrap();
        driver.run();
        assert_eq!(driver.outputs("p").unwrap(), [&b"<a"[..], b"c", b"<b"]);
        let reasons: Vec<_> = driver.dead_letters().iter().map(|letter| &*letter.reason).collect();
        assert_eq!(reasons, ["refused", "panicked: no p"]);
    }
}
