//! What must stay true of digests.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::application::Key;
use crate::core::frames::dead_letter::{Cause, DeadLetter};
use crate::core::numbers::{Epoch, SequenceNumber, Timestamp};
use crate::core::partitions::saved::SavedPartition;

/// What happens in an epoch: partitions that are saved, as state, key, value and number of messages; outputs as
/// sink and byte; dead letters as their byte.
#[derive(Debug, Clone, Default)]
struct Happens {
    saved: Vec<(u8, u8, u8, u64)>,
    outputs: Vec<(u8, u8)>,
    dead_letters: Vec<u8>,
}

fn happens() -> impl Strategy<Value = Happens> {
    let saved = vec((0..3_u8, 0..4_u8, 0..3_u8, 0..3_u64), 0..6);
    let outputs = vec((0..2_u8, any::<u8>()), 0..4);
    (saved, outputs, vec(any::<u8>(), 0..3)).prop_map(|(saved, outputs, dead_letters)| Happens {
        saved,
        outputs,
        dead_letters,
    })
}

fn key(key: u8) -> Key {
    Key::from([0xfe + key % 2, key])
}

fn letter(byte: u8) -> DeadLetter {
    DeadLetter {
        pipeline: "votes".into(),
        step: "add".into(),
        cause: Cause::Refused,
        reason: "too many".to_owned(),
        bytes: vec![byte].into(),
        header: vec![0, 1].into(),
        end: vec![].into(),
        source: "tcp".into(),
        sequence: SequenceNumber(1),
        offset: 0,
        key: None,
        at: Timestamp(byte.into()),
    }
}

fn header() -> Header {
    let options = BTreeMap::from([("encoding".to_owned(), "text".to_owned())]);
    Header { application: "alpha\u{202e}bet".to_owned(), options }
}

fn digest(epochs: &[Happens]) -> Vec<u8> {
    let mut writer = DigestWriter::new(header(), Vec::new()).unwrap();
    for (epoch, happens) in (0..).zip(epochs) {
        writer.entered("votes", b"a");
        for (state, at, value, messages) in &happens.saved {
            let saved = SavedPartition {
                place: 0,
                key: key(*at),
                dynamic: true,
                messages: *messages,
                poisoned: *value == 2,
                value: vec![*value],
            };
            writer.partition(&format!("state {state}"), &saved);
        }
        for (sink, byte) in &happens.outputs {
            writer.output(&format!("sink {sink}"), &[*byte]);
        }
        happens.dead_letters.iter().for_each(|byte| writer.dead_letter(&letter(*byte)));
        writer.end_epoch(Epoch(epoch)).unwrap();
    }
    writer.finish().unwrap()
}

fn compared(first: &[u8], second: &[u8]) -> Comparison {
    compare(DigestReader::new(first).unwrap(), DigestReader::new(second).unwrap()).unwrap()
}

/// All partitions at the end of each epoch.
fn partitions(epochs: &[Happens]) -> Vec<BTreeMap<(u8, Key), (u8, u64)>> {
    let mut all = BTreeMap::new();
    let mut after = |happens: &Happens| {
        let saved = happens.saved.iter();
        all.extend(
            saved.map(|(state, at, value, messages)| ((*state, key(*at)), (*value, *messages))),
        );
        all.clone()
    };
    epochs.iter().map(&mut after).collect()
}

fn sorted<T: Ord + Clone>(list: &[T]) -> Vec<T> {
    let mut list = list.to_vec();
    list.sort();
    list
}

/// The first difference, looked for in everything.
fn expected(first: &[Happens], second: &[Happens]) -> Option<(u64, String)> {
    let states = partitions(first).into_iter().zip(partitions(second));
    for (epoch, (states, (one, other))) in (0..).zip(states.zip(first.iter().zip(second))) {
        let names: BTreeSet<_> = states.0.keys().chain(states.1.keys()).collect();
        for name in names {
            if states.0.get(name) != states.1.get(name) {
                return Some((epoch, format!("partition {} of state {}", name.1, name.0)));
            }
        }
        for sink in 0..2 {
            let of_sink = |happens: &Happens| {
                let outputs = happens.outputs.iter().filter(|(of, _)| *of == sink);
                sorted(&outputs.copied().collect::<Vec<_>>())
            };
            if of_sink(one) != of_sink(other) {
                return Some((epoch, format!("outputs of sink {sink}")));
            }
        }
        if sorted(&one.dead_letters) != sorted(&other.dead_letters) {
            return Some((epoch, "dead letters".to_owned()));
        }
    }
    None
}

