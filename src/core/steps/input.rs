//! What a step takes its messages from: the flow before it, and what that has given too early.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use super::batch::{Item, Payload};
use super::context::Context;
use super::{Flow, Progress};
use crate::core::frames::Frames;

/// The flow before a step, and those of its messages that the step has not taken yet.
pub(crate) struct Input<M> {
    flow: Box<dyn Flow<M>>,
    /// At most what the flow gives at a time; its memory is used again.
    waiting: VecDeque<Item<M>>,
    progress: Progress,
}

impl<M> Input<M> {
    pub fn new(flow: Box<dyn Flow<M>>) -> Self {
        Self { flow, waiting: VecDeque::new(), progress: Progress::Done }
    }

    /// Begins with a batch; returns what [`Flow::begin`] does.
    pub fn begin(&mut self, frames: &Frames, payload: Payload, context: &mut Context<'_>) -> usize {
        debug_assert!(
            self.progress() == Progress::Done,
            "a batch begins when the last one is done"
        );
        self.progress = Progress::More;
        self.flow.begin(frames, payload, context)
    }

    /// Takes the flow's next messages if none wait.
    pub fn fill(&mut self, frames: &Arc<Frames>, context: &mut Context<'_>) {
        if self.waiting.is_empty() && self.progress == Progress::More {
            let mut messages = Vec::from(mem::take(&mut self.waiting));
            self.progress = self.flow.next(frames, context, &mut messages);
            self.waiting = messages.into();
        }
    }

    /// Whether the step has taken all messages of the batch.
    pub fn progress(&self) -> Progress {
        if self.waiting.is_empty() { self.progress } else { Progress::More }
    }
}

/// The messages that wait.
impl<M> Iterator for Input<M> {
    type Item = Item<M>;

    fn next(&mut self) -> Option<Item<M>> {
        self.waiting.pop_front()
    }
}
