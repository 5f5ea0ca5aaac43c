//! A state computation on the partitions that this worker owns.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::{iter, mem};

use super::batch::{Item, Mailbox, Payload};
use super::compute::{stop_at, trace_messages};
use super::context::{Context, StepName};
use super::keys::Keys;
use super::outgoing::Outgoing;
use super::{Flow, Progress};
use crate::application::{
    Key, Message, Outputs, PartitionFunction, State, StateBuilder, StateComputation, StateOutcome,
};
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::Cause;
use crate::core::frames::preview::preview_json;
use crate::core::frames::trace::HopEvent;
use crate::core::guard::{for_each_guarded, guarded, try_for_each_guarded};
use crate::core::numbers::Timestamp;
use crate::core::partitions::table::{PartitionTable, Place};

/// What a state computation sends on.
pub(crate) type StateOutputOf<C, M, S> =
    <<<C as StateComputation<M, S>>::Outcome as StateOutcome>::Outputs as Outputs>::Message;

/// The reason of the dead letters of a poisoned partition.
pub(crate) const POISONED: &str = "the partition is poisoned: an earlier message made its computation panic or its state \
     too long to save";

/// The reason of the dead letter of a message whose key is another one each time it is made.
const OTHER_KEY: &str = "its partition function does not always give it the same key, and this key is of another worker";

/// All that a state computation sends on for a message.
type StateMessagesOf<C, M, S> =
    <<<C as StateComputation<M, S>>::Outcome as StateOutcome>::Outputs as Outputs>::Messages;

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

/// What an author wrote for the state.
pub(crate) struct Code<C, B, P> {
    pub name: StepName,
    pub computation: Arc<C>,
    pub builder: Arc<B>,
    pub keys: Keys<P>,
}

/// Messages that have not been taken.
struct Batch<M> {
    messages: VecDeque<Item<M>>,
    /// Of the first messages, their keys and where their partitions are. There is no key if the message has
    /// become a dead letter. A partition keeps its place; one that was not found may have been created since.
    keys: Vec<Option<Key>>,
    places: Vec<Option<Place>>,
    /// How many of them have been used.
    used: usize,
}

impl<M> Batch<M> {
    fn empty() -> Self {
        Self { messages: VecDeque::new(), keys: Vec::new(), places: Vec::new(), used: 0 }
    }

    /// Begins with other messages.
    fn begin(&mut self, messages: Vec<Item<M>>) {
        debug_assert!(self.messages.is_empty(), "a batch begins when the one before is done");
        self.messages = messages.into();
    }

    /// Whether the next messages' partitions have not been looked up yet.
    fn is_unknown(&self) -> bool {
        self.used == self.keys.len()
    }

    /// Looks up the partitions of the next messages, a piece of them at most. Returns how many have a key.
    fn look_up<S, P: PartitionFunction<M>>(
        &mut self,
        keys: &Keys<P>,
        frames: &Frames,
        table: &mut PartitionTable<S>,
        context: &mut Context<'_>,
    ) -> usize {
        self.keys.clear();
        self.places.clear();
        self.used = 0;
        let (piece, mut found) = (context.piece, 0);
        let made = &mut self.keys;
        for_each_guarded(
            &mut self.messages.iter().take(piece),
            &mut (&mut *context, made),
            |item| item.frame,
            |(context, made), item| {
                let key = keys.key_of(frames, item, context);
                found += usize::from(key.is_some());
                made.push(key);
            },
            |(context, made), frame, reason| {
                keys.panicked(frames, frame, reason, context);
                made.push(None);
            },
        );
        table.find_all(self.keys.iter().map(Option::as_ref), &mut self.places);
        found
    }

    /// The messages that were looked up and have not been taken, with their keys and places.
    fn looked_up(&mut self) -> impl Iterator<Item = (Item<M>, Option<&Key>, Option<Place>)> {
        let Self { messages, keys, places, used } = self;
        let rest = keys.get(*used..).unwrap_or_default().iter();
        let mut rest = rest.zip(places.get(*used..).unwrap_or_default());
        iter::from_fn(move || {
            let (key, place) = rest.next()?;
            *used += 1;
            let item = messages.pop_front();
            debug_assert!(item.is_some(), "what was looked up is there");
            Some((item?, key.as_ref(), *place))
        })
    }
}

/// What the loop over a piece works on; after a panic it says which partition was at work, or whose
/// state was being built.
struct Scope<'a, 'c, S, I: Iterator> {
    context: &'a mut Context<'c>,
    table: &'a mut PartitionTable<S>,
    output: &'a mut Vec<Item<I::Item>>,
    outgoing: &'a mut Option<(Place, Outgoing<I>)>,
    making_key: bool,
    at_work: Option<Place>,
    building: Option<Key>,
    /// When the piece's partitions were created. One reading of the clock is enough.
    now: Option<Timestamp>,
    /// Whether some of the frames have a trace.
    traced: bool,
    /// How many keys were made.
    keys: usize,
    /// How many messages the computation has processed, and of how many it wants the change to be saved.
    stateful: u64,
    saved: u64,
}

