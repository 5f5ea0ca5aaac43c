//! The message at the front of a queue: it is looked at, taken away or exchanged before it enters.

use std::sync::Arc;

use super::{Coming, Queue, State, Waiting};
use crate::core::frames::Frames;
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::{PipelineIndex, SequenceNumber, Timestamp};
use crate::runtime::passes::Front;

/// So many frames are kept together at the front while messages are looked at: each one is taken off the others.
const TOGETHER: usize = 64;

impl State {
    /// The first message, if it may need a pass. What an earlier start may have ended with needs none: it is alone in
    /// the engine, and somebody waits for it.
    pub(super) fn front(&self, pipeline: PipelineIndex) -> Option<Front> {
        let first = self.waiting.front()?;
        match first.coming {
            Coming::New | Coming::Replayed => Some((pipeline, first.frames.numbers().0)),
            Coming::OnTrial(_) | Coming::SetAside => None,
        }
    }

    /// Takes the first message off: it enters now.
    pub(super) fn take_one(&mut self, now: Timestamp) -> Option<Frames> {
        let Self { waiting, taken, .. } = self;
        let first = waiting.front_mut()?;
        let mut one = first.frames.split_to(1)?;
        taken.note(first.slot, &mut first.origin, &one);
        if first.frames.is_empty() {
            waiting.pop_front();
        }
        one.set_read_at(now);
        Some(one)
    }

    /// Parts so many of the first frames from those behind them.
    fn part(&mut self, count: usize) -> Option<()> {
        let first = self.waiting.front_mut()?;
        if first.frames.len() <= count {
            return Some(());
        }
        let coming = match first.coming {
            Coming::New => Coming::New,
            Coming::Replayed => Coming::Replayed,
            Coming::OnTrial(_) | Coming::SetAside => return None,
        };
        let frames = first.frames.split_to(count)?;
        let Waiting { slot, trace_all, .. } = *first;
        let origin = first.origin.clone();
        first.origin = origin.behind(frames.len() as u64);
        self.waiting.push_front(Waiting { slot, frames, trace_all, origin, coming });
        Some(())
    }

    /// Parts the first message from those behind it, if it has this number.
    fn part_first(&mut self, pipeline: PipelineIndex, number: SequenceNumber) -> Option<()> {
        (self.front(pipeline)? == (pipeline, number)).then_some(())?;
        self.part(1)
    }
}

impl Queue {
    /// A copy of the message at the front, if it may need a pass.
    pub fn copy_of_front(&self) -> Option<Frames> {
        let mut state = self.state.lock();
        state.front(self.pipeline)?;
        state.part(TOGETHER)?;
        state.waiting.front()?.frames.copy_of_first()
    }

    /// Takes the message at the front away, if it has this number: it counts as taken. `tell` is told of it before.
    /// False if there is another one, or none.
    pub fn take_away(&self, number: SequenceNumber, tell: impl FnOnce(&Frames)) -> bool {
        let mut state = self.state.lock();
        if state.part_first(self.pipeline, number).is_none() {
            return false;
        }
        let State { waiting, taken, .. } = &mut *state;
        let Some(mut first) = waiting.pop_front() else { return false };
        tell(&first.frames);
        taken.note(first.slot, &mut first.origin, &first.frames);
        true
    }

    /// Puts another frame in the place of the message at the front, if that has this number, as if this source had
    /// given it. When it is taken, the other one counts as taken. `tell` is told of that one before. False if there is
    /// another one, or none.
    pub fn exchange_front(
        &self,
        number: SequenceNumber,
        (source, frame): (&Arc<str>, &Pieces),
        tell: impl FnOnce(&Frames),
    ) -> bool {
        debug_assert_eq!(frame.len(), 1, "a message is put in the place of a message");
        let mut state = self.state.lock();
        if state.part_first(self.pipeline, number).is_none() {
            return false;
        }
        let Some(first) = state.waiting.front_mut() else { return false };
        tell(&first.frames);
        first.origin = first.origin.in_place_of(first.frames.end_offset());
        first.frames.replace_from(Arc::clone(source), frame);
        true
    }
}
