//! A stateless computation.

use std::sync::Arc;

use super::batch::{Item, Payload};
use super::context::{Context, StepName};
use super::{Flow, empty};
use crate::application::{Computation, Outputs};
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::Cause;
use crate::core::frames::preview::preview_json;
use crate::core::frames::trace::HopEvent;
use crate::core::guard::for_each_guarded;

/// What a computation sends on.
pub(crate) type OutputOf<C, M> = <<C as Computation<M>>::Outputs as Outputs>::Message;

/// Runs a computation on every message of the flow before it.
pub(crate) struct ComputeStep<M, C> {
    pub name: StepName,
    pub before: Box<dyn Flow<M>>,
    pub computation: Arc<C>,
    /// The flow's messages; kept so that its memory is used again.
    pub input: Vec<Item<M>>,
}

impl<M, C> Flow<OutputOf<C, M>> for ComputeStep<M, C>
where
    C: Computation<M>,
{
    fn run(
        &mut self,
        frames: &Arc<Frames>,
        payload: Payload,
        context: &mut Context<'_>,
        output: &mut Vec<Item<OutputOf<C, M>>>,
    ) {
        let Self { name, before, computation, input } = self;
        before.run(frames, payload, context, input);
        let first = output.len();
        for_each_guarded(
            &mut input.drain(..),
            &mut (&mut *context, &mut *output),
            |item| item.frame,
            |(context, output), Item { frame, message }| {
                let start = output.len();
                match computation.compute(message).into_messages() {
                    Ok(messages) => {
                        output.extend(messages.map(|message| Item { frame, message }));
                        trace_messages(context, name, frames, frame, output.get(start..));
                    }
                    Err(reason) => {
                        let reason = reason.as_str().to_owned();
                        context.dead_letter(name, frames, frame, None, Cause::Refused, reason);
                    }
                }
            },
            |(context, _), frame, reason| {
                context.dead_letter(name, frames, frame, None, Cause::Panicked, reason);
            },
        );
        empty(input);
        context.report.count_step(name.index, output.len() - first);
    }
}

/// Adds the hop of a computation that made these messages.
pub(super) fn trace_messages<M: crate::application::Message>(
    context: &mut Context<'_>,
    name: &StepName,
    frames: &Frames,
    frame: u32,
    messages: Option<&[Item<M>]>,
) {
    if frames.any_traced() {
        context.trace(name, frames, frame, || {
            let shown =
                messages.unwrap_or_default().iter().take(crate::core::frames::trace::HOP_LIMIT);
            HopEvent::Computed(shown.map(|item| preview_json(&item.message)).collect())
        });
    }
}
