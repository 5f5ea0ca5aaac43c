//! A state computation on the partitions that this worker owns.

mod batch;
mod code;
mod scope;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;
use std::sync::Arc;

use super::batch::{Item, Payload};
use super::context::Context;
use super::ends::decoded;
use super::mailbox::Mailbox;
use super::outgoing::Outgoing;
use super::{Flow, Progress};
use crate::application::{
    Message, Outputs, PartitionFunction, StateBuilder, StateComputation, StateOutcome,
};
use crate::core::frames::Frames;
use crate::core::partitions::table::{PartitionTable, Place};
use batch::Batch;
use code::StateMessagesOf;
use scope::Scope;

pub(crate) use code::Code;

/// What a state computation sends on.
pub(crate) type StateOutputOf<C, M, S> =
    <<<C as StateComputation<M, S>>::Outcome as StateOutcome>::Outputs as Outputs>::Message;

/// What is left of the outputs of a message, and its partition.
type Left<C, M, S> = Option<(Place, Outgoing<StateMessagesOf<C, M, S>>)>;

/// Runs a state computation on every message that its partition's owner was sent.
pub(crate) struct StateStep<M, C: StateComputation<M, B::State>, B: StateBuilder, P> {
    code: Code<C, B, P>,
    table: Rc<RefCell<PartitionTable<B::State>>>,
    /// Where the segment before puts this worker's own messages.
    mailbox: Mailbox<M>,
    batch: Batch<M>,
    /// Of the message that was taken last.
    outgoing: Left<C, M, B::State>,
}

impl<M, C, B, P> StateStep<M, C, B, P>
where
    B: StateBuilder,
    C: StateComputation<M, B::State>,
{
    pub fn new(
        code: Code<C, B, P>,
        table: Rc<RefCell<PartitionTable<B::State>>>,
        mailbox: Mailbox<M>,
    ) -> Self {
        Self { code, table, mailbox, batch: Batch::empty(), outgoing: None }
    }
}

impl<M, C, B, P> Flow<StateOutputOf<C, M, B::State>> for StateStep<M, C, B, P>
where
    M: Message,
    B: StateBuilder,
    C: StateComputation<M, B::State>,
    P: PartitionFunction<M>,
{
    fn begin(&mut self, frames: &Frames, payload: Payload, context: &mut Context<'_>) -> usize {
        let emptied: Vec<_> = mem::take(&mut self.batch.messages).into();
        let mut letters = self.mailbox.borrow_mut();
        let messages = match payload {
            Payload::Own(_) => {
                // The mailbox and the batch exchange their memory, so nothing is allocated.
                Some(mem::replace(&mut letters.messages, emptied))
            }
            Payload::Messages(batch) => {
                letters.keep(emptied);
                batch.downcast().ok().map(|batch| *batch)
            }
            Payload::Encoded(bytes) => {
                letters.keep(emptied);
                Some(decoded(&bytes, &self.code.keys.name, frames, context))
            }
            Payload::Frames => None,
        };
        match messages {
            Some(messages) => self.batch.begin(messages),
            None => unreachable!("the topology gives a state step what its partition step made"),
        }
        self.batch.messages.len()
    }

    fn next(
        &mut self,
        frames: &Arc<Frames>,
        context: &mut Context<'_>,
        output: &mut Vec<Item<StateOutputOf<C, M, B::State>>>,
    ) -> Progress {
        let (first, piece) = (output.len(), context.piece);
        output.reserve(self.batch.messages.len().min(piece));
        let Self { code, table, batch, outgoing, .. } = self;
        let (table, making_key, at_work) = (&mut *table.borrow_mut(), false, None);
        let mut scope = Scope {
            context,
            table,
            output,
            outgoing,
            making_key,
            at_work,
            building: None,
            now: None,
            traced: frames.any_traced() || frames.is_watched(),
            keys: 0,
            stateful: 0,
            saved: 0,
        };
        code.go_on(frames, &mut scope);
        if scope.output.len() - first < piece {
            let full = first + piece;
            if batch.is_unknown() && scope.table.is_small() {
                code.one_by_one(frames, &mut batch.messages, &mut scope, full);
            } else {
                code.look_up_first(frames, batch, &mut scope, full);
            }
        }
        let Scope { context, output, keys, stateful, saved, .. } = scope;
        if code.keys.workers() == 1 {
            // With several workers, the partition step has made them too.
            context.report.count_step(code.keys.name.index, keys);
        }
        context.report.stateful += stateful;
        context.report.saved += saved;
        context.report.count_step(code.name.index, output.len() - first);
        let more = !batch.messages.is_empty() || outgoing.is_some();
        if more { Progress::More } else { Progress::Done }
    }
}
