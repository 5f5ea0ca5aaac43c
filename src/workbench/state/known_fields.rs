//! Which fields a condition about steps may name.

use super::Workbench;
use crate::core::seen::seen_in;
use crate::expression::Fields;

/// How many of the newest messages tell which fields states and messages have.
const LOOKED_AT: usize = 50;

impl Workbench {
    /// The fields of states and messages, as far as what is shown tells them.
    pub(super) fn known_fields(&self) -> Fields {
        let mut fields = Fields::default();
        if self.topology.states().len() > 1 || self.topology.pipelines().len() > 1 {
            // Of another state or pipeline, none may have been seen yet.
            return fields;
        }
        for row in &self.snapshot.partitions.rows {
            fields.add_state(&row.row.value);
        }
        for trace in self.snapshot.traces.iter().take(LOOKED_AT) {
            let seen = seen_in(trace, &self.topology, &[]);
            seen.steps.iter().for_each(|step| fields.add(step));
        }
        fields
    }
}
