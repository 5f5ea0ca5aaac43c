//! A state computation on the partitions that this worker owns.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::vec;

use super::batch::{Address, Addressed, Item, Payload};
use super::compute::{stop_at, trace_messages};
use super::context::{Context, StepName};
use super::outgoing::Outgoing;
use super::{Flow, Progress};
use crate::application::{Key, Message, Outputs, StateBuilder, StateComputation, StateOutcome};
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::Cause;
use crate::core::frames::preview::preview_json;
use crate::core::frames::trace::HopEvent;
use crate::core::guard::{guarded, try_for_each_guarded};
use crate::core::numbers::Timestamp;
use crate::core::partitions::partition::Health;
use crate::core::partitions::table::{PartitionTable, Place};

/// What a state computation sends on.
pub(crate) type StateOutputOf<C, M, S> =
    <<<C as StateComputation<M, S>>::Outcome as StateOutcome>::Outputs as Outputs>::Message;

/// The reason of the dead letters of a poisoned partition.
pub(crate) const POISONED: &str = "the partition is poisoned: an earlier message made its computation panic or its state \
     too long to save";

/// All that a state computation sends on for a message.
type StateMessagesOf<C, M, S> =
    <<<C as StateComputation<M, S>>::Outcome as StateOutcome>::Outputs as Outputs>::Messages;

/// What is left of the outputs of a message, and its partition.
type Left<C, M, S> = Option<(Place, Outgoing<StateMessagesOf<C, M, S>>)>;

/// Runs a state computation on every message that its partition's owner was sent.
pub(crate) struct StateStep<M, C: StateComputation<M, B::State>, B: StateBuilder> {
    code: Code<C, B>,
    table: Rc<RefCell<PartitionTable<B::State>>>,
    batch: Batch<M>,
    /// Of the message that was taken last.
    outgoing: Left<C, M, B::State>,
}

/// What an author wrote for the state.
struct Code<C, B> {
    name: StepName,
    computation: Arc<C>,
    builder: Arc<B>,
}

/// Messages of which some have been taken.
struct Batch<M> {
    /// Of all messages, those that have been taken too.
    addresses: Vec<Address>,
    messages: vec::IntoIter<M>,
    /// Of the first messages, where their partitions are. A partition keeps its place; one that was not found may have
    /// been created since.
    places: Vec<Option<Place>>,
}

impl<M> Batch<M> {
    fn empty() -> Self {
        Self { addresses: Vec::new(), messages: Vec::new().into_iter(), places: Vec::new() }
    }

    /// Begins with other messages.
    fn begin(&mut self, Addressed { addresses, messages }: Addressed<M>) {
        (self.addresses, self.messages) = (addresses, messages.into_iter());
        self.places.clear();
    }

    fn taken(&self) -> usize {
        self.addresses.len() - self.messages.len()
    }

    /// Looks up the partitions of the next messages, a piece of them at most, if that has not been done.
    fn look_up<S>(&mut self, table: &mut PartitionTable<S>, piece: usize) {
        let looked_up = self.places.len();
        if looked_up == self.taken() {
            let next = self.addresses.get(looked_up..).unwrap_or_default();
            let keys = next.iter().take(piece).map(|address| &address.key);
            table.find_all(keys, &mut self.places);
        }
    }

    /// The messages that were looked up and have not been taken, with their addresses and places.
    fn left(&mut self) -> impl Iterator<Item = (&Address, Option<Place>, M)> {
        let taken = self.taken();
        let addresses = self.addresses.get(taken..).unwrap_or_default();
        let places = self.places.get(taken..).unwrap_or_default();
        // The messages last, so that none is taken when there are no more places.
        let places = places.iter().zip(addresses).zip(&mut self.messages);
        places.map(|((place, address), message)| (address, *place, message))
    }
}

/// What the loop over a piece works on; after a panic it says which partition was at work, or whose
/// state was being built.
struct Scope<'a, 'c, S, I: Iterator> {
    context: &'a mut Context<'c>,
    table: &'a mut PartitionTable<S>,
    output: &'a mut Vec<Item<I::Item>>,
    outgoing: &'a mut Option<(Place, Outgoing<I>)>,
    at_work: Option<Place>,
    building: Option<Key>,
    /// When the piece's partitions were created. One reading of the clock is enough.
    now: Option<Timestamp>,
}

impl<S, I: Iterator> Scope<'_, '_, S, I> {
    /// An author's code has panicked: what is left of the message's outputs is not sent.
    fn panicked(&mut self, name: &StepName, frames: &Frames, frame: u32, reason: String) {
        *self.outgoing = None;
        let key = match self.at_work.take() {
            Some(place) => {
                self.table.poison(place);
                self.table.at(place).map(|partition| partition.key.clone())
            }
            None => self.building.take(),
        };
        self.context.dead_letter(name, frames, frame, key, Cause::Panicked, reason);
    }

