//! What the lines of a message are made with.

use super::sheet::Target;
use crate::application::Key;
use crate::core::frames::trace::{Hop, Trace};
use crate::core::topology::StepKind;
use crate::workbench::state::Workbench;
use crate::workbench::state::windows::detail::folds::Folds;
use crate::workbench::words;

/// The columns of times.
pub(super) const TIME: usize = 8;

/// What the lines of a message are made with.
pub(super) struct Told<'a> {
    pub workbench: &'a Workbench,
    pub trace: &'a Trace,
    pub hops: Vec<Hop>,
    /// Which branches of its trees are folded.
    pub folds: &'a Folds,
    /// The columns of the steps' names.
    pub step: usize,
}

impl Told<'_> {
    /// How long after the frame's reading a hop ended.
    pub(super) fn time(&self, hop: &Hop) -> String {
        words::duration(hop.at.since(self.trace.read_at))
    }

    /// What a line about a key opens.
    pub(super) fn partition(&self, step: &str, key: &Key) -> Option<Target> {
        let topology = &self.workbench.topology;
        let plan = topology.pipelines().iter().find(|plan| plan.name == self.trace.pipeline)?;
        let step = plan.steps.iter().find(|plan| &*plan.name == step)?;
        let (StepKind::Partition { state } | StepKind::State { state }) = &step.kind else {
            return None;
        };
        let state = topology.states().iter().position(|plan| plan.name == *state)?;
        Some(Target::Partition(state, key.clone()))
    }
}
