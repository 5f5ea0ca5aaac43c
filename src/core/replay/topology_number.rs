//! A number of an application's steps and states.

use std::fmt::Write as _;

use crate::core::topology::{StepKind, Topology};

/// FNV-1a, 64 bits: <https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>.
struct Fnv(u64);

impl std::fmt::Write for Fnv {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Ok(())
    }
}

/// A number that is another one for other pipelines, kinds of steps, states or sinks. It is the same for other code in the
/// same steps: a mended program goes on with a recording.
pub fn fingerprint(topology: &Topology) -> u64 {
    let mut number = Fnv(0xcbf2_9ce4_8422_2325);
    for plan in topology.pipelines() {
        // Nothing that writes a number can fail.
        let _ = write!(number, "{:?} {}", plan.name, plan.sinks.len());
        for step in &plan.steps {
            let _ = match &step.kind {
                StepKind::Partition { state } => write!(number, " partition {state:?}"),
                StepKind::State { state } => write!(number, " state {state:?}"),
                StepKind::Decode => write!(number, " decode"),
                StepKind::Compute => write!(number, " compute"),
                StepKind::Parallel => write!(number, " parallel"),
                StepKind::Encode => write!(number, " encode"),
            };
        }
    }
    number.0
}
