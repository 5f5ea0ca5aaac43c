//! Partitions that a checkpoint saved, as bytes: many in one row.
//!
//! Each row is read by itself, so that a base goes on by some rows at a time. FORMAT.md has the layout. Nothing here
//! knows files.

use std::sync::Arc;

use super::names::{NamesRead, NamesWritten};
use super::packed::{blob, integer, take_blob, take_integer};
use crate::core::partitions::saved::SavedPartition;
use crate::core::replay::recording::SavedState;

/// How many bytes a row has before the next one begins. A partition is whole in its row, however long it is.
const LONG: usize = 256 * 1024;

const DYNAMIC: u64 = 1;
const POISONED: u64 = 2;

/// Gives the bytes of each row to `put`, in order. Returns how many rows they are.
pub(super) fn write<'a, E>(
    saved: impl IntoIterator<Item = &'a SavedState>,
    mut put: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<u64, E> {
    let (mut row, mut names, mut rows) = (Vec::new(), NamesWritten::default(), 0);
    let all = saved
        .into_iter()
        .flat_map(|(state, partitions)| partitions.iter().map(move |partition| (state, partition)));
    for (state, partition) in all {
        let SavedPartition { place, key, dynamic, messages, poisoned, value } = partition;
        let more = key.as_bytes().len() + value.len();
        if !row.is_empty() && row.len() + more > LONG {
            put(&row)?;
            rows += 1;
            (row, names) = (Vec::new(), NamesWritten::default());
        }
        names.append(state, &mut row);
        blob(key.as_bytes(), &mut row);
        integer(u64::from(*place), &mut row);
        integer(u64::from(*dynamic) * DYNAMIC + u64::from(*poisoned) * POISONED, &mut row);
        integer(*messages, &mut row);
        blob(value, &mut row);
    }
    if !row.is_empty() {
        put(&row)?;
        rows += 1;
    }
    Ok(rows)
}

/// The partitions of a row, in order. `None` if the bytes are no row.
pub(super) fn read(mut rest: &[u8]) -> Option<Vec<(Arc<str>, SavedPartition)>> {
    let (mut all, mut names) = (Vec::new(), NamesRead::default());
    while !rest.is_empty() {
        all.push((names.take(&mut rest)?, take_partition(&mut rest)?));
    }
    Some(all)
}

fn take_partition(rest: &mut &[u8]) -> Option<SavedPartition> {
    let key = take_blob(rest)?.into();
    let place = u32::try_from(take_integer(rest)?).ok()?;
    let marks = take_integer(rest)?;
    let messages = take_integer(rest)?;
    let value = take_blob(rest)?.to_vec();
    let (dynamic, poisoned) = (marks & DYNAMIC != 0, marks & POISONED != 0);
    (marks <= DYNAMIC + POISONED).then_some(SavedPartition {
        place,
        key,
        dynamic,
        messages,
        poisoned,
        value,
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;
    use crate::resilience::history::tests::model::saved_states;

    fn written(saved: &[SavedState]) -> Vec<Vec<u8>> {
        let mut rows = Vec::new();
        let put = |row: &[u8]| {
            rows.push(row.to_vec());
            Ok::<_, Infallible>(())
        };
        assert_eq!(write(saved, put).unwrap(), rows.len() as u64);
        rows
    }

    proptest! {
        #[test]
        fn partitions_come_back_as_they_were_written(saved in saved_states()) {
            let found = written(&saved).iter().flat_map(|row| read(row).unwrap()).collect::<Vec<_>>();
            let expected = saved.into_iter().flat_map(|(state, partitions)| {
                partitions.into_iter().map(move |partition| (Arc::clone(&state), partition))
            });
            prop_assert_eq!(found, expected.collect::<Vec<_>>());
        }

        #[test]
        fn no_bytes_make_reading_panic(bytes: Vec<u8>) {
            let _ = read(&bytes);
        }
    }

    #[test]
    fn a_row_has_many_partitions_and_a_long_one_has_a_row_of_its_own() {
        let partition = |length| SavedPartition {
            place: 0,
            key: 'a'.into(),
            dynamic: true,
            messages: 1,
            poisoned: false,
            value: vec![7; length],
        };
        let rows = |lengths: &[usize]| {
            let partitions = lengths.iter().map(|length| partition(*length)).collect();
            written(&[(Arc::from("votes"), partitions)]).len()
        };
        assert_eq!(rows(&[100; 1000]), 1);
        assert_eq!(rows(&[100, 2 * LONG, 100]), 3);
        assert_eq!(rows(&[]), 0);
    }
}
