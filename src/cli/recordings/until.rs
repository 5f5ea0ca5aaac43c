//! Looks for the first message at which a condition holds of a step.

use std::sync::Arc;

use crate::cli::failure::Failure;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::replay::ReplayError;
use crate::core::replay::judged::{Judge, Judged};
use crate::core::replay::machine::Machine;
use crate::core::replay::player::{Played, Player};
use crate::core::replay::recording::{Base, Crew};
use crate::core::replay::source::Recording;
use crate::core::seen::seen_in;
use crate::core::topology::Topology;
use crate::expression::{Fields, StepCondition, Unjudged, When};

/// How many partitions of a state are looked at for the fields that it has.
const LOOKED_AT: usize = 100;

/// Understands a condition about steps. `fields` are those that states are known to have.
pub(super) fn condition(text: &str, fields: &Fields) -> Result<StepCondition, Failure> {
    let compiled = StepCondition::compile(text, When::Replayed, fields);
    compiled.map_err(|error| Failure::Usage(format!("--until: {error}")))
}

/// The fields that the states of a recording have, as far as its last partitions tell.
pub(super) fn fields_of<R: Recording>(topology: &Arc<Topology>, recording: &R) -> Fields {
    let mut fields = Fields::default();
    let changed = (0..recording.chapters().len()).rev().map(|chapter| {
        let mut changed = recording.changed(chapter)?;
        // Those that are gone have no fields.
        for (_, partitions) in &mut changed {
            partitions.retain(|partition| !partition.is_gone());
        }
        changed.retain(|(_, partitions)| !partitions.is_empty());
        Ok::<_, ReplayError>(changed)
    });
    let mut changed = changed.filter(|changed| !changed.as_ref().is_ok_and(Vec::is_empty));
    let partitions = changed.next().unwrap_or_else(|| recording.base().map(|base| base.partitions));
    // Without them, any field may be meant: what is wrong with the recording is said by its replay.
    let Ok(mut partitions) = partitions else { return fields };
    for (_, partitions) in &mut partitions {
        partitions.truncate(LOOKED_AT);
    }
    let base = Base { partitions, ..Base::default() };
    if let Ok(machine) = Machine::new(Arc::clone(topology), Crew::ALONE, &base) {
        machine.rows().iter().for_each(|row| fields.add_state(&row.value));
    }
    fields
}

/// The first message of a recording, in its order, at which a condition holds of a step; `None` if there is none. Each
/// chapter is followed by a call of `show`, with how many messages have entered.
pub(super) fn first<R: Recording>(
    topology: &Arc<Topology>,
    recording: &R,
    condition: &StepCondition,
    mut show: impl FnMut(u64),
) -> Result<Option<u64>, Failure> {
    let mut player = Player::new(Arc::clone(topology), recording);
    loop {
        let before = player.messages();
        let mut first = First { topology, condition, hit: None };
        let mut judged = Judged::new(topology, 0..u64::MAX, &mut first);
        let outcome = player.play(u64::MAX, &mut judged).map_err(Failure::failed)?;
        judged.finish();
        match (first.hit, outcome) {
            (Some((number, Ok(()))), _) => return Ok(Some(before + number + 1)),
            (Some((number, Err(unjudged))), _) => {
                let message = before + number + 1;
                return Err(Failure::Failed(format!("message {message}: {unjudged}")));
            }
            (None, Played::Verified(..)) => show(player.messages()),
            (None, Played::End | Played::Part) => return Ok(None),
        }
    }
}

/// A message of a chapter at which the condition holds, or at which that cannot be said.
type Hit = (u64, Result<(), Unjudged>);

/// The first message so far.
struct First<'a> {
    topology: &'a Topology,
    condition: &'a StepCondition,
    hit: Option<Hit>,
}

impl Judge for First<'_> {
    fn message(&mut self, number: u64, trace: &Trace, letters: &[DeadLetter]) {
        // Workers take turns: a later message may come to its end first.
        if self.hit.as_ref().is_some_and(|(hit, _)| *hit < number) {
            return;
        }
        match self.condition.first_in(&seen_in(trace, self.topology, letters)) {
            Ok(None) => {}
            Ok(Some(_)) => self.hit = Some((number, Ok(()))),
            Err(unjudged) => self.hit = Some((number, Err(unjudged))),
        }
    }

    fn has_found(&self) -> bool {
        self.hit.is_some()
    }
}
