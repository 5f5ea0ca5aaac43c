//! An author's code for a state, and the loops that run it on a piece of messages.

use std::collections::VecDeque;
use std::sync::Arc;
use std::{iter, mem};

use super::batch::Batch;
use super::scope::Scope;
use crate::application::{
    Key, Message, Outputs, PartitionFunction, StateBuilder, StateComputation, StateOutcome,
};
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::Cause;
use crate::core::frames::preview::preview_json;
use crate::core::frames::trace::HopEvent;
use crate::core::guard::{guarded, try_for_each_guarded};
use crate::core::partitions::table::Place;
use crate::core::steps::Keys;
use crate::core::steps::batch::Item;
use crate::core::steps::compute::{stop_at, trace_messages};
use crate::core::steps::context::{Context, StepName};
use crate::core::steps::outgoing::Outgoing;

/// All that a state computation sends on for a message.
pub(super) type StateMessagesOf<C, M, S> =
    <<<C as StateComputation<M, S>>::Outcome as StateOutcome>::Outputs as Outputs>::Messages;

/// The reason of the dead letters of a poisoned partition.
pub(crate) const POISONED: &str = "the partition is poisoned: an earlier message made its computation panic or its state \
     too long to save";

/// The reason of the dead letter of a message whose key is another one each time it is made.
const OTHER_KEY: &str = "its partition function does not always give it the same key, and this key is of another worker";

/// What an author wrote for the state.
pub(crate) struct Code<C, B, P> {
    pub name: StepName,
    /// The state's name.
    pub state: Arc<str>,
    pub computation: Arc<C>,
    pub builder: Arc<B>,
    pub keys: Keys<P>,
}

impl<C, B: StateBuilder, P> Code<C, B, P> {
    /// An author's code has panicked: what is left of the message's outputs is not sent.
    fn panicked<I: Iterator>(
        &self,
        frames: &Frames,
        frame: u32,
        reason: String,
        scope: &mut Scope<'_, '_, B::State, I>,
    ) {
        if mem::take(&mut scope.making_key) {
            return self.keys.panicked(frames, frame, reason, scope.context);
        }
        *scope.outgoing = None;
        let key = match scope.at_work.take() {
            Some(place) => {
                scope.table.poison(place);
                let partition = scope.table.at(place);
                if let Some(partition) = partition.as_ref().filter(|_| scope.traced)
                    && let Some(probe) = frames.probe(frame, &self.state, &partition.key)
                {
                    probe.poisons(&partition.state);
                }
                partition.map(|partition| partition.key.clone())
            }
            None => scope.building.take(),
        };
        scope.context.dead_letter(&self.name, frames, frame, key, Cause::Panicked, reason);
    }

    /// Goes on with the outputs of the message that was taken last, if some are left.
    pub(super) fn go_on<I: Iterator>(
        &self,
        frames: &Frames,
        scope: &mut Scope<'_, '_, B::State, I>,
    ) {
        let Some((place, outgoing)) = scope.outgoing.take() else { return };
        let (frame, piece) = (outgoing.frame, scope.context.piece);
        match guarded(|| Ok(outgoing.give(scope.output, piece))) {
            Ok(left) => *scope.outgoing = left.map(|left| (place, left)),
            Err(reason) => {
                scope.at_work = Some(place);
                self.panicked(frames, frame, reason, scope);
            }
        }
    }

    /// The table is in the processor's first cache: one message after the other.
    pub(super) fn one_by_one<M: Message>(
        &self,
        frames: &Frames,
        messages: &mut VecDeque<Item<M>>,
        scope: &mut Scope<'_, '_, B::State, StateMessagesOf<C, M, B::State>>,
        full: usize,
    ) where
        C: StateComputation<M, B::State>,
        P: PartitionFunction<M>,
    {
        try_for_each_guarded(
            &mut iter::from_fn(|| messages.pop_front()),
            scope,
            |item| item.frame,
            |scope, item| {
                scope.making_key = true;
                let key = self.keys.key_of(frames, &item, scope.context);
                scope.making_key = false;
                let Some(key) = key else { return stop_at(false) };
                scope.keys += 1;
                if scope.traced {
                    self.trace_key(frames, item.frame, &key, scope.context);
                }
                let place = scope.table.find_near(&key);
                self.process(frames, scope, &key, place, item);
                stop_at(scope.output.len() >= full)
            },
            |scope, frame, reason| self.panicked(frames, frame, reason, scope),
        );
    }

    /// The table is far: first all look-ups of a piece, which do not wait for each other, then all computations.
    pub(super) fn look_up_first<M: Message>(
        &self,
        frames: &Frames,
        batch: &mut Batch<M>,
        scope: &mut Scope<'_, '_, B::State, StateMessagesOf<C, M, B::State>>,
        full: usize,
    ) where
        C: StateComputation<M, B::State>,
        P: PartitionFunction<M>,
    {
        if batch.is_unknown() {
            scope.keys += batch.look_up(&self.keys, frames, scope.table, scope.context);
        }
        try_for_each_guarded(
            &mut batch.looked_up(),
            scope,
            |(item, ..)| item.frame,
            |scope, (item, key, place)| {
                let Some(key) = key else { return stop_at(false) };
                if scope.traced {
                    self.trace_key(frames, item.frame, key, scope.context);
                }
                self.process(frames, scope, key, place, item);
                stop_at(scope.output.len() >= full)
            },
            |scope, frame, reason| self.panicked(frames, frame, reason, scope),
        );
    }

