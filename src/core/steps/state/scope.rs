//! What the loops over a piece of a state step work on.

use std::mem;

use super::code::Code;
use crate::application::{Key, State};
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::Cause;
use crate::core::guard::guarded;
use crate::core::numbers::Timestamp;
use crate::core::partitions::table::{PartitionTable, Place};
use crate::core::steps::batch::Item;
use crate::core::steps::context::Context;
use crate::core::steps::outgoing::Outgoing;

/// What the loop over a piece works on; after a panic it says which partition was at work, or whose
/// state was being built.
pub(super) struct Scope<'a, 'c, S, I: Iterator> {
    pub context: &'a mut Context<'c>,
    pub table: &'a mut PartitionTable<S>,
    pub output: &'a mut Vec<Item<I::Item>>,
    pub outgoing: &'a mut Option<(Place, Outgoing<I>)>,
    pub making_key: bool,
    pub at_work: Option<Place>,
    pub building: Option<Key>,
    /// When the piece's partitions were created. One reading of the clock is enough.
    pub now: Option<Timestamp>,
    /// Whether some of the frames have a trace.
    pub traced: bool,
    /// How many keys were made.
    pub keys: usize,
    /// How many messages the computation has processed, and of how many it wants the change to be saved.
    pub stateful: u64,
    pub saved: u64,
}

impl<S: State, I: Iterator> Scope<'_, '_, S, I> {
    /// An author's code has panicked: what is left of the message's outputs is not sent.
    pub fn panicked<C, B, P>(
        &mut self,
        code: &Code<C, B, P>,
        frames: &Frames,
        frame: u32,
        reason: String,
    ) {
        if mem::take(&mut self.making_key) {
            return code.keys.panicked(frames, frame, reason, self.context);
        }
        *self.outgoing = None;
        let key = match self.at_work.take() {
            Some(place) => {
                self.table.poison(place);
                self.table.at(place).map(|partition| partition.key.clone())
            }
            None => self.building.take(),
        };
        self.context.dead_letter(&code.name, frames, frame, key, Cause::Panicked, reason);
    }

    /// Goes on with the outputs of the message that was taken last, where some are left.
    pub fn go_on<C, B, P>(&mut self, code: &Code<C, B, P>, frames: &Frames) {
        let Some((place, outgoing)) = self.outgoing.take() else { return };
        let (frame, piece) = (outgoing.frame, self.context.piece);
        match guarded(|| Ok(outgoing.give(self.output, piece))) {
            Ok(left) => *self.outgoing = left.map(|left| (place, left)),
            Err(reason) => {
                self.at_work = Some(place);
                self.panicked(code, frames, frame, reason);
            }
        }
    }
}
