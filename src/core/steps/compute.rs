//! A stateless computation.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::batch::{Item, Payload};
use super::context::{Context, StepName};
use super::outgoing::Outgoing;
use super::{Flow, Input, Progress};
use crate::application::{Computation, Message, Outputs};
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::Cause;
use crate::core::frames::preview::preview_json;
use crate::core::frames::trace::{HOP_LIMIT, HopEvent};
use crate::core::guard::{guarded, try_for_each_guarded};

/// What a computation sends on.
pub(crate) type OutputOf<C, M> = <<C as Computation<M>>::Outputs as Outputs>::Message;

/// All that a computation sends on for a message.
type MessagesOf<C, M> = <<C as Computation<M>>::Outputs as Outputs>::Messages;

/// Runs a computation on every message of the flow before it.
pub(crate) struct ComputeStep<M, C: Computation<M>> {
    name: StepName,
    input: Input<M>,
    computation: Arc<C>,
    /// What is left of the outputs of the message that was taken last.
    outgoing: Option<Outgoing<MessagesOf<C, M>>>,
}

impl<M, C: Computation<M>> ComputeStep<M, C> {
    pub fn new(name: StepName, before: Box<dyn Flow<M>>, computation: Arc<C>) -> Self {
        Self { name, input: Input::new(before), computation, outgoing: None }
    }

    /// Goes on with the outputs of the message that was taken last, if some are left.
    fn go_on(
        &mut self,
        frames: &Frames,
        context: &mut Context<'_>,
        output: &mut Vec<Item<OutputOf<C, M>>>,
    ) {
        let Some(outgoing) = self.outgoing.take() else { return };
        let frame = outgoing.frame;
        match guarded(|| Ok(outgoing.give(output, context.piece))) {
            Ok(left) => self.outgoing = left,
            Err(reason) => {
                context.dead_letter(&self.name, frames, frame, None, Cause::Panicked, reason);
            }
        }
    }
}

impl<M, C: Computation<M>> Flow<OutputOf<C, M>> for ComputeStep<M, C> {
    fn begin(&mut self, frames: &Frames, payload: Payload, context: &mut Context<'_>) -> usize {
        self.input.begin(frames, payload, context)
    }

    fn next(
        &mut self,
        frames: &Arc<Frames>,
        context: &mut Context<'_>,
        output: &mut Vec<Item<OutputOf<C, M>>>,
    ) -> Progress {
        let (first, piece) = (output.len(), context.piece);
        self.go_on(frames, context, output);
        let Self { name, input, computation, outgoing } = self;
        if output.len() - first < piece {
            input.fill(frames, context);
            try_for_each_guarded(
                input,
                &mut (&mut *context, &mut *output, &mut *outgoing),
                |item| item.frame,
                |(context, output, outgoing), Item { frame, message }| {
                    let start = output.len();
                    match computation.compute(message).into_messages() {
                        Ok(messages) => {
                            let left = Outgoing { frame, messages }.give(output, piece);
                            trace_messages(context, name, frames, frame, output.get(start..));
                            if left.is_some() {
                                **outgoing = left;
                            }
                        }
                        Err(reason) => context.refuse(name, frames, frame, &reason),
                    }
                    stop_at(output.len() - first >= piece)
                },
                |(context, ..), frame, reason| {
                    context.dead_letter(name, frames, frame, None, Cause::Panicked, reason);
                },
            );
        }
        context.report.count_step(name.index, output.len() - first);
        if outgoing.is_some() { Progress::More } else { input.progress() }
    }
}

/// Breaks if a piece is full.
pub(super) fn stop_at(full: bool) -> ControlFlow<()> {
    if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Adds the hop of a computation that made these messages.
pub(super) fn trace_messages<M: Message>(
    context: &mut Context<'_>,
    name: &StepName,
    frames: &Frames,
    frame: u32,
    messages: Option<&[Item<M>]>,
) {
    if frames.any_traced() {
        context.trace(name, frames, frame, || {
            let shown = messages.unwrap_or_default().iter().take(HOP_LIMIT);
            HopEvent::Computed(shown.map(|item| preview_json(&item.message)).collect())
        });
    }
}
