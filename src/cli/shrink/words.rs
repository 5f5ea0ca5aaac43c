//! What was found, for people.

use crate::core::replay::smallest::Found;
use crate::core::text::{counted, hex};
use crate::core::topology::Topology;

/// The lines that say what was found.
pub(super) fn of(found: &Found, topology: &Topology, seconds: f64) -> Vec<String> {
    let Found { input, again, recorded } = found;
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
    lines.push(found.happened());
    if !input.complete {
        lines.push("not all that is smaller was tried".to_owned());
    }
    lines
}
