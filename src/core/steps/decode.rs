//! The first step: payloads become messages.

use std::sync::Arc;

use super::batch::{Item, Payload};
use super::context::{Context, StepName};
use super::{Flow, Progress};
use crate::application::Decoder;
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::Cause;
use crate::core::frames::preview::preview_json;
use crate::core::frames::trace::HopEvent;
use crate::core::guard::for_each_guarded;

/// Decodes every frame of a batch.
pub(crate) struct DecodeStep<D> {
    pub name: StepName,
    pub decoder: Arc<D>,
    /// The frame that is next.
    pub next: u32,
}

impl<D: Decoder> Flow<D::Message> for DecodeStep<D> {
    fn begin(&mut self, frames: &Frames, _: Payload, context: &mut Context<'_>) -> usize {
        self.next = 0;
        context.report.frames += frames.len() as u64;
        context.report.bytes += frames.bytes_read();
        frames.len()
    }

    fn next(
        &mut self,
        frames: &Arc<Frames>,
        context: &mut Context<'_>,
        output: &mut Vec<Item<D::Message>>,
    ) -> Progress {
        let Self { name, decoder, next } = self;
        let traced = frames.any_traced();
        let before = output.len();
        let left = frames.len().saturating_sub(*next as usize);
        let piece = left.min(context.piece);
        output.reserve(piece);
        for_each_guarded(
            &mut frames.payloads_from(*next).take(piece),
            &mut (&mut *context, &mut *output),
            |(frame, _)| *frame,
            |(context, output), (frame, payload)| match decoder.decode(payload) {
                Ok(Some(message)) => {
                    if traced {
                        context.trace(name, frames, frame, || {
                            HopEvent::Decoded(preview_json(&message))
                        });
                    }
                    output.push(Item { frame, message });
                }
                Ok(None) => {
                    context.report.filtered += 1;
                    context.trace(name, frames, frame, || HopEvent::Filtered);
                }
                Err(reason) => context.refuse(name, frames, frame, &reason),
            },
            |(context, _), frame, reason| {
                context.dead_letter(name, frames, frame, None, Cause::Panicked, reason);
            },
        );
        *next = next.saturating_add(u32::try_from(piece).unwrap_or(u32::MAX));
        context.report.count_step(name.index, output.len() - before);
        if piece < left { Progress::More } else { Progress::Done }
    }
}
