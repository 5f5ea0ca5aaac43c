//! The ends of a pipeline: encoders that make a sink's bytes, or nothing at all.

use std::mem;
use std::sync::Arc;

use super::batch::{Item, Outlet, Output, Payload};
use super::context::{Context, StepName};
use super::{Flow, Segment, empty};
use crate::application::{Encoder, Message};
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::Cause;
use crate::core::frames::pieces::Pieces;
use crate::core::frames::preview::preview_bytes;
use crate::core::frames::trace::HopEvent;
use crate::core::guard::for_each_guarded;
use crate::core::numbers::SinkIndex;

/// Encodes a batch for one sink.
pub(crate) trait EncodeBatch<M> {
    /// Encodes every message, or makes it a dead letter.
    fn encode(
        &mut self,
        frames: &Arc<Frames>,
        items: &[Item<M>],
        context: &mut Context<'_>,
        outputs: &mut Vec<Output>,
    );
}

/// Encodes batches with an author's encoder.
pub(crate) struct EncodeStep<E> {
    pub name: StepName,
    pub sink: SinkIndex,
    pub encoder: Arc<E>,
    /// What the encoder is given: never the batch's bytes, which it must not be able to change. Kept
    /// so that its memory is used again.
    pub scratch: Vec<u8>,
    /// How long a message's bytes were in the last batch, rounded up: probably as long as the next
    /// one's.
    pub expected_length: usize,
}

impl<M: Message, E: Encoder<M>> EncodeBatch<M> for EncodeStep<E> {
    fn encode(
        &mut self,
        frames: &Arc<Frames>,
        items: &[Item<M>],
        context: &mut Context<'_>,
        outputs: &mut Vec<Output>,
    ) {
        let Self { name, sink, encoder, scratch, expected_length } = self;
        let traced = frames.any_traced();
        let first = outputs.len();
        let pieces = Pieces::with_capacity(*expected_length * items.len(), items.len());
        let mut output =
            Output { sink: *sink, frames: Arc::clone(frames), pieces, traces: Vec::new() };
        for_each_guarded(
            &mut items.iter(),
            &mut (&mut *context, &mut *outputs, &mut output),
            |item| item.frame,
            |(context, outputs, output), Item { frame, message }| {
                scratch.clear();
                if let Err(reason) = encoder.encode(message, scratch) {
                    let reason = reason.as_str().to_owned();
                    context.dead_letter(name, frames, *frame, None, Cause::Refused, reason);
                } else if !scratch.is_empty() {
                    if !add(output, outputs, scratch, u32::MAX) {
                        let reason = format!(
                            "its output has {} bytes, and an output has at most {}",
                            scratch.len(),
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
                    if traced && let Some(trace) = frames.trace(*frame) {
                        output.traces.push(Arc::clone(trace));
                        let encoded = || HopEvent::Encoded(preview_bytes(scratch));
                        context.trace(name, frames, *frame, encoded);
                    }
                }
            },
            |(context, ..), frame, reason| {
                context.dead_letter(name, frames, frame, None, Cause::Panicked, reason);
            },
        );
        *expected_length = output.pieces.bytes().len().div_ceil(items.len().max(1));
        if !output.pieces.is_empty() {
            outputs.push(output);
        }
        let made = outputs.iter().skip(first).map(|output| output.pieces.len()).sum();
        context.report.count_step(name.index, made);
    }
}

/// Adds an output of a message. If all outputs of the batch together would be longer than `most` bytes, those
/// before it are `full`, and a second batch of outputs begins. Returns false if it is too long for any.
fn add(output: &mut Output, full: &mut Vec<Output>, bytes: &[u8], most: u32) -> bool {
    if output.pieces.push(bytes, most) {
        return true;
    }
    let (frames, pieces) = (Arc::clone(&output.frames), Pieces::default());
    let next = Output { sink: output.sink, frames, pieces, traces: Vec::new() };
    let before = mem::replace(output, next);
    if !before.pieces.is_empty() {
        full.push(before);
    }
    output.pieces.push(bytes, most)
}

/// Encodes a flow's messages for every sink of the pipeline.
pub(crate) struct EncodeEnd<M> {
    pub before: Box<dyn Flow<M>>,
    pub encoders: Vec<Box<dyn EncodeBatch<M>>>,
    /// The flow's messages; kept so that its memory is used again.
    pub input: Vec<Item<M>>,
}

impl<M> Segment for EncodeEnd<M> {
    fn run(
        &mut self,
        frames: &Arc<Frames>,
        payload: Payload,
        context: &mut Context<'_>,
        outlet: &mut Outlet,
    ) {
        self.before.run(frames, payload, context, &mut self.input);
        for encoder in &mut self.encoders {
            let first = outlet.outputs.len();
            encoder.encode(frames, &self.input, context, &mut outlet.outputs);
            for output in outlet.outputs.iter().skip(first) {
                frames.charge(output.pieces.memory());
            }
        }
        empty(&mut self.input);
    }
}

/// Drops a flow's messages: the end of a pipeline without a sink.
pub(crate) struct DoneEnd<M> {
    pub before: Box<dyn Flow<M>>,
    /// The flow's messages; kept so that its memory is used again.
    pub input: Vec<Item<M>>,
}

impl<M> Segment for DoneEnd<M> {
    fn run(
        &mut self,
        frames: &Arc<Frames>,
        payload: Payload,
        context: &mut Context<'_>,
        _: &mut Outlet,
    ) {
        self.before.run(frames, payload, context, &mut self.input);
        empty(&mut self.input);
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
