//! Traces of a replay.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::judged::Judge;
use super::schedule::Entry;
use super::script::Entering;
use super::watch::Watch;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::{Hop, HopEvent, Trace};
use crate::core::numbers::WorkerIndex;
use crate::core::steps::batch::Output;
use crate::core::topology::{PipelinePlan, StepKind, Topology};

/// What the preview of a state ends with that was cut.
const CUT: char = '…';

/// Which messages are looked at, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// Those before a message, the last one first.
    Back,
    /// Those after it.
    Forth,
}

/// Ends a replay when nobody waits for it any more.
pub(super) struct Ending<'a, W> {
    pub end: &'a AtomicBool,
    pub watch: &'a mut W,
}

impl<W: Watch> Watch for Ending<'_, W> {
    fn enters(&mut self, entering: &mut Entering) {
        self.watch.enters(entering);
    }

    fn output(&mut self, worker: WorkerIndex, output: Output) {
        self.watch.output(worker, output);
    }

    fn dead_letter(&mut self, letter: DeadLetter) {
        self.watch.dead_letter(letter);
    }

    fn did(&mut self, worker: WorkerIndex, entry: &Entry) {
        self.watch.did(worker, entry);
    }

    fn goes_on(&mut self) -> bool {
        self.watch.goes_on() && !self.end.load(Ordering::Relaxed)
    }
}

/// Traces one message.
pub(super) struct OneTraced<'a> {
    topology: &'a Topology,
    /// Its number in the chapter, if there is one.
    wanted: Option<u64>,
    pub trace: Option<Arc<Trace>>,
    pub dead_letters: Vec<DeadLetter>,
}

impl<'a> OneTraced<'a> {
    pub fn new(topology: &'a Topology, wanted: Option<u64>) -> Self {
        Self { topology, wanted, trace: None, dead_letters: Vec::new() }
    }
}

impl Watch for OneTraced<'_> {
    fn enters(&mut self, entering: &mut Entering) {
        let place = self.wanted.and_then(|wanted| wanted.checked_sub(entering.number));
        let place = place.filter(|place| *place < entering.frames.len() as u64);
        if let Some(place) = place.and_then(|place| u32::try_from(place).ok()) {
            let name = entering.name(self.topology);
            self.trace = Some(entering.frames.begin_trace(name, place));
        }
    }

    fn dead_letter(&mut self, letter: DeadLetter) {
        self.dead_letters.push(letter);
    }
}

/// The nearest message of which something is true.
pub(super) struct Nearest<'a> {
    direction: Direction,
    is_it: &'a mut dyn FnMut(&Trace) -> bool,
    pub found: Option<u64>,
}

impl<'a> Nearest<'a> {
    pub fn new(direction: Direction, is_it: &'a mut dyn FnMut(&Trace) -> bool) -> Self {
        Self { direction, is_it, found: None }
    }
}

impl Judge for Nearest<'_> {
    fn message(&mut self, number: u64, trace: &Trace, _: &[DeadLetter]) {
        let is_nearer = self.found.is_none_or(|found| match self.direction {
            Direction::Back => number > found,
            Direction::Forth => number < found,
        });
        if is_nearer && (self.is_it)(trace) {
            self.found = Some(number);
        }
    }

    fn has_found(&self) -> bool {
        self.direction == Direction::Forth && self.found.is_some()
    }
}

/// Whether a message has changed a partition: its state, or whether computations may touch it. What a trace does not tell
/// may be a change: a long state is cut, and a message that becomes many has more hops than are kept.
pub(super) fn changes(trace: &Trace, topology: &Topology) -> bool {
    let plan = topology.pipelines().iter().find(|plan| plan.name == trace.pipeline);
    // Steps may have one name: then any of them is meant.
    let has_state = |hop: &Hop| {
        let mut named = plan.iter().flat_map(|plan| &plan.steps);
        named.any(|step| step.name == hop.step && matches!(step.kind, StepKind::State { .. }))
    };
    let mut has_key = false;
    let stateful = |plan: &PipelinePlan| {
        plan.steps.iter().any(|step| matches!(step.kind, StepKind::State { .. }))
    };
    let is_cut = trace.hops_left_out() > 0 && plan.is_some_and(stateful);
    is_cut
        || trace.hops().iter().any(|hop| match &hop.event {
            HopEvent::Partitioned { .. } => {
                has_key = true;
                false
            }
            HopEvent::StateChanged { created, before, after, .. } => {
                *created || before != after || before.ends_with(CUT)
            }
            // A computation that refuses may have changed the state, and one that panics has poisoned the partition.
            HopEvent::DeadLetter(_) => has_key && has_state(hop),
            _ => false,
        })
}
