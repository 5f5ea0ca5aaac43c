//! What was found, for people.

use crate::core::replay::smallest::{Lived, Smallest};
use crate::core::seen::StepSeen;
use crate::core::text::{counted, hex};
use crate::core::topology::Topology;

/// The lines that say what was found.
pub(super) fn of(
    input: &Smallest,
    again: &Lived,
    topology: &Topology,
    (recorded, seconds): (u64, f64),
) -> Vec<String> {
    let left = counted(input.messages.len() as u64, "message");
    let probes = counted(input.probes, "candidate");
    let mut lines = vec![format!("{left} left of {recorded} ({probes} tried in {seconds:.1} s)")];
    for (message, decoded) in input.messages.iter().zip(&again.decoded) {
        let plan = topology.pipelines().get(message.pipeline.0);
        let pipeline = plan.map(|plan| &*plan.name).unwrap_or_default();
        let shown = decoded.clone().unwrap_or_else(|| format!("0x{}", hex(&message.payload)));
        let simpler = if message.is_simpler { " (simpler than it was)" } else { "" };
        lines.push(format!("  #{} {pipeline}: {shown}{simpler}", message.number));
    }
    if !again.base.is_empty() {
        lines.push(format!("{} before them:", counted(again.base.len() as u64, "partition")));
    }
    for partition in &again.base {
        let poisoned = if partition.poisoned { " (poisoned)" } else { "" };
        let (state, key) = (&partition.state, &partition.key);
        lines.push(format!("  {state} {key}: {}{poisoned}", partition.value));
    }
    lines.push(match &again.step {
        Some(step) => happened(step),
        None => "a test begins with states of JSON, which does not hold all of these: there it does not happen"
            .to_owned(),
    });
    if !input.complete {
        lines.push("not all that is smaller was tried".to_owned());
    }
    lines
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
