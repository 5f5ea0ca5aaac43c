//! How many messages each partition has had: a trace does not tell.

use std::collections::HashMap;
use std::sync::Arc;

use super::base::BasePartition;
use super::sought::Sought;
use crate::application::Key;
use crate::core::seen::Seen;
use crate::core::topology::{StepKind, Topology};

/// How many messages each partition has had, by the name of its state; `None` if nobody needs it.
pub(super) struct Counts(Option<HashMap<(Arc<str>, Key), u64>>);

impl Counts {
    /// Those of the partitions of the base.
    pub fn of<'a>(sought: &dyn Sought, base: impl Iterator<Item = &'a BasePartition>) -> Self {
        let count = |(state, partition): &BasePartition| {
            ((Arc::clone(state), partition.key.clone()), partition.messages)
        };
        Self(sought.counts().then(|| base.map(count).collect()))
    }

    /// Counts a message at its partitions, and says so of its steps.
    pub fn count(&mut self, seen: &mut Seen, topology: &Topology) {
        let Self(Some(counts)) = self else { return };
        for step in seen.steps.iter_mut().filter(|step| step.state.is_some()) {
            let state = state_of(topology, &step.pipeline, &step.step);
            let Some((state, key)) = state.zip(step.key.clone()) else { continue };
            let count = counts.entry((Arc::clone(state), key)).or_default();
            *count += 1;
            step.messages = Some(*count);
        }
    }
}

/// The state of a step. `None` if the step has none.
pub(super) fn state_of<'a>(
    topology: &'a Topology,
    pipeline: &str,
    step: &str,
) -> Option<&'a Arc<str>> {
    let plan = topology.pipelines().iter().find(|plan| *plan.name == *pipeline)?;
    plan.steps.iter().filter(|plan| *plan.name == *step).find_map(|plan| match &plan.kind {
        StepKind::State { state } => Some(state),
        _ => None,
    })
}
