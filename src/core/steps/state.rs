//! A state computation on the partitions that this worker owns.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use super::Flow;
use super::batch::{Address, Addressed, Item, Payload};
use super::compute::trace_messages;
use super::context::{Context, StepName};
use crate::application::{
    Key, Message, Outputs, State, StateBuilder, StateComputation, StateOutcome,
};
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::Cause;
use crate::core::frames::preview::preview_json;
use crate::core::frames::trace::HopEvent;
use crate::core::guard::for_each_guarded;
use crate::core::partitions::partition::Health;
use crate::core::partitions::table::{PartitionTable, Place};

/// What a state computation sends on.
pub(crate) type StateOutputOf<C, M, S> =
    <<<C as StateComputation<M, S>>::Outcome as StateOutcome>::Outputs as Outputs>::Message;

/// The reason of the dead letters of a poisoned partition.
pub(crate) const POISONED: &str = "the partition is poisoned: an earlier message made its computation panic or its state \
     too long to save";

/// Runs a state computation on every message that its partition's owner was sent.
pub(crate) struct StateStep<M, C, B: StateBuilder> {
    pub name: StepName,
    pub computation: Arc<C>,
    pub builder: Arc<B>,
    pub table: Rc<RefCell<PartitionTable<B::State>>>,
    pub message: PhantomData<fn(M)>,
}

/// What the loop over a batch works on; after a panic it says which partition was at work, or whose
/// state was being built.
struct Scope<'a, 'c, S, O> {
    context: &'a mut Context<'c>,
    table: &'a mut PartitionTable<S>,
    output: &'a mut Vec<Item<O>>,
    at_work: Option<Place>,
    building: Option<Key>,
}

impl<M, C, B> Flow<StateOutputOf<C, M, B::State>> for StateStep<M, C, B>
where
    M: Message,
    B: StateBuilder,
    C: StateComputation<M, B::State>,
{
    fn run(
        &mut self,
        frames: &Arc<Frames>,
        payload: Payload,
        context: &mut Context<'_>,
        output: &mut Vec<Item<StateOutputOf<C, M, B::State>>>,
    ) {
        let batch = match payload {
            Payload::Messages(batch) => batch.downcast::<Addressed<M>>().ok(),
            Payload::Frames => None,
        };
        let Some(batch) = batch else {
            unreachable!("the topology gives a state step what its partition step made")
        };
        let Addressed { addresses, messages } = *batch;
        let first = output.len();
        output.reserve(messages.len());
        let mut table = self.table.borrow_mut();
        let mut scope = Scope { context, table: &mut table, output, at_work: None, building: None };
        let name = &self.name;
        for_each_guarded(
            &mut addresses.iter().zip(messages),
            &mut scope,
            |(address, _)| address.frame,
            |scope, (address, message)| self.process(frames, scope, address, message),
            |scope, frame, reason| {
                let key = match scope.at_work.take() {
                    Some(place) => {
                        scope.table.poison(place);
                        scope.table.at(place).map(|partition| partition.key.clone())
                    }
                    None => scope.building.take(),
                };
                scope.context.dead_letter(name, frames, frame, key, Cause::Panicked, reason);
            },
        );
        let sent = scope.output.len() - first;
        scope.context.report.count_step(name.index, sent);
    }
}

impl<M, C, B> StateStep<M, C, B>
where
    M: Message,
    B: StateBuilder,
    C: StateComputation<M, B::State>,
{
    fn process(
        &self,
        frames: &Frames,
        scope: &mut Scope<'_, '_, B::State, StateOutputOf<C, M, B::State>>,
        address: &Address,
        message: M,
    ) {
        let Address { frame, key } = address;
        let frame = *frame;
        scope.at_work = None;
        let found = scope.table.find(key);
        let created = found.is_none();
        let place = found.unwrap_or_else(|| self.create(scope, key));
        let Scope { context, table, output, at_work, .. } = scope;
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
                let start = output.len();
                output.extend(messages.map(|message| Item { frame, message }));
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
                    trace_messages(context, &self.name, frames, frame, output.get(start..));
                }
                match (save, noted) {
                    (true, true) => {}
                    (true, false) => table.save(place),
                    (false, _) => table.touch(place),
                }
            }
            Err(reason) => {
                table.touch(place);
                let (cause, reason) = (Cause::Refused, reason.as_str().to_owned());
                context.dead_letter(&self.name, frames, frame, Some(key.clone()), cause, reason);
            }
        }
    }

    fn create<O>(&self, scope: &mut Scope<'_, '_, B::State, O>, key: &Key) -> Place
    where
        B::State: State,
    {
        scope.building = Some(key.clone());
        let state = self.builder.build(key);
        scope.building = None;
        scope.context.report.created += 1;
        let now = scope.context.clock.now();
        scope.table.create(key.clone(), state, now, true)
    }
}

#[cfg(test)]
mod tests {
    use crate::application::{Key, Reason, Source};
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
}
