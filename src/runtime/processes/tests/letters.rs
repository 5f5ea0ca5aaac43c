//! Dead letters of messages that are elsewhere are made where their frames are.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::ser::Error;
use serde::{Deserialize, Serialize, Serializer};

use super::cluster::{Cluster, settings};
use super::seen::Seen;
use super::{SHAPES, Word, append, empty, frames, key, line, topology, words};
use crate::application::{Key, Out, Reason, Sink, Source};
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::test_driver::TestDriver;
use crate::core::topology::Application;

/// Everything of a letter that does not depend on when and where it was made.
type Letter = (String, String, Vec<u8>, Vec<u8>, u64, Option<Key>);

/// The letters by the number of their frame.
fn letters<'a>(letters: impl IntoIterator<Item = &'a DeadLetter>) -> BTreeMap<u64, Vec<Letter>> {
    let mut by_frame: BTreeMap<u64, Vec<Letter>> = BTreeMap::new();
    for letter in letters {
        let (step, reason) = (letter.step.to_string(), letter.reason.clone());
        let (bytes, header) = (letter.bytes.to_vec(), letter.header.to_vec());
        let found = (step, reason, bytes, header, letter.offset, letter.key.clone());
        by_frame.entry(letter.sequence.0).or_default().push(found);
    }
    by_frame
}

fn of(seen: &[Arc<Seen>]) -> BTreeMap<u64, Vec<Letter>> {
    assert!(seen[1..].iter().all(|seen| seen.letters.lock().is_empty()), "no host makes any");
    letters(seen[0].letters.lock().iter())
}

/// Refuses some messages; panics at the last of a few keys, which poisons their partitions.
fn some((at, text): Word, all: &mut String) -> Result<(Option<Word>, bool), Reason> {
    match text.as_str() {
        "refused" => Err(format!("not at {}", all.len()).into()),
        "poison" => panic!("poisoned by {at}"),
        _ => Ok(append((at, text), all)),
    }
}

fn all_but_sevens((key, text): &Word, out: &mut Out<'_>) -> Result<(), Reason> {
    assert!(key % 16 != 3, "panics at {key}");
    if key % 16 == 7 {
        return Err(format!("no {text}").into());
    }
    line(&(*key, text.clone()), out);
    Ok(())
}

#[test]
fn dead_letters_made_on_a_host_are_complete_where_their_frames_are() {
    let topology = topology(|pipeline| {
        pipeline
            .to_state_partition(some, empty, "first", key)
            .to_state_partition(append, empty, "second", key)
            .to_sink(Sink::new(all_but_sevens))
    });
    let payload = |number: u32| {
        let key = u8::try_from(number % 100).unwrap();
        let text = match number {
            ..300 if number % 5 == 1 => "refused".to_owned(),
            300..400 if key % 10 == 9 => "poison".to_owned(),
            _ => number.to_string(),
        };
        [vec![key], text.into_bytes()].concat()
    };
    let bytes = frames((0..2_000).map(payload));
    let mut driver = TestDriver::new(&topology);
    driver.push("p", &bytes).unwrap();
    driver.run();
    let expected = letters(driver.dead_letters());
    assert!(expected.len() > 300, "{}", expected.len());
    for (processes, workers) in SHAPES {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&topology, workers, folder.path());
        let cluster = Cluster::start(&topology, &settings, processes);
        cluster.inject(0, bytes.clone());
        assert!(of(&cluster.finish()) == expected, "{processes} processes, {workers} workers");
    }
}

/// A number that cannot be sent to another process if it is odd.
#[derive(Clone, Deserialize)]
struct Stays(u8);

impl Serialize for Stays {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 2 == 1 {
            return Err(S::Error::custom("odd"));
        }
        serializer.serialize_newtype_struct("Stays", &self.0)
    }
}

#[test]
fn a_message_that_cannot_be_sent_by_a_host_is_a_dead_letter_at_home() {
    let count = |message: Stays, count: &mut u64| {
        *count += 1;
        (Some(message), true)
    };
    let decode = |payload: &[u8]| Ok::<_, Reason>(payload.first().map(|byte| *byte & !1));
    let odd = |byte: u8, (): &mut ()| (Some(Stays(byte | 1)), true);
    let application = Application::new("x")
        .pipeline("p", Source::new(decode))
        .to_state_partition(odd, |_: &Key| (), "first", |byte: &u8| *byte)
        .to_state_partition(count, |_: &Key| 0, "second", |message: &Stays| message.0)
        .done();
    let topology = Arc::new(application.build().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(&topology, &settings(&topology, 1, folder.path()), 3);
    cluster.inject(0, frames((0..=254).step_by(2).map(|byte| vec![byte])));
    let mut cluster = cluster;
    cluster.drain();
    let rows = cluster.partitions();
    // An odd message that stays in its process needs no bytes.
    let arrived = rows.iter().filter(|row| row.state == "second").count();
    let letters = of(&cluster.finish());
    assert_eq!(letters.len() + arrived, 128, "each message is somewhere, once");
    assert!(letters.len() > 40 && arrived > 20, "{} and {arrived}", letters.len());
    for (number, found) in letters {
        let [(_, reason, bytes, header, ..)] = found.as_slice() else { panic!("one letter") };
        assert_eq!(reason, "cannot be sent to another process: odd");
        let byte = u8::try_from(2 * (number - 1)).unwrap();
        assert_eq!((bytes.as_slice(), header.as_slice()), (&[byte][..], &[0, 0, 0, 1][..]));
    }
}

#[test]
fn a_frame_that_cannot_be_decoded_is_a_dead_letter_as_ever() {
    let refuse = |payload: &[u8]| match payload {
        [255, ..] => Err(Reason::from("no 255")),
        payload => words(payload),
    };
    let application = Application::new("x")
        .pipeline("p", Source::new(refuse))
        .to_state_partition(append, empty, "first", key)
        .to_sink(Sink::new(line));
    let topology = Arc::new(application.build().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(&topology, &settings(&topology, 2, folder.path()), 2);
    cluster.inject(0, frames([vec![1], vec![255, 1], vec![2]]));
    let letters = of(&cluster.finish());
    assert_eq!(letters.keys().collect::<Vec<_>>(), [&2]);
}
