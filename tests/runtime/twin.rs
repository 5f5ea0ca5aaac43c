//! The engine does what the test driver does, with any number of workers.

use std::collections::BTreeMap;
use std::fs;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use wallaroo::TestDriver;
use wallaroo::core::frames::dead_letter::DeadLetter;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::core::partitions::query::PartitionRow;
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::{Engine, Settings};

use crate::applications::{FIRST_PANIC, SECOND_PANIC, STATELESS_PANIC, winding};
use crate::flow::tracing::every_message;
use crate::recorder::{Counts, Recorder};
use crate::support::frames::frame;
use crate::{WORKERS, Workers, injectable, start};

/// All that must not depend on the number of workers.
#[derive(Debug, PartialEq)]
pub struct Ending {
    partitions: Vec<(String, String, u64, bool, serde_json::Value)>,
    outputs: BTreeMap<String, Vec<String>>,
    dead_letters: Vec<(u64, u64, String, String, String, Vec<u8>)>,
    counts: Counts,
}

fn partition(row: PartitionRow) -> (String, String, u64, bool, serde_json::Value) {
    (row.state, row.key.to_string(), row.messages, row.poisoned, row.value)
}

/// The outputs by what they begin with, which is the key.
fn by_key(outputs: &[Vec<u8>]) -> BTreeMap<String, Vec<String>> {
    let mut of_keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for output in outputs {
        let (key, value) = std::str::from_utf8(output).unwrap().split_once(' ').unwrap();
        of_keys.entry(key.to_owned()).or_default().push(value.to_owned());
    }
    of_keys
}

/// Dead letters as a set: where each came from, and all that is said of it but the time.
fn set(letters: &[DeadLetter]) -> Vec<(u64, u64, String, String, String, Vec<u8>)> {
    let mut set: Vec<_> = letters
        .iter()
        .map(|letter| {
            let key = letter.key.as_ref().map(ToString::to_string).unwrap_or_default();
            let (step, reason) = (letter.step.to_string(), letter.reason.clone());
            (letter.sequence.0, letter.offset, step, reason, key, letter.bytes.to_vec())
        })
        .collect();
    set.sort();
    set
}

/// What the driver makes of these bytes, of which each part stands for itself.
pub fn driven(parts: &[Vec<u8>]) -> Ending {
    let mut driver = TestDriver::new(&winding());
    for part in parts {
        driver.push("votes", part).unwrap();
        driver.end("votes").unwrap();
    }
    driver.run();
    of_driver(&driver, "votes", &["histories", "totals"])
}

/// What a driver has made of everything.
pub fn of_driver(driver: &TestDriver, pipeline: &str, states: &[&str]) -> Ending {
    let mut counts = Counts::default();
    counts.add(driver.report());
    let partitions = states.iter().flat_map(|state| driver.partitions(state));
    Ending {
        partitions: partitions.map(partition).collect(),
        outputs: by_key(driver.outputs(pipeline).unwrap()),
        dead_letters: set(driver.dead_letters()),
        counts,
    }
}

/// What the engine makes of bytes that are injected part by part.
fn injected(parts: &[Vec<u8>], workers: Workers) -> Ending {
    run(&injectable(&winding(), workers), parts)
}

/// What the engine makes of a file.
fn read(file: &[u8], workers: Workers) -> Ending {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("votes.msg");
    fs::write(&path, file).unwrap();
    let settings = injectable(&winding(), workers);
    run(&Settings { injectable: false, sources: vec![Endpoint::File(path)], ..settings }, &[])
}

fn run(settings: &Settings, parts: &[Vec<u8>]) -> Ending {
    let (engine, recorder) = start(&winding(), settings);
    for part in parts {
        engine.inject(PipelineIndex(0), Bytes::copy_from_slice(part)).unwrap();
    }
    if settings.injectable {
        engine.stop();
    }
    ending(&engine, &recorder)
}

/// What the engine has made of everything, when it has ended.
pub fn ending(engine: &Engine, recorder: &Recorder) -> Ending {
    engine.wait().unwrap();
    let told = recorder.recorded();
    Ending {
        partitions: engine.export().map(partition).collect(),
        outputs: by_key(&told.outputs.concat()),
        dead_letters: set(&told.dead_letters),
        counts: told.counts,
    }
}

/// Payloads: votes for some letters, now and then something special or bytes that are no vote.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let letter = proptest::sample::select(b"abcdefghijkl.".as_slice());
    let vote = |(letter, votes): (u8, u32)| [&[letter], &votes.to_be_bytes()[..]].concat();
    let special = proptest::sample::select(vec![STATELESS_PANIC, FIRST_PANIC, SECOND_PANIC]);
    prop_oneof![
        300 => (letter.clone(), 0..600_u32).prop_map(vote),
        2 => (letter, special).prop_map(vote),
        10 => vec(any::<u8>(), 0..8),
    ]
}

/// A part: whole frames, sometimes followed by the beginning of one more.
fn part() -> impl Strategy<Value = Vec<u8>> {
    let end = prop_oneof![4 => Just(0), 1 => 1..9_usize];
    (vec(payload(), 0..400), end).prop_map(|(payloads, end)| {
        let mut bytes: Vec<u8> = payloads.iter().flat_map(|payload| frame(payload)).collect();
        bytes.extend_from_slice(&frame(b"end..")[..end]);
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    #[test]
    fn injected_votes_end_as_in_the_driver_at_any_number_of_workers(parts in vec(part(), 0..8)) {
        let expected = driven(&parts);
        for workers in WORKERS {
            prop_assert_eq!(&injected(&parts, workers), &expected, "{} workers", workers);
        }
    }

    #[test]
    fn a_file_of_votes_ends_as_in_the_driver_at_any_number_of_workers(
        payloads in vec(payload(), 0..3000),
        end in part(),
    ) {
        let mut file: Vec<u8> = payloads.iter().flat_map(|payload| frame(payload)).collect();
        file.extend(end);
        let expected = driven(std::slice::from_ref(&file));
        for workers in WORKERS {
            prop_assert_eq!(&read(&file, workers), &expected, "{} workers", workers);
        }
    }
}

#[test]
fn tracing_every_message_changes_nothing() {
    let part = |part: u8| (0..40).flat_map(|letter| frame(&[letter, 0, 0, 0, part])).collect();
    let parts: Vec<Vec<u8>> = (0..30).map(part).collect();
    let settings = Settings { traces: Some(every_message()), ..injectable(&winding(), 2) };
    assert_eq!(run(&settings, &parts), driven(&parts));
}
