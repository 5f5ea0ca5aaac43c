//! What a search does and what it has found, in words.

use super::{Found, SoFar};
use crate::core::figures::counted;
use crate::core::replay::shrink::{Progress, Stage};
use crate::core::seen::StepSeen;

impl SoFar {
    /// What is left, and what is being done about it.
    pub fn in_words(&self) -> String {
        let Progress { stage, messages, base, probes } = match self {
            Self::Looking(messages) => {
                return format!("looked at {}", counted(*messages, "message"));
            }
            Self::Shrinking(progress) => *progress,
        };
        let doing = match stage {
            Stage::Messages => "leaving out messages",
            Stage::Base => "leaving out partitions",
            Stage::Payloads => "making messages simpler",
        };
        let left = counted(messages as u64, "message");
        let base = match base {
            0 => String::new(),
            base => format!(" and {}", counted(base as u64, "partition")),
        };
        format!("{left}{base} left, {} tried: {doing}", counted(probes, "candidate"))
    }
}

impl Found {
    /// What happens with the smallest input.
    pub fn happened(&self) -> String {
        match &self.again.step {
            Some(step) => happened(step),
            None => "a test begins with states of JSON, which does not hold all of these: there it does not happen"
                .to_owned(),
        }
    }
}

/// What happened at the step.
fn happened(step: &StepSeen) -> String {
    let key = step.key.as_ref().map(|key| format!(", key {key}")).unwrap_or_default();
    let what = match (&step.dead, &step.state) {
        (Some(dead), _) => format!(": dead letter: {}", dead.reason),
        (None, Some(state)) => {
            let whole = state.whole().map(ToString::to_string);
            whole.map(|state| format!(": state {state}")).unwrap_or_default()
        }
        (None, None) => String::new(),
    };
    format!("it holds at {}{key}{what}", step.step)
}
