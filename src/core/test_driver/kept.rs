//! What the driver keeps of what came of messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::numbers::{PipelineIndex, SinkIndex, SinkPlace, WorkerIndex};
use crate::core::replay::machine::Watch;
use crate::core::steps::batch::Output;
use crate::core::topology::Topology;

/// What came of what was pushed.
#[derive(Default)]
pub(super) struct Kept {
    /// The sinks by their first places, and what each received.
    pub outputs: BTreeMap<SinkPlace, Vec<Vec<u8>>>,
    /// The first places of those sinks that pipelines share, by their other places.
    same_as: BTreeMap<SinkPlace, SinkPlace>,
    pub dead_letters: Vec<DeadLetter>,
    pub traces: Vec<Arc<Trace>>,
}

impl Kept {
    /// Nothing yet.
    pub fn new(topology: &Topology) -> Self {
        let plans = topology.pipelines().iter().enumerate();
        let same_as = plans.flat_map(|(at, plan)| {
            plan.sinks.iter().enumerate().filter_map(move |(sink, plan)| {
                let place = SinkPlace { pipeline: PipelineIndex(at), sink: SinkIndex(sink) };
                Some((place, plan.same_as?))
            })
        });
        Self { same_as: same_as.collect(), ..Self::default() }
    }

    /// The first place of a sink.
    pub fn first_place(&self, place: SinkPlace) -> SinkPlace {
        self.same_as.get(&place).copied().unwrap_or(place)
    }
}

impl Watch for Kept {
    fn output(&mut self, _: WorkerIndex, Output { pipeline, sink, pieces, .. }: Output) {
        let place = self.first_place(SinkPlace { pipeline, sink });
        self.outputs.entry(place).or_default().extend(pieces.iter().map(<[u8]>::to_vec));
    }

    fn dead_letter(&mut self, letter: DeadLetter) {
        self.dead_letters.push(letter);
    }
}
