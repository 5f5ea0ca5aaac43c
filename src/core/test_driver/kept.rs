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
    /// Of each sink, the first place: pipelines may share one.
    first: BTreeMap<SinkPlace, SinkPlace>,
    pub dead_letters: Vec<DeadLetter>,
    pub traces: Vec<Arc<Trace>>,
}

impl Kept {
    /// Nothing yet.
    pub fn new(topology: &Topology) -> Self {
        let plans = topology.pipelines().iter().enumerate();
        let places = plans.flat_map(|(at, plan)| {
            let of = move |sink| SinkPlace { pipeline: PipelineIndex(at), sink: SinkIndex(sink) };
            (0..plan.sinks.len()).map(of)
        });
        let first = places.map(|place| (place, topology.first_place(place))).collect();
        Self { first, ..Self::default() }
    }

    /// What a sink received.
    pub fn outputs(&self, place: SinkPlace) -> &[Vec<u8>] {
        let first = self.first.get(&place);
        first.and_then(|first| self.outputs.get(first)).map(Vec::as_slice).unwrap_or_default()
    }
}

impl Watch for Kept {
    fn output(&mut self, _: WorkerIndex, Output { pipeline, sink, pieces, .. }: Output) {
        let first = self.first.get(&SinkPlace { pipeline, sink });
        debug_assert!(first.is_some(), "outputs are of sinks of the application");
        let Some(first) = first else { return };
        self.outputs.entry(*first).or_default().extend(pieces.iter().map(<[u8]>::to_vec));
    }

    fn dead_letter(&mut self, letter: DeadLetter) {
        self.dead_letters.push(letter);
    }
}
