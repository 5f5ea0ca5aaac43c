//! Compares what a replay makes of a chapter with what its checkpoint saved.

use std::cmp::Ordering;

use super::error::ReplayError;
use super::recording::SavedState;
use crate::core::numbers::Epoch;
use crate::core::partitions::saved::SavedPartition;

/// Compares partitions that have changed in a replay with those that a checkpoint saved. Both are sorted. Their places in
/// the tables of workers do not count.
///
/// # Errors
///
/// The first partition that differs.
pub(super) fn compare(
    epoch: Epoch,
    replayed: &[SavedState],
    saved: &[SavedState],
) -> Result<(), ReplayError> {
    let (mut replayed, mut saved) = (flat(replayed).peekable(), flat(saved).peekable());
    loop {
        let order = match (replayed.peek(), saved.peek()) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => name(*one).cmp(&name(*other)),
        };
        let (one, other) = (
            replayed.next_if(|_| order != Ordering::Greater),
            saved.next_if(|_| order != Ordering::Less),
        );
        let (differs, what) = match (one, other) {
            (Some(one), Some(other)) if is_same(one.1, other.1) => continue,
            (Some(one), Some(_)) => (one, "is another one in the replay"),
            (Some(one), None) => {
                (one, "has changed in the replay and had not when it was recorded")
            }
            (None, Some(other)) => {
                (other, "had changed when it was recorded and has not in the replay")
            }
            (None, None) => unreachable!("one of them is taken"),
        };
        let (state, key) = (differs.0.to_owned(), differs.1.key.clone());
        return Err(ReplayError::Differs { epoch, state, key, what });
    }
}

fn flat(states: &[SavedState]) -> impl Iterator<Item = (&str, &SavedPartition)> {
    states.iter().flat_map(|(state, partitions)| partitions.iter().map(move |one| (&**state, one)))
}

fn name<'a>((state, partition): (&'a str, &'a SavedPartition)) -> (&'a str, &'a [u8]) {
    (state, partition.key.as_bytes())
}

/// Whether a checkpoint would hold the same, but for the place in a worker's table.
pub(super) fn is_same(one: &SavedPartition, other: &SavedPartition) -> bool {
    let SavedPartition { place: _, key, dynamic, messages, poisoned, value } = one;
    (key, dynamic, messages, poisoned, value)
        == (&other.key, &other.dynamic, &other.messages, &other.poisoned, &other.value)
}
