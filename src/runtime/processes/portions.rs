//! Partitions are said in portions, because no frame is longer than 16 MiB.

use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::messages::RestoredTogether;
use crate::cluster::loans::{News, Notice};
use crate::core::partitions::query::PartitionRow;
use crate::core::partitions::row::whole::Whole;
use crate::core::partitions::saved::{SavedPartition, Unsaved};
use crate::core::replay::recording::WorkerLog;
use crate::resilience::SavedState;
use crate::runtime::parts::Restored;
use crate::runtime::workers::query::Changed;

/// The most bytes of states and keys in a portion, unless one partition alone has more.
const PORTION: usize = 1024 * 1024;

/// The most bytes of a key or of a reason in a notice.
const LONG: usize = 4 * 1024 * 1024;

/// About how many bytes a notice takes beside its texts.
const NOTICE: usize = 256;

/// About how many bytes a row takes beside its key and its state.
const ROW: usize = 128;

/// A part of what a worker saves, and whether it is the last one.
pub(super) type Part = (Vec<SavedState>, Vec<(Arc<str>, Unsaved)>, bool);

fn length(partition: &SavedPartition) -> usize {
    partition.value.len() + partition.key.as_bytes().len()
}

/// Partitions to begin with: in a portion those of one state and file, in their order.
pub(super) fn together(batch: Vec<Restored>) -> Vec<RestoredTogether> {
    let mut all: Vec<RestoredTogether> = Vec::new();
    let mut bytes = 0;
    for Restored { state, partition, path } in batch {
        let length = length(&partition);
        bytes += length;
        let fits = |last: &&mut RestoredTogether| {
            last.state == state && last.path == path && bytes <= PORTION
        };
        if let Some(last) = all.last_mut().filter(fits) {
            last.partitions.push(partition);
        } else {
            bytes = length;
            all.push(RestoredTogether { state, path, partitions: vec![partition] });
        }
    }
    all
}

/// The schedule of a worker that takes no frames, in portions. There is one at least.
pub(super) fn schedule(log: WorkerLog) -> Vec<Bytes> {
    debug_assert!(log.entered.is_empty(), "frames enter at process 0");
    let mut rest = Bytes::from(log.schedule);
    let mut portions = Vec::new();
    while rest.len() > PORTION {
        portions.push(rest.split_to(PORTION));
    }
    portions.push(rest);
    portions
}

/// What a worker saves, in portions. There is one at least.
pub(super) fn changes(changed: Changed) -> Vec<Part> {
    let Changed { saved, unsaved, log } = changed;
    debug_assert!(log.is_none(), "it has been told before");
    let (mut all, mut portion, mut bytes) = (Vec::new(), Vec::<SavedState>::new(), 0);
    for (state, partitions) in saved {
        let mut of_state = Vec::new();
        for partition in partitions {
            let length = length(&partition);
            if bytes + length > PORTION && bytes > 0 {
                portion.push((Arc::clone(&state), mem::take(&mut of_state)));
                all.push((mem::take(&mut portion), Vec::new(), false));
                bytes = 0;
            }
            bytes += length;
            of_state.push(partition);
        }
        portion.push((state, of_state));
    }
    let mut reasons = Vec::new();
    for (state, one) in unsaved {
        let length = one.key.as_bytes().len() + one.reason.len();
        if bytes + length > PORTION && bytes > 0 {
            all.push((mem::take(&mut portion), mem::take(&mut reasons), false));
            bytes = 0;
        }
        bytes += length;
        reasons.push((state, one));
    }
    all.push((portion, reasons, true));
    all
}

/// Notices in portions.
pub(super) fn notices_together(mut notices: Vec<Notice>) -> Vec<Vec<Notice>> {
    for notice in &mut notices {
        shorten(&mut notice.news);
    }
    in_portions(notices, |notice| news_length(&notice.news))
}

/// Rows in portions.
pub(super) fn rows_together(rows: Vec<PartitionRow>) -> Vec<Vec<Whole>> {
    let length = |Whole(row): &Whole| {
        ROW + row.state.len() + row.key.as_bytes().len() + shown_length(&row.value)
    };
    in_portions(rows.into_iter().map(Whole), length)
}