impl<S: State, I: Iterator> Scope<'_, '_, S, I> {
    /// An author's code has panicked: what is left of the message's outputs is not sent.
    fn panicked<C, B, P>(
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
    fn go_on<C, B, P>(&mut self, code: &Code<C, B, P>, frames: &Frames) {
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
    fn begin(&mut self, _: &Frames, payload: Payload, _: &mut Context<'_>) -> usize {
        let messages = match payload {
            Payload::Own => {
                // The memory goes to and fro.
                let empty = mem::take(&mut self.batch.messages).into();
                Some(self.mailbox.replace(empty))
            }
            Payload::Messages(batch) => batch.downcast().ok().map(|batch| *batch),
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
            traced: frames.any_traced(),
            keys: 0,
            stateful: 0,
            saved: 0,
        };
        scope.go_on(code, frames);
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

impl<C, B: StateBuilder, P> Code<C, B, P> {
    /// The table is in the processor's first cache: one message after the other.
    fn one_by_one<M: Message>(
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
            |scope, frame, reason| scope.panicked(self, frames, frame, reason),
        );
    }

    /// The table is far: first all look-ups of a piece, which do not wait for each other, then all computations.
    fn look_up_first<M: Message>(
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
            |scope, frame, reason| scope.panicked(self, frames, frame, reason),
        );
    }

    /// Adds the partition step's hop where the partition step did not see the key.
    fn trace_key(&self, frames: &Frames, frame: u32, key: &Key, context: &mut Context<'_>) {
        if self.keys.workers() == 1 {
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
        let outcome = self.computation.compute(message, &mut partition.state).into_outcome();
        let outcome = outcome
            .and_then(|(outputs, save)| outputs.into_messages().map(|messages| (messages, save)));
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
        // Looked at while the partition is at hand: most often there is nothing to note.
        let noted = partition.changed == Some(round);
        if let Some(before) = before {
            let after = preview_json(&partition.state);
            scope.context.trace(&self.name, frames, frame, || HopEvent::StateChanged {
                key: key.clone(),
                created,
                before,
                after,
                saved: save,
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

#[cfg(test)]
mod tests {
    use crate::application::{Key, Reason, Source};
    use crate::core::frames::dead_letter::{Cause, DeadLetter};
    use crate::core::test_driver::TestDriver;
    use crate::core::topology::Application;

    #[test]
    fn the_dead_letter_of_a_builder_that_panics_has_the_key() {
        let topology = Application::new("x")
            .pipeline("p", Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()))))
            .to_state_partition(
                |_: Vec<u8>, (): &mut ()| (None::<u8>, true),
                |key: &Key| assert!(key != &Key::from('b'), "no b"),
                "nothing",
                |payload: &Vec<u8>| payload.clone(),
            )
            .done()
            .build()
            .unwrap();
        let mut driver = TestDriver::new(&topology);
        driver.push("p", b"\0\0\0\x01b\0\0\0\x01a").unwrap();
        driver.run();
        assert_eq!(driver.dead_letters().len(), 1);
        assert_eq!(driver.dead_letters()[0].key, Some(Key::from('b')));
        assert_eq!(driver.partitions("nothing").len(), 1);
    }

    #[test]
    fn what_happens_to_a_partition_counts_for_the_messages_behind_in_the_same_piece() {
        let topology = Application::new("x")
            .pipeline("p", Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()))))
            .to_state_partition(
                |payload: Vec<u8>, count: &mut u64| {
                    assert!(payload.get(1) != Some(&b'!'), "as it was told");
                    *count += 1;
                    (None::<u8>, true)
                },
                |key: &Key| {
                    assert!(key != &Key::from('b'), "no b");
                    0_u64
                },
                "counts",
                |payload: &Vec<u8>| payload.first().copied().unwrap_or_default(),
            )
            .done()
            .build()
            .unwrap();
        let payloads = ["a", "b", "a", "c!", "b", "c", "a", "a!", "a"].map(str::as_bytes);
        let frame = |payload: &[u8]| {
            [&u32::try_from(payload.len()).unwrap().to_be_bytes()[..], payload].concat()
        };
        let mut driver = TestDriver::new(&topology);
        driver.push("p", &payloads.map(frame).concat()).unwrap();
        driver.run();
        let rows = driver.partitions("counts");
        let seen: Vec<_> =
            rows.iter().map(|row| (row.key.to_string(), row.messages, row.poisoned)).collect();
        assert_eq!(seen, [("a".to_owned(), 3, true), ("c".to_owned(), 0, true)]);
        let poisoned = |key: char| {
            let is_it = |letter: &&DeadLetter| {
                letter.key == Some(Key::from(key)) && letter.cause == Cause::Poisoned
            };
            driver.dead_letters().iter().filter(is_it).count()
        };
        assert_eq!((poisoned('a'), poisoned('c'), driver.dead_letters().len()), (1, 1, 6));
    }
}