    /// Begins the trace of a message of a pinned key. Adds the partition step's hop if the partition step did not make
    /// the key, or if there was no trace then.
    fn trace_key(&self, frames: &Frames, frame: u32, key: &Key, context: &mut Context<'_>) {
        let (pipeline, clock) = (&self.keys.name.pipeline, context.clock);
        let pinned = frames.begin_pinned(pipeline, frame, (&self.state, key), || clock.now());
        let begins = pinned.is_some();
        context.report.traces.extend(pinned.filter(|trace| trace.is_at_home()));
        if begins || self.keys.workers() == 1 {
            self.keys.trace(frames, frame, key, context);
        }
    }

    #[expect(
        clippy::inline_always,
        reason = "the two loops that call it are most of the engine's work"
    )]
    #[inline(always)]
    fn process<M: Message>(
        &self,
        frames: &Frames,
        scope: &mut Scope<'_, '_, B::State, StateMessagesOf<C, M, B::State>>,
        key: &Key,
        looked_up: Option<Place>,
        item: Item<M>,
    ) where
        C: StateComputation<M, B::State>,
    {
        let Item { frame, message } = item;
        scope.at_work = None;
        let (place, created) = match looked_up {
            Some(place) => (place, false),
            None => match self.find_or_create(frames, frame, scope, key) {
                Some(found) => found,
                None => return,
            },
        };
        if !scope.table.is_ready(place) && !scope.table.prepare(place) {
            return self.refuse(frames, frame, scope.context, key, Cause::Poisoned, POISONED);
        }
        let round = scope.table.round();
        let Some(partition) = scope.table.at(place) else { return };
        scope.at_work = Some(place);
        let traced = scope.traced && frames.trace(frame).is_some();
        let before = traced.then(|| preview_json(&partition.state));
        let probe = scope.traced.then(|| frames.probe(frame, &self.state, key)).flatten();
        if let Some(probe) = &probe {
            probe.begins(&partition.state, created);
        }
        let outcome = self.computation.compute(message, &mut partition.state).into_outcome();
        let outcome = outcome
            .and_then(|(outputs, save)| outputs.into_messages().map(|messages| (messages, save)));
        if let Some(probe) = &probe {
            probe.ends(&partition.state);
        }
        let (messages, save) = match outcome {
            Ok(outcome) => outcome,
            Err(reason) => {
                scope.table.touch(place);
                let (cause, reason) = (Cause::Refused, reason.as_str());
                return self.refuse(frames, frame, scope.context, key, cause, reason);
            }
        };
        partition.messages += 1;
        scope.stateful += 1;
        scope.saved += u64::from(save);
        // Read before the partition is given up: most often there is nothing to note.
        let noted = partition.changed == Some(round);
        if let Some(before) = before {
            let (after, messages) = (preview_json(&partition.state), partition.messages);
            scope.context.trace(&self.name, frames, frame, || HopEvent::StateChanged {
                key: key.clone(),
                created,
                before,
                after,
                saved: save,
                messages,
            });
        }
        match (save, noted) {
            (true, true) => {}
            (true, false) => scope.table.save(place),
            (false, _) => scope.table.touch(place),
        }
        let start = scope.output.len();
        if let Some(left) = (Outgoing { frame, messages }).give(scope.output, scope.context.piece) {
            *scope.outgoing = Some((place, left));
        }
        if traced {
            let messages = scope.output.get(start..);
            trace_messages(scope.context, &self.name, frames, frame, messages);
        }
    }

    /// Makes a message a dead letter of this step.
    #[cold]
    fn refuse(
        &self,
        frames: &Frames,
        frame: u32,
        context: &mut Context<'_>,
        key: &Key,
        cause: Cause,
        reason: &str,
    ) {
        let key = Some(key.clone());
        context.dead_letter(&self.name, frames, frame, key, cause, reason.to_owned());
    }

    /// The partition of a key that was not there when it was looked up, and whether it is new.
    #[cold]
    fn find_or_create<I: Iterator>(
        &self,
        frames: &Frames,
        frame: u32,
        scope: &mut Scope<'_, '_, B::State, I>,
        key: &Key,
    ) -> Option<(Place, bool)> {
        // An earlier message may have created it since it was looked up.
        if let Some(place) = scope.table.find(key) {
            return Some((place, false));
        }
        Some((self.create(frames, frame, scope, key)?, true))
    }

    /// The partition of a key that has none, if the key is of this worker.
    fn create<I: Iterator>(
        &self,
        frames: &Frames,
        frame: u32,
        scope: &mut Scope<'_, '_, B::State, I>,
        key: &Key,
    ) -> Option<Place> {
        if self.keys.owner(key) != scope.context.worker {
            let (cause, reason) = (Cause::Refused, OTHER_KEY.to_owned());
            let name = &self.keys.name;
            scope.context.dead_letter(name, frames, frame, Some(key.clone()), cause, reason);
            return None;
        }
        scope.building = Some(key.clone());
        let state = self.builder.build(key);
        scope.building = None;
        scope.context.report.created += 1;
        let now = *scope.now.get_or_insert_with(|| scope.context.clock.now());
        Some(scope.table.create(key.clone(), state, now, true))
    }
}
