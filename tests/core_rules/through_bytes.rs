//! Messages that go on as bytes, as between processes: what `serde` makes of them counts, and one that it cannot carry is a
//! dead letter.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use wallaroo::core::frames::dead_letter::Cause;
use wallaroo::{Application, Key, Reason, Sink, Source, TestDriver, Topology};

use crate::{dead_letters, run};

/// A payload whose text says what `serde` does to it.
#[derive(Clone)]
struct Word(Vec<u8>);

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            b"not written" => Err(S::Error::custom("on purpose")),
            b"panics when written" => panic!("as it was written"),
            other => other.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Vec::deserialize(deserializer)?.as_slice() {
            b"not read" => Err(D::Error::custom("on purpose")),
            b"panics when read" => panic!("as it was read"),
            other => Ok(Self(other.to_vec())),
        }
    }
}

fn decode(payload: &[u8]) -> Result<Option<Word>, Reason> {
    if payload.is_empty() { Err("no word".into()) } else { Ok(Some(Word(payload.to_vec()))) }
}

fn encode(word: &Word, output: &mut Vec<u8>) {
    output.extend_from_slice(&word.0);
}

/// Counts all words in one partition.
fn by_key() -> Topology {
    let count = |word: Word, count: &mut u64| {
        *count += 1;
        (Some(word), true)
    };
    Application::new("words")
        .pipeline("words", Source::new(decode))
        .to_state_partition(count, |_: &Key| 0, "counts", |_: &Word| 0_u8)
        .to_sink(Sink::new(encode))
        .build()
        .unwrap()
}

fn spread() -> Topology {
    Application::new("words")
        .pipeline("words", Source::new(decode))
        .to_parallel(|word: Word| Some(word))
        .to_sink(Sink::new(encode))
        .build()
        .unwrap()
}

const PAYLOADS: [&[u8]; 7] = [
    b"one",
    b"not written",
    b"two",
    b"panics when written",
    b"not read",
    b"panics when read",
    b"last",
];

#[test]
fn a_message_that_serde_cannot_carry_is_a_dead_letter_and_the_others_go_on() {
    for topology in [by_key(), spread()] {
        let mut driver = TestDriver::through_bytes(&topology);
        run(&mut driver, "words", &PAYLOADS);
        assert_eq!(driver.outputs("words").unwrap(), [&b"one"[..], b"two", b"last"]);
        let letters = dead_letters(&driver);
        let found: Vec<_> = letters.iter().map(|(_, reason, bytes)| (*reason, *bytes)).collect();
        let expected = [
            ("cannot be sent to another process: on purpose", PAYLOADS[1]),
            ("cannot be sent to another process: panicked: as it was written", PAYLOADS[3]),
            ("cannot be read as another process sent it: on purpose", PAYLOADS[4]),
            ("cannot be read as another process sent it: panicked: as it was read", PAYLOADS[5]),
        ];
        assert_eq!(found, expected);
        let causes = driver.dead_letters().iter().map(|letter| letter.cause);
        let expected = [Cause::Refused, Cause::Panicked, Cause::Refused, Cause::Panicked];
        assert_eq!(causes.collect::<Vec<_>>(), expected);
        // All of them would go on within one process.
        let mut driver = TestDriver::new(&topology);
        run(&mut driver, "words", &PAYLOADS);
        assert_eq!(driver.outputs("words").unwrap(), PAYLOADS);
    }
}