/// These in their order, in portions of which none is empty.
fn in_portions<T>(all: impl IntoIterator<Item = T>, length: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let (mut portions, mut portion, mut bytes) = (Vec::new(), Vec::new(), 0);
    for one in all {
        let length = length(&one);
        if bytes + length > PORTION && !portion.is_empty() {
            portions.push(mem::take(&mut portion));
            bytes = 0;
        }
        bytes += length;
        portion.push(one);
    }
    if !portion.is_empty() {
        portions.push(portion);
    }
    portions
}

/// About how many bytes a notice takes, and not fewer.
fn news_length(news: &News) -> usize {
    NOTICE
        + match news {
            // The texts of a hop are bounded as those of its trace are.
            News::Hop { hop, .. } => hop.event.byte_length(),
            News::DeadLetter { failure, .. } => {
                failure.reason.len() + failure.key.as_ref().map_or(0, |key| key.as_bytes().len())
            }
            News::TraceBegins { pipeline, .. } => pipeline.len(),
            News::Charged(_)
            | News::Writing(_)
            | News::LeftOut { .. }
            | News::Worked
            | News::Returned => 0,
        }
}

/// Shortens what one dead letter says if it alone is too long. The bytes of its frame are at home, and are kept whole.
fn shorten(news: &mut News) {
    let News::DeadLetter { failure, .. } = news else { return };
    if let Some(key) = failure.key.take_if(|key| key.as_bytes().len() > LONG) {
        let length = key.as_bytes().len();
        failure.reason = format!("{} (the key of {length} bytes is left out)", failure.reason);
    }
    if failure.reason.len() > LONG {
        let end = failure.reason.floor_char_boundary(LONG);
        failure.reason.truncate(end);
    }
}

