//! A message was taken back: partitions become what they would be without it.

use std::sync::Arc;

use super::Machine;
use crate::core::partitions::placement::Placement;
use crate::core::partitions::saved::{MAX_STATE, SavedPartition};
use crate::core::replay::crew::{Worker, workers_of};
use crate::core::replay::error::ReplayError;
use crate::core::replay::named::{Named, named, put, states_of};
use crate::core::replay::recording::{Base, PartitionName, SavedState};

impl Machine {
    /// Puts partitions in place of those that have the same names, or takes those away that are gone. They count as changed.
    pub(super) fn put_back(&mut self, states: &[SavedState]) -> Result<(), ReplayError> {
        if states.is_empty() {
            return Ok(());
        }
        let mut all: Named = named(&self.partitions()?).collect();
        put(&mut all, states, |_, _| {});
        let base = Base { partitions: states_of(all), ..Base::default() };
        self.workers.all = workers_of(&self.topology, self.crew, &base)?;
        self.put_back = states.to_vec();
        Ok(())
    }

    /// The partitions that have changed since this was asked last, sorted by state and key.
    pub fn changed(&mut self) -> Vec<SavedState> {
        let changed = Worker::changed(&self.workers.all);
        let put_back = std::mem::take(&mut self.put_back);
        if put_back.is_empty() {
            return changed;
        }
        states_of(named(put_back.iter().chain(&changed)).collect())
    }

    /// A partition as a checkpoint would hold it. `None` if there is none.
    ///
    /// # Errors
    ///
    /// Its state cannot be saved.
    pub(in crate::core::replay) fn partition(
        &self,
        (state, key): &PartitionName,
    ) -> Result<Option<SavedPartition>, ReplayError> {
        let owner = self.workers.all.get(Placement::new(self.crew.workers).worker(key).0);
        let mut tables = owner.iter().flat_map(|owner| &owner.tables);
        let table = tables.find(|(name, _)| name == state);
        let copy = table.and_then(|(_, table)| table.borrow().copy(key, MAX_STATE));
        copy.transpose().map_err(|reason| {
            let (state, key) = (Arc::clone(state).to_string(), key.clone());
            ReplayError::NotSaved { state, key, reason }
        })
    }
}
