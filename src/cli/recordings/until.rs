//! Looks for the first message at which a condition holds of a step.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::cli::failure::Failure;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::numbers::SequenceNumber;
use crate::core::replay::machine::{Machine, Watch};
use crate::core::replay::player::{Played, Player};
use crate::core::replay::recording::{Base, Crew};
use crate::core::replay::script::Entering;
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
    let changed = (0..recording.chapters().len()).rev().map(|chapter| recording.changed(chapter));
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
        let mut search = Search::new(topology, condition);
        let outcome = player.play(u64::MAX, &mut search).map_err(Failure::failed)?;
        match (search.finish(), outcome) {
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

/// Traces all messages of a chapter, and judges each when it has come to its end.
struct Search<'a> {
    topology: &'a Topology,
    condition: &'a StepCondition,
    /// Those that are not judged, with their numbers in the chapter.
    waiting: VecDeque<(u64, Arc<Trace>)>,
    /// What could not be processed of them.
    letters: HashMap<(Arc<str>, SequenceNumber), Vec<DeadLetter>>,
    /// The first so far.
    hit: Option<Hit>,
    /// The number of the message that enters next; `None` if workers took them in another order than they were read.
    next: Option<u64>,
}

impl<'a> Search<'a> {
    fn new(topology: &'a Topology, condition: &'a StepCondition) -> Self {
        let (waiting, letters) = (VecDeque::new(), HashMap::new());
        Self { topology, condition, waiting, letters, hit: None, next: Some(0) }
    }

    /// Judges those that nothing holds any more, because all that was made of them is processed; or all of them.
    fn judge(&mut self, all: bool) {
        let is_done = |(_, trace): &mut (u64, Arc<Trace>)| all || Arc::strong_count(trace) == 1;
        while let Some((number, trace)) = self.waiting.pop_front_if(is_done) {
            let name = (Arc::clone(&trace.source), trace.sequence);
            let letters = self.letters.remove(&name).unwrap_or_default();
            // Workers take turns: a later message may come to its end first.
            if self.hit.as_ref().is_some_and(|(hit, _)| *hit < number) {
                continue;
            }
            let seen = seen_in(&trace, self.topology, &letters);
            match self.condition.first_in(&seen) {
                Ok(None) => {}
                Ok(Some(_)) => self.hit = Some((number, Ok(()))),
                Err(unjudged) => self.hit = Some((number, Err(unjudged))),
            }
        }
    }

    fn finish(mut self) -> Option<Hit> {
        self.judge(true);
        self.hit
    }
}

impl Watch for Search<'_> {
    fn enters(&mut self, entering: &mut Entering) {
        self.next = self.next.filter(|next| *next == entering.number);
        self.next = self.next.map(|next| next + entering.frames.len() as u64);
        let plan = self.topology.pipelines().get(entering.pipeline.0);
        let name = plan.map_or_else(|| self.topology.name(), |plan| &plan.name);
        let frames = u32::try_from(entering.frames.len()).unwrap_or(u32::MAX);
        for (number, frame) in (entering.number..).zip(0..frames) {
            self.waiting.push_back((number, entering.frames.begin_trace(name, frame)));
        }
    }

    fn dead_letter(&mut self, letter: DeadLetter) {
        let name = (Arc::clone(&letter.source), letter.sequence);
        self.letters.entry(name).or_default().push(letter);
    }

    fn goes_on(&mut self) -> bool {
        self.judge(false);
        // An earlier one may still wait, or enter.
        !(self.hit.is_some() && self.waiting.is_empty() && self.next.is_some())
    }
}
