use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::*;
use crate::application::{Out, Reason, Sink, Source};
use crate::core::frames::dead_letter::Cause;
use crate::core::partitions::saved::encode;
use crate::core::topology::Application;

/// A letter and its votes, as in `alphabet`.
#[derive(Serialize, Deserialize)]
struct Vote {
    letter: char,
    votes: u32,
}

#[derive(Serialize, Deserialize)]
struct Total {
    votes: u64,
}

fn decode(payload: &[u8]) -> Result<Option<Vote>, Reason> {
    match payload {
        [letter @ b'a'..=b'z', votes @ ..] if votes.len() == 4 => {
            let votes = votes.iter().fold(0, |votes, byte| votes << 8 | u32::from(*byte));
            Ok(Some(Vote { letter: char::from(*letter), votes }))
        }
        [b'!', ..] => Ok(None),
        _ => Err(format!("{} bytes, and a vote is 5", payload.len()).into()),
    }
}

fn add(vote: Vote, total: &mut Total) -> (Option<u64>, bool) {
    assert!(vote.votes != 13, "13 is no number");
    total.votes += u64::from(vote.votes);
    (Some(total.votes), true)
}

fn votes() -> Topology {
    Application::new("votes")
        .pipeline("votes", Source::new(decode))
        .to_state_partition(
            add,
            |key: &Key| {
                assert!(key.to_string() != "x", "x has no total");
                Total { votes: 0 }
            },
            "totals",
            |vote: &Vote| vote.letter.to_string(),
        )
        .to_sink(Sink::new(|total: &u64, out: &mut Out<'_>| out.decimal(*total)))
        .build()
        .unwrap()
}

fn frame(letter: u8, votes: u8) -> Vec<u8> {
    vec![0, 0, 0, 5, letter, 0, 0, 0, votes]
}

fn name(key: &str) -> StateKey {
    ("totals".into(), Key::from(key))
}

fn total(key: &str, votes: u64, poisoned: bool) -> (StateKey, Copied) {
    let value = encode(&Total { votes }).unwrap();
    let (key, messages) = (Key::from(key), 1);
    let saved =
        SavedPartition { place: 7, key: key.clone(), dynamic: true, messages, poisoned, value };
    (("totals".into(), key), Copied::Saved(saved))
}

fn look(topology: &Topology, copies: &Copies, bytes: &[u8]) -> Foresight {
    let workers = NonZeroUsize::new(4).unwrap();
    let around = Surroundings { topology, workers, frame_limit: 1024, copies };
    foresee(around, PipelineIndex(0), bytes)
}

#[test]
fn a_message_is_run_on_the_copy_and_the_copies_that_are_missing_are_named() {
    let topology = votes();
    let first = look(&topology, &Copies::new(), &frame(b'a', 10));
    assert_eq!(first.missing, [name("a")]);
    let copies = Copies::from([total("a", 347_001, false)]);
    let foresight = look(&topology, &copies, &frame(b'a', 10));
    let [change] = &foresight.changes[..] else { panic!("one change") };
    assert_eq!((&*change.before, &*change.after), (r#"{"votes":347001}"#, r#"{"votes":347011}"#));
    assert!(!change.created && change.more == 0);
    let owner = Placement::new(4.try_into().unwrap()).worker(&Key::from("a"));
    assert_eq!(change.owner, owner);
    assert_eq!(foresight.message.as_deref(), Some(r#"{"letter":"a","votes":10}"#));
    assert_eq!((foresight.output.as_deref(), foresight.outputs), (Some(&b"347011"[..]), 1));
    assert!(foresight.missing.is_empty() && foresight.failure.is_none() && !foresight.cut);
    // The copy is as it was: looking again gives the same.
    assert_eq!(look(&topology, &copies, &frame(b'a', 10)).changes, foresight.changes);
}

#[test]
fn a_partition_that_is_known_to_be_new_is_not_missing() {
    let copies = Copies::from([(name("q"), Copied::New)]);
    let foresight = look(&votes(), &copies, &frame(b'q', 10));
    assert!(foresight.missing.is_empty() && foresight.changes[0].created);
    assert_eq!(foresight.changes[0].after, r#"{"votes":10}"#);
}

#[test]
fn what_would_be_refused_is_said_with_its_step_and_reason() {
    let failure = |bytes: &[u8], copies: &Copies| {
        let foresight = look(&votes(), copies, bytes);
        let letter = foresight.failure.unwrap();
        assert_eq!(foresight.failures, 1);
        (letter.step.to_string(), letter.cause, letter.reason)
    };
    let none = Copies::new();
    let (step, cause, reason) = failure(b"\0\0\0\x02hi", &none);
    assert_eq!((&*step, cause, &*reason), ("decode", Cause::Refused, "2 bytes, and a vote is 5"));
    let (step, cause, _) = failure(b"\0\0\0\x05a", &none);
    assert_eq!((&*step, cause), ("framing", Cause::Framing));
    let (_, cause, reason) = failure(&frame(b'a', 13), &none);
    assert_eq!((cause, &*reason), (Cause::Panicked, "panicked: 13 is no number"));
    let (_, cause, _) = failure(&frame(b'a', 1), &Copies::from([total("a", 1, true)]));
    assert_eq!(cause, Cause::Poisoned);
}

#[test]
fn a_builder_that_panics_leaves_its_partition_to_be_asked_for() {
    let foresight = look(&votes(), &Copies::new(), &frame(b'x', 1));
    assert_eq!(foresight.failure.unwrap().reason, "panicked: x has no total");
    assert_eq!(foresight.missing, [name("x")]);
    let copies = Copies::from([total("x", 5, false)]);
    let foresight = look(&votes(), &copies, &frame(b'x', 1));
    assert_eq!(foresight.changes[0].after, r#"{"votes":6}"#);
}

#[test]
fn a_state_that_cannot_be_copied_is_not_taken_for_a_new_one_without_a_word() {
    let copies = Copies::from([(name("a"), Copied::Failed("it is too long".to_owned()))]);
    let foresight = look(&votes(), &copies, &frame(b'a', 1));
    assert_eq!(foresight.unknown.as_deref(), Some("it is too long"));
}

#[test]
fn a_message_that_is_dropped_on_purpose_says_so() {
    assert!(look(&votes(), &Copies::new(), b"\0\0\0\x01!").filtered);
}

#[test]
fn a_frame_that_becomes_many_messages_shows_the_first_and_counts_the_others() {
    let split = |text: String| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let count = |word: String, count: &mut u64| {
        *count += 1;
        (Some(word), true)
    };
    let text = |payload: &[u8]| Ok::<_, Reason>(Some(std::str::from_utf8(payload)?.to_owned()));
    let topology = Application::new("words")
        .pipeline("lines", Source::new(text))
        .to(split)
        .to_state_partition(count, |_: &Key| 0, "counts", String::clone)
        .to(|word: String| Some(word.len()))
        .to_state_partition(
            |length: usize, sum: &mut usize| {
                *sum += length;
                (Some(*sum), true)
            },
            |_: &Key| 0,
            "lengths",
            |_: &usize| "all",
        )
        .done()
        .build()
        .unwrap();
    let foresight = look(&topology, &Copies::new(), b"\0\0\0\x13the cat and the hat");
    let states: Vec<_> = foresight.changes.iter().map(|change| &*change.state).collect();
    assert_eq!(states, ["counts", "lengths"]);
    let first = &foresight.changes[0];
    assert_eq!((first.key.to_string(), first.more), ("the".to_owned(), 4));
    assert_eq!((&*foresight.changes[1].before, &*foresight.changes[1].after), ("0", "3"));
    assert_eq!(foresight.missing.len(), 5);

    let long = "a ".repeat(30_000);
    let bytes = [&60_000_u32.to_be_bytes()[..], long.as_bytes()].concat();
    let copies = Copies::new();
    let workers = NonZeroUsize::MIN;
    let around =
        Surroundings { topology: &topology, workers, frame_limit: 1 << 20, copies: &copies };
    let foresight = foresee(around, PipelineIndex(0), &bytes);
    assert!(foresight.cut && foresight.changes[0].created);
}

#[test]
fn fields_are_found_by_what_changes_with_their_bytes() {
    let named = |bytes: &[u8]| {
        let topology = votes();
        let fields = fields_of(&topology.pipelines()[0].source, bytes);
        fields.into_iter().map(|field| (field.name, field.bytes)).collect::<Vec<_>>()
    };
    let fields = |all: &[(&str, Range<usize>)]| -> Vec<(String, Range<usize>)> {
        all.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.clone())).collect()
    };
    assert_eq!(
        named(&frame(b'a', 10)),
        fields(&[("length", 0..4), ("letter", 4..5), ("votes", 5..9)])
    );
    assert_eq!(named(b"\0\0\0\x02hi"), fields(&[("length", 0..4), ("", 4..6)]));
    assert_eq!(named(b"\0\0"), fields(&[("length", 0..2)]));
}

#[test]
fn a_payload_that_is_too_long_to_be_tried_is_one_field_without_a_name() {
    let topology = votes();
    let frame = [&1_000_000_u32.to_be_bytes()[..], &vec![b'a'; 1_000_000]].concat();
    let fields = fields_of(&topology.pipelines()[0].source, &frame);
    let fields: Vec<_> = fields.into_iter().map(|field| (field.name, field.bytes)).collect();
    assert_eq!(fields, [("length".to_owned(), 0..4), (String::new(), 4..1_000_004)]);
}

#[test]
fn a_last_line_takes_a_place_with_an_end() {
    let read = |payload: &[u8]| Ok::<_, Reason>(payload.first().copied());
    let sink = Sink::new(|_: &u8, _: &mut Out<'_>| {});
    let topology = Application::new("lines")
        .pipeline("lines", Source::new(read).lines())
        .to_sink(sink)
        .build()
        .unwrap();
    let frame = |bytes: &[u8]| one_frame(&topology.pipelines()[0], 8, bytes);
    for bytes in [&b"ab"[..], b"ab\n"] {
        let pieces = frame(bytes).unwrap();
        assert_eq!((&pieces.bytes()[..], pieces.len()), (&b"ab\n"[..], 1));
    }
    assert!(frame(b"ab\ncd").is_err() && frame(b"").is_err() && frame(b"abcdefghi").is_err());
}
