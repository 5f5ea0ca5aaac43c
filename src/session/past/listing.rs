//! The changes of a partition, some at a time.

use std::sync::Arc;

use super::traveller::Traveller;
use crate::core::frames::probe::Change;
use crate::core::replay::ReplayError;
use crate::core::replay::timeline::PartOfState;
use crate::telemetry::{ChangeShown, ChangesShown, PartitionName};

/// How many changes are listed at a time.
const AT_ONCE: usize = 200;

/// How many are listed in all.
const MOST: usize = 5000;

impl Traveller {
    /// Lists the newest changes of a partition; if those are listed, older ones.
    pub(super) fn list_changes(&mut self, of: &PartitionName) -> Result<(), ReplayError> {
        let state = self.timeline.topology().states().get(of.0).map(|state| &state.name);
        let Some(state) = state.map(Arc::clone) else { return Ok(()) };
        let listed = self.shared.found.lock().changes.clone().filter(|listed| listed.of == *of);
        if listed.as_ref().is_some_and(|listed| listed.is_all) {
            return Ok(());
        }
        if listed.as_ref().is_some_and(|listed| listed.changes.len() >= MOST) {
            self.tell(format!("{MOST} changes are listed, and no more"));
            return Ok(());
        }
        let mut changes = listed.map(|listed| listed.changes.clone()).unwrap_or_default();
        let oldest = changes.last().map(|oldest| oldest.change.number - self.first);
        let from = oldest.unwrap_or_else(|| self.timeline.messages() + 1);
        let part = PartOfState { name: (state, of.1.clone()), field: Vec::new() };
        let mut found = self.timeline.changes_before(from, &part, AT_ONCE)?;
        let is_all = found.len() < AT_ONCE;
        found.reverse();
        let numbers: Vec<u64> = found.iter().map(|change| change.number).collect();
        let traces = self.timeline.traces_of(&numbers)?;
        debug_assert_eq!(traces.len(), found.len(), "each message of the recording can be traced");
        let shown = found.into_iter().zip(traces).rev().map(|(change, trace)| {
            let number = self.first + change.number;
            ChangeShown { change: Change { number, ..change }, trace }
        });
        changes.extend(shown);
        let listed = Arc::new(ChangesShown { of: of.clone(), changes, is_all });
        self.shared.put(|found| found.changes = Some(listed));
        Ok(())
    }
}
