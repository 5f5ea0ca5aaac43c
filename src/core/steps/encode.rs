//! The ends of a pipeline: encoders that make a sink's bytes, or nothing at all.

use std::sync::Arc;

use super::{Flow, Segment};
use crate::application::{Encoder, Message};
use crate::core::batch::{Item, Outlet, Output, Payload};
use crate::core::context::{Context, StepName};
use crate::core::frames::Frames;
use crate::core::guard::for_each_guarded;
use crate::core::numbers::SinkIndex;
use crate::core::preview::preview_bytes;
use crate::core::trace::HopEvent;

/// Encodes a batch for one sink.
pub(crate) trait EncodeBatch<M> {
    /// Encodes every message, or makes it a dead letter.
    fn encode(
        &mut self,
        frames: &Arc<Frames>,
        items: &[Item<M>],
        context: &mut Context<'_>,
    ) -> Output;
}

/// Encodes batches with an author's encoder.
pub(crate) struct EncodeStep<E> {
    pub name: StepName,
    pub sink: SinkIndex,
    pub encoder: Arc<E>,
    /// How long the last batch's bytes were: the next batch's are probably as long.
    pub expected_length: usize,
}

impl<M: Message, E: Encoder<M>> EncodeBatch<M> for EncodeStep<E> {
    fn encode(
        &mut self,
        frames: &Arc<Frames>,
        items: &[Item<M>],
        context: &mut Context<'_>,
    ) -> Output {
        let Self { name, sink, encoder, expected_length } = self;
        let traced = frames.any_traced();
        let mut output = Output {
            sink: *sink,
            frames: Arc::clone(frames),
            bytes: Vec::with_capacity(*expected_length),
            ends: Vec::with_capacity(items.len()),
            traces: Vec::new(),
        };
        for_each_guarded(
            &mut items.iter(),
            &mut (&mut *context, &mut output),
            |item| item.frame,
            |(context, output), Item { frame, message }| {
                let start = output.bytes.len();
                if let Err(reason) = encoder.encode(message, &mut output.bytes) {
                    output.bytes.truncate(start);
                    let reason = reason.as_str().to_owned();
                    context.dead_letter(name, frames, *frame, None, reason);
                } else if output.bytes.len() > start {
                    output.ends.push(u32::try_from(output.bytes.len()).unwrap_or(u32::MAX));
                    if traced && let Some(trace) = frames.trace(*frame) {
                        output.traces.push(Arc::clone(trace));
                        context.trace(name, frames, *frame, || {
                            let encoded = output.bytes.get(start..).unwrap_or_default();
                            HopEvent::Encoded(preview_bytes(encoded))
                        });
                    }
                }
            },
            |(context, output), frame, reason| {
                let whole = output.ends.last().map_or(0, |end| *end as usize);
                output.bytes.truncate(whole);
                context.dead_letter(name, frames, frame, None, reason);
            },
        );
        *expected_length = output.bytes.len();
        context.report.count_step(name.index, output.ends.len());
        output
    }
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
            let output = encoder.encode(frames, &self.input, context);
            if !output.ends.is_empty() {
                outlet.outputs.push(output);
            }
        }
        self.input.clear();
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
        self.input.clear();
    }
}
