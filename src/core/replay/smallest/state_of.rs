//! The state of a step.

use std::sync::Arc;

use crate::core::topology::{StepKind, Topology};

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
