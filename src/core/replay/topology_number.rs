//! A number of an application's steps and states.

use std::fmt::Write as _;

use super::digest::hash;
use crate::core::topology::{StepKind, Topology};

/// A number that is another one for other pipelines, kinds of steps, states or sinks. It is the same for other code in the
/// same steps: a mended program goes on with a recording.
pub fn fingerprint(topology: &Topology) -> u64 {
    let mut text = String::new();
    for plan in topology.pipelines() {
        // Nothing that writes to a text can fail.
        let _ = write!(text, "{:?} {}", plan.name, plan.sinks.len());
        for step in &plan.steps {
            let _ = match &step.kind {
                StepKind::Partition { state } => write!(text, " partition {state:?}"),
                StepKind::State { state } => write!(text, " state {state:?}"),
                StepKind::Decode => write!(text, " decode"),
                StepKind::Compute => write!(text, " compute"),
                StepKind::Parallel => write!(text, " parallel"),
                StepKind::Encode => write!(text, " encode"),
            };
        }
    }
    hash(text.as_bytes(), 0)
}