proptest! {
    #[test]
    fn the_first_difference_is_that_of_all_that_happened(
        epochs in vec((happens(), prop::option::weighted(0.3, happens())), 0..6),
    ) {
        let first: Vec<_> = epochs.iter().map(|(one, _)| one.clone()).collect();
        let second: Vec<_> =
            epochs.iter().map(|(one, other)| other.clone().unwrap_or(one.clone())).collect();
        let found = match compared(&digest(&first), &digest(&second)) {
            Comparison::Equal { .. } => None,
            Comparison::Different(difference) => {
                let text = difference.to_string();
                let what = text.split_once(": ").unwrap().1.split(": ").next().unwrap().to_owned();
                Some((difference.epoch.0, what))
            }
            Comparison::NotComparable { why } => Some((0, why)),
        };
        prop_assert_eq!(found, expected(&first, &second));
    }

    #[test]
    fn outputs_and_dead_letters_may_come_in_any_order(happens in happens(), turn in 0..4_usize) {
        let mut other = happens.clone();
        let (outputs, dead_letters) = (other.outputs.len(), other.dead_letters.len());
        other.outputs.rotate_left(turn.min(outputs));
        other.dead_letters.rotate_left(turn.min(dead_letters));
        prop_assert_eq!(digest(&[happens]), digest(&[other]));
    }

    #[test]
    fn a_digest_that_is_cut_or_changed_anywhere_is_an_error(
        epochs in vec(happens(), 0..4),
        at: prop::sample::Index,
        change in 1..=u8::MAX,
        is_cut: bool,
    ) {
        let mut bytes = digest(&epochs);
        let at = at.index(bytes.len());
        if is_cut { bytes.truncate(at) } else { bytes[at] ^= change }
        let read = DigestReader::new(&*bytes).and_then(|mut reader| {
            while reader.next_epoch()?.is_some() {}
            Ok(reader.header().clone())
        });
        // What stands in the last line besides its numbers may be changed to what means the same.
        if let Ok(read) = read {
            prop_assert_eq!(read, header());
            prop_assert!(!is_cut);
            let equal = Comparison::Equal { epochs: epochs.len() as u64 };
            prop_assert_eq!(compared(&bytes, &digest(&epochs)), equal);
        }
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes: Vec<u8>) {
        let _ = DigestReader::new(&*bytes).map(|mut reader| reader.next_epoch().is_ok());
    }
}

#[test]
fn what_was_saved_as_it_was_is_not_in_the_digest() {
    let saved = Happens { saved: vec![(0, 0, 1, 1)], ..Happens::default() };
    let bytes = digest(&[saved.clone(), saved]);
    let mut reader = DigestReader::new(&*bytes).unwrap();
    let counts = [(); 2].map(|()| reader.next_epoch().unwrap().unwrap().partitions.len());
    assert_eq!(counts, [1, 0]);
    assert!(reader.next_epoch().unwrap().is_none());
}

#[test]
fn digests_of_different_things_are_not_compared() {
    let why = |first: &[u8], second: &[u8]| match compared(first, second) {
        Comparison::NotComparable { why } => why,
        other => panic!("{other:?}"),
    };
    let of = |application: &str, options: &[(&str, &str)]| {
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let header = Header { application: application.to_owned(), options: options.collect() };
        DigestWriter::new(header, Vec::new()).unwrap()
    };
    let finished = |writer: DigestWriter<Vec<u8>>| writer.finish().unwrap();
    assert_eq!(
        why(&finished(of("a", &[])), &finished(of("b", &[]))),
        "the first is of the application `a`, the second of `b`"
    );
    assert_eq!(
        why(&finished(of("a", &[("x", "1"), ("y", "2")])), &finished(of("a", &[("x", "1")]))),
        "the option `y` is `2` in the first, not set in the second"
    );
    let mut entered = of("a", &[]);
    entered.entered("votes", b"a");
    entered.end_epoch(Epoch(7)).unwrap();
    let entered = finished(entered);
    assert!(why(&finished(of("a", &[])), &entered).contains("the first ends before epoch 7"));
    let mut other = of("a", &[]);
    other.entered("votes", b"b");
    other.end_epoch(Epoch(7)).unwrap();
    assert!(why(&entered, &finished(other)).contains("what entered in epoch 7 of the first"));
}

#[test]
fn what_is_no_digest_is_told() {
    let error = |bytes: &[u8]| DigestReader::new(bytes).err().unwrap().to_string();
    for bytes in [&b""[..], b"\n", b"{}\n", b"[1]\n", b"\xff\xfe", b"{\"version\":1}\n"] {
        assert!(error(bytes).starts_with("it is no digest"), "{bytes:?}");
    }
    let newer = br#"{"format":"wallaroo digest","version":2,"more":[]}"#;
    assert!(error(&[newer, &b"\n"[..]].concat()).starts_with("it has version 2"));
}