/// About how many bytes a value takes, and not fewer.
fn shown_length(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 16,
        Value::String(text) => 8 + text.len(),
        Value::Array(all) => 8 + all.iter().map(shown_length).sum::<usize>(),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| 8 + name.len() + shown_length(value);
            8 + fields.iter().map(field).sum::<usize>()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;
    use crate::application::Key;
    use crate::cluster::loans::LoanNumber;
    use crate::cluster::side::{MAX_FRAME, encode};
    use crate::core::frames::dead_letter::{Cause, Failure};
    use crate::core::numbers::{Timestamp, WorkerIndex};

    /// A portion of several is not longer than it may be, and each fits a frame.
    fn fits<T: Serialize>(portion: &[T]) -> bool {
        let length = encode(&portion).unwrap().len();
        !portion.is_empty() && length <= if portion.len() > 1 { 2 * PORTION } else { MAX_FRAME }
    }

    fn row(key: usize, value: Value) -> PartitionRow {
        PartitionRow {
            state: "s".to_owned(),
            key: Key::from("k".repeat(key)),
            worker: WorkerIndex(3),
            dynamic: true,
            messages: 1,
            created: None,
            to_save: false,
            poisoned: false,
            value,
        }
    }

    fn dead_letter(key: usize, reason: usize) -> Notice {
        let failure = Failure {
            pipeline: "p".into(),
            step: "s".into(),
            cause: Cause::Refused,
            reason: "\u{e4}".repeat(reason),
            key: Some(Key::from("k".repeat(key))),
            at: Timestamp(0),
        };
        Notice { loan: LoanNumber::default(), news: News::DeadLetter { frame: 0, failure } }
    }

    #[test]
    fn what_one_dead_letter_says_is_shortened_only_if_it_alone_is_too_long() {
        let long = 16 * 1024 * 1024;
        let notices = vec![dead_letter(1, 1), dead_letter(long, 1), dead_letter(1, long)];
        let portions = notices_together(notices.clone());
        assert!(portions.iter().all(|portion| fits(portion)));
        let told: Vec<Notice> = portions.into_iter().flatten().collect();
        assert_eq!(told[0], notices[0]);
        let failure = |notice: &Notice| match &notice.news {
            News::DeadLetter { failure, .. } => failure.clone(),
            news => panic!("{news:?}"),
        };
        let without_key = failure(&told[1]);
        assert_eq!(without_key.key, None);
        assert_eq!(without_key.reason, "\u{e4} (the key of 16777216 bytes is left out)");
        let short = failure(&told[2]);
        assert_eq!((short.key, short.reason.len()), (Some(Key::from("k")), LONG));
    }

    fn partition(number: u32, bytes: usize) -> SavedPartition {
        SavedPartition {
            place: number,
            key: Key::from(number.to_string()),
            dynamic: true,
            messages: 1,
            poisoned: false,
            value: vec![7; bytes],
        }
    }

    fn states(lengths: &[Vec<usize>]) -> Vec<SavedState> {
        let states = lengths.iter().enumerate().map(|(state, lengths)| {
            let partitions = (0..).zip(lengths).map(|(number, bytes)| partition(number, *bytes));
            (Arc::from(format!("state {state}")), partitions.collect())
        });
        states.collect()
    }

    fn bytes<'a>(partitions: impl Iterator<Item = &'a SavedPartition>) -> (usize, usize) {
        partitions.fold((0, 0), |(count, bytes), one| (count + 1, bytes + length(one)))
    }

    proptest! {
        #[test]
        fn rows_and_notices_keep_their_order_and_no_portion_is_too_long_for_a_frame(
            lengths in prop::collection::vec((0_usize..2000, 0_usize..PORTION / 2), 0..12),
        ) {
            let rows: Vec<PartitionRow> = lengths.iter().map(|(key, text)| {
                let many = vec![Value::from(0.1); *key];
                row(*key, serde_json::json!({ "text": "t".repeat(*text), "many": many }))
            }).collect();
            let portions = rows_together(rows.clone());
            prop_assert!(portions.iter().all(|portion| fits(portion)));
            let told: Vec<PartitionRow> = portions.into_iter().flatten().map(|Whole(row)| row).collect();
            prop_assert_eq!(told, rows);
            let notices: Vec<Notice> =
                lengths.iter().map(|(key, reason)| dead_letter(*key, *reason)).collect();
            let portions = notices_together(notices.clone());
            prop_assert!(portions.iter().all(|portion| fits(portion)));
            prop_assert_eq!(portions.concat(), notices);
        }

        #[test]
        fn portions_have_all_that_was_saved_in_its_order_and_are_short(
            lengths in prop::collection::vec(prop::collection::vec(0_usize..PORTION, 0..8), 0..4),
            reasons in prop::collection::vec(0_usize..PORTION, 0..4),
        ) {
            let saved = states(&lengths);
            let unsaved: Vec<(Arc<str>, Unsaved)> = reasons.iter().map(|length| {
                let reason = "r".repeat(*length);
                (Arc::from("state 0"), Unsaved { key: Key::from("x"), reason, is_told: true })
            }).collect();
            let all = changes(Changed { saved: saved.clone(), unsaved: unsaved.clone(), log: None });
            let mut flat: Vec<(Arc<str>, SavedPartition)> = Vec::new();
            let mut reasons_told: Vec<(Arc<str>, Unsaved)> = Vec::new();
            for (at, (portion, of_portion, is_all)) in all.iter().enumerate() {
                prop_assert_eq!(*is_all, at + 1 == all.len());
                reasons_told.extend(of_portion.iter().cloned());
                prop_assert!(of_portion.len() <= 1 || fits(of_portion));
                let (count, long) = bytes(portion.iter().flat_map(|(_, of_state)| of_state));
                prop_assert!(count <= 1 || long <= PORTION);
                for (state, partitions) in portion {
                    flat.extend(partitions.iter().map(|one| (Arc::clone(state), one.clone())));
                }
            }
            let expected = saved.iter().flat_map(|(state, all)| all.iter().map(|one| (Arc::clone(state), one.clone())));
            prop_assert_eq!(flat, expected.collect::<Vec<_>>());
            prop_assert_eq!(reasons_told, unsaved);
        }

        #[test]
        fn what_is_restored_together_is_of_one_state_and_file_and_keeps_its_order(
            all in prop::collection::vec((0_u8..2, 0_u8..2, 0_usize..PORTION), 0..12),
        ) {
            let restored = |(number, (state, path, bytes)): (u32, &(u8, u8, usize))| Restored {
                state: state.to_string().into(),
                partition: partition(number, *bytes),
                path: std::path::PathBuf::from(path.to_string()).into(),
            };
            let groups = together((0..).zip(&all).map(restored).collect());
            let mut next = 0;
            for group in groups {
                let (count, long) = bytes(group.partitions.iter());
                prop_assert!(count == 1 || long <= PORTION);
                for partition in group.partitions {
                    prop_assert_eq!(partition.place, next);
                    let (state, path, _) = all[next as usize];
                    prop_assert_eq!(&*group.state, state.to_string());
                    prop_assert_eq!(group.path.to_str(), Some(&*path.to_string()));
                    next += 1;
                }
            }
            prop_assert_eq!(next as usize, all.len());
        }
    }
}
