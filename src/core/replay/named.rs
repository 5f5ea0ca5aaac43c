//! Partitions under their names, and by their states.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::recording::{PartitionName, SavedState};
use crate::core::partitions::saved::SavedPartition;

/// Partitions under their names.
pub(super) type Named = BTreeMap<PartitionName, SavedPartition>;

/// Partitions with their names. Of one that is there twice, the later one counts.
pub(super) fn named<'a>(
    states: impl IntoIterator<Item = &'a SavedState>,
) -> impl Iterator<Item = (PartitionName, SavedPartition)> {
    states.into_iter().flat_map(|(state, partitions)| {
        let name = |one: &SavedPartition| (Arc::clone(state), one.key.clone());
        partitions.iter().map(move |one| (name(one), one.clone()))
    })
}

/// Puts partitions in place of those that have the same names, or takes those away that are gone. Gives each name with what
/// was there before.
pub(super) fn put<'a>(
    partitions: &mut Named,
    changed: impl IntoIterator<Item = &'a SavedState>,
    mut before: impl FnMut(PartitionName, Option<SavedPartition>),
) {
    for (name, partition) in named(changed) {
        let was = if partition.is_gone() {
            partitions.remove(&name)
        } else {
            partitions.insert(name.clone(), partition)
        };
        before(name, was);
    }
}

/// Named partitions by their states, sorted by state and key.
pub(super) fn states_of(partitions: Named) -> Vec<SavedState> {
    let mut states: Vec<SavedState> = Vec::new();
    for ((state, _), partition) in partitions {
        match states.last_mut().filter(|(last, _)| *last == state) {
            Some((_, all)) => all.push(partition),
            None => states.push((state, vec![partition])),
        }
    }
    states
}

/// Partitions that several workers saved, sorted by state and key.
pub fn states_together(workers: &[Vec<SavedState>]) -> Vec<SavedState> {
    states_of(named(workers.iter().flatten()).collect())
}
