//! Traces of a replay.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::machine::Watch;
use super::recording::PartitionName;
use super::script::Entering;
use crate::application::Key;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::{Hop, HopEvent, Trace};
use crate::core::numbers::{PipelineIndex, WorkerIndex};
use crate::core::steps::batch::Output;
use crate::core::topology::{StepKind, Topology};

/// Which messages are looked at, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
            let name = name_of(self.topology, entering.pipeline);
            self.trace = Some(entering.frames.begin_trace(name, place));
        }
    }

    fn dead_letter(&mut self, letter: DeadLetter) {
        self.dead_letters.push(letter);
    }
}

/// Traces all messages, and judges each when it has come to its end.
pub(super) struct AllTraced<'a> {
    topology: &'a Topology,
    /// Only these count.
    wanted: Range<u64>,
    direction: Direction,
    is_it: &'a mut dyn FnMut(&Trace) -> bool,
    waiting: VecDeque<(u64, Arc<Trace>)>,
    found: Option<u64>,
    /// The number of the message that enters next; `None` if workers took them in another order than they were read.
    next: Option<u64>,
}

impl<'a> AllTraced<'a> {
    pub fn new(
        topology: &'a Topology,
        wanted: Range<u64>,
        direction: Direction,
        is_it: &'a mut dyn FnMut(&Trace) -> bool,
    ) -> Self {
        let (waiting, found, next) = (VecDeque::new(), None, Some(0));
        Self { topology, wanted, direction, is_it, waiting, found, next }
    }

    /// Judges those that nothing holds any more, because all that was made of them is processed; or all of them.
    fn judge(&mut self, all: bool) {
        let Self { is_it, waiting, found, direction, .. } = self;
        let is_done = |(_, trace): &mut (u64, Arc<Trace>)| all || Arc::strong_count(trace) == 1;
        while let Some((number, trace)) = waiting.pop_front_if(is_done) {
            // Workers take turns: a later message may come to its end first.
            let is_nearer = found.is_none_or(|found| match direction {
                Direction::Back => number > found,
                Direction::Forth => number < found,
            });
            if is_nearer && is_it(&trace) {
                *found = Some(number);
            }
        }
    }

    /// The message that was found.
    pub fn finish(mut self) -> Option<u64> {
        self.judge(true);
        self.found
    }
}

impl Watch for AllTraced<'_> {
    fn enters(&mut self, entering: &mut Entering) {
        self.next = self.next.filter(|next| *next == entering.number);
        self.next = self.next.map(|next| next + entering.frames.len() as u64);
        let name = name_of(self.topology, entering.pipeline);
        let frames = u32::try_from(entering.frames.len()).unwrap_or(u32::MAX);
        for (number, place) in (entering.number..).zip(0..frames) {
            if self.wanted.contains(&number) {
                self.waiting.push_back((number, entering.frames.begin_trace(name, place)));
            }
        }
    }

    fn goes_on(&mut self) -> bool {
        self.judge(false);
        // An earlier one may still wait, or enter.
        let is_first = self.found.is_some() && self.waiting.is_empty() && self.next.is_some();
        !(self.direction == Direction::Forth && is_first)
    }
}

/// The name of a pipeline.
pub(super) fn name_of(topology: &Topology, pipeline: PipelineIndex) -> &Arc<str> {
    let plan = topology.pipelines().get(pipeline.0);
    plan.map_or_else(|| topology.name(), |plan| &plan.name)
}

/// Whether a message has changed this partition, or any partition: its state, or whether computations may touch it.
pub(super) fn changes(trace: &Trace, topology: &Topology, of: Option<&PartitionName>) -> bool {
    let plan = topology.pipelines().iter().find(|plan| plan.name == trace.pipeline);
    // Steps may have one name: then any of them is meant.
    let is_of = |hop: &Hop, key: &Key| {
        let mut named = plan.iter().flat_map(|plan| &plan.steps);
        named.any(|step| match &step.kind {
            StepKind::State { state } if step.name == hop.step => {
                of.is_none_or(|(name, wanted)| name == state && wanted == key)
            }
            _ => false,
        })
    };
    let mut last_key = None;
    trace.hops().iter().any(|hop| match &hop.event {
        HopEvent::Partitioned { key, .. } => {
            last_key = Some(key.clone());
            false
        }
        HopEvent::StateChanged { key, created, before, after, .. } => {
            (*created || before != after) && is_of(hop, key)
        }
        // A computation that refuses may have changed the state, and one that panics has poisoned the partition.
        HopEvent::DeadLetter(_) => last_key.as_ref().is_some_and(|key| is_of(hop, key)),
        _ => false,
    })
}