    /// Goes on with the outputs of the message that was taken last, where some are left.
    fn go_on(&mut self, name: &StepName, frames: &Frames) {
        let Some((place, outgoing)) = self.outgoing.take() else { return };
        let (frame, piece) = (outgoing.frame, self.context.piece);
        match guarded(|| Ok(outgoing.give(self.output, piece))) {
            Ok(left) => *self.outgoing = left.map(|left| (place, left)),
            Err(reason) => {
                self.at_work = Some(place);
                self.panicked(name, frames, frame, reason);
            }
        }
    }
}

impl<M, C, B> StateStep<M, C, B>
where
    B: StateBuilder,
    C: StateComputation<M, B::State>,
{
    pub fn new(
        name: StepName,
        computation: Arc<C>,
        builder: Arc<B>,
        table: Rc<RefCell<PartitionTable<B::State>>>,
    ) -> Self {
        let code = Code { name, computation, builder };
        Self { code, table, batch: Batch::empty(), outgoing: None }
    }
}

impl<M, C, B> Flow<StateOutputOf<C, M, B::State>> for StateStep<M, C, B>
where
    M: Message,
    B: StateBuilder,
    C: StateComputation<M, B::State>,
{
    fn begin(&mut self, _: &Frames, payload: Payload, _: &mut Context<'_>) -> usize {
        let addressed = match payload {
            Payload::Messages(batch) => batch.downcast::<Addressed<M>>().ok(),
            Payload::Frames => None,
        };
        match addressed {
            Some(addressed) => self.batch.begin(*addressed),
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
        let Self { code, table, batch, outgoing } = self;
        let (table, at_work, building, now) = (&mut *table.borrow_mut(), None, None, None);
        let mut scope = Scope { context, table, output, outgoing, at_work, building, now };
        scope.go_on(&code.name, frames);
        if scope.output.len() - first < piece {
            batch.look_up(scope.table, piece);
            try_for_each_guarded(
                &mut batch.left(),
                &mut scope,
                |(address, ..)| address.frame,
                |scope, (address, place, message)| {
                    code.process(frames, scope, address, place, message);
                    stop_at(scope.output.len() - first >= piece)
                },
                |scope, frame, reason| scope.panicked(&code.name, frames, frame, reason),
            );
        }
        let sent = scope.output.len() - first;
        scope.context.report.count_step(code.name.index, sent);
        if batch.messages.len() > 0 || outgoing.is_some() {
            return Progress::More;
        }
        batch.begin(Addressed::default());
        Progress::Done
    }
}

impl<C, B: StateBuilder> Code<C, B> {
    fn process<M: Message>(
        &self,
        frames: &Frames,
        scope: &mut Scope<'_, '_, B::State, StateMessagesOf<C, M, B::State>>,
        address: &Address,
        looked_up: Option<Place>,
        message: M,
    ) where
        C: StateComputation<M, B::State>,
    {
        let Address { frame, key } = address;
        let frame = *frame;
        scope.at_work = None;
        // An earlier message may have created it since it was looked up.
        let found = looked_up.or_else(|| scope.table.find(key));
        let created = found.is_none();
        let place = found.unwrap_or_else(|| self.create(scope, key));
        let Scope { context, table, output, outgoing, at_work, .. } = scope;
        let Some(partition) = table.at(place) else { return };
        if partition.health == Health::Poisoned {
            let (cause, reason) = (Cause::Poisoned, POISONED.to_owned());
            context.dead_letter(&self.name, frames, frame, Some(key.clone()), cause, reason);
            return;
        }
        *at_work = Some(place);
        let traced = frames.any_traced() && frames.trace(frame).is_some();
        let before = traced.then(|| preview_json(&partition.state));
        let outcome = self.computation.compute(message, &mut partition.state).into_outcome();
        let outcome = outcome
            .and_then(|(outputs, save)| outputs.into_messages().map(|messages| (messages, save)));
        match outcome {
            Ok((messages, save)) => {
                partition.messages += 1;
                // Looked at while the partition is at hand: most often there is nothing to note.
                let noted = partition.to_save;
                context.report.stateful += 1;
                context.report.saved += u64::from(save);
                if let Some(before) = before {
                    let after = preview_json(&partition.state);
                    context.trace(&self.name, frames, frame, || HopEvent::StateChanged {
                        key: key.clone(),
                        created,
                        before,
                        after,
                        saved: save,
                    });
                }
                match (save, noted) {
                    (true, true) => {}
                    (true, false) => table.save(place),
                    (false, _) => table.touch(place),
                }
                let start = output.len();
                if let Some(left) = (Outgoing { frame, messages }).give(output, context.piece) {
                    **outgoing = Some((place, left));
                }
                if traced {
                    trace_messages(context, &self.name, frames, frame, output.get(start..));
                }
            }
            Err(reason) => {
                table.touch(place);
                let (cause, reason) = (Cause::Refused, reason.as_str().to_owned());
                context.dead_letter(&self.name, frames, frame, Some(key.clone()), cause, reason);
            }
        }
    }

    fn create<I: Iterator>(&self, scope: &mut Scope<'_, '_, B::State, I>, key: &Key) -> Place {
        scope.building = Some(key.clone());
        let state = self.builder.build(key);
        scope.building = None;
        scope.context.report.created += 1;
        let now = *scope.now.get_or_insert_with(|| scope.context.clock.now());
        scope.table.create(key.clone(), state, now, true)
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
