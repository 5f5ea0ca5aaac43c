//! Several workers decode one source, and what counts of its order is kept.

use std::fs;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use wallaroo::core::topology::Topology;
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::Settings;
use wallaroo::{Application, Key, Reason, Sink, Source, TestDriver};

use crate::Workers::Together;
use crate::support::frames::vote;
use crate::{WORKERS, Workers, injectable, start};

/// How many frames the file has: many times what is read at once.
const FRAMES: u32 = 50_000;

/// Frames that are decoded at the same time, or the test fails. Before the first outputs few frames enter together, and so
/// the first of them is not among these.
const MEET: [u32; 2] = [10_000, 30_000];

/// The max time that one of them waits for the other.
const LIMIT: Duration = Duration::from_mins(2);

/// Votes for eleven letters, each with its number.
fn numbered_votes() -> Vec<u8> {
    (0..FRAMES).flat_map(|number| vote(b'a' + (number % 11) as u8, number)).collect()
}

fn decode(payload: &[u8]) -> Result<Option<(u8, u32)>, Reason> {
    match payload {
        [letter, number @ ..] => match <[u8; 4]>::try_from(number) {
            Ok(number) => Ok(Some((*letter, u32::from_be_bytes(number)))),
            Err(_) => Err("not five bytes".into()),
        },
        [] => Err("empty".into()),
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "encoders are given a reference to the message"
)]
fn write((letter, number): &(u8, u32), output: &mut Vec<u8>) {
    output.push(*letter);
    output.extend(number.to_be_bytes());
}

/// Waits until this many callers are here.
#[derive(Default)]
struct Meeting {
    here: Mutex<usize>,
    came: Condvar,
}

impl Meeting {
    fn come(&self) {
        let mut here = self.here.lock().unwrap();
        *here += 1;
        self.came.notify_all();
        let (_here, limit) =
            self.came.wait_timeout_while(here, LIMIT, |here| *here < MEET.len()).unwrap();
        assert!(!limit.timed_out(), "nobody else decodes");
    }
}

/// Gives the votes with their numbers as they come to the state of their letter. Some are decoded at the same time.
fn meeting() -> Arc<Topology> {
    let meeting = Meeting::default();
    let meet = move |payload: &[u8]| {
        let vote = decode(payload)?;
        if vote.is_some_and(|(_, number)| MEET.contains(&number)) {
            meeting.come();
        }
        Ok::<_, Reason>(vote)
    };
    let remember = |vote: (u8, u32), last: &mut u32| {
        *last = vote.1;
        (Some(vote), true)
    };
    let topology = Application::new("meeting")
        .pipeline("votes", Source::new(meet))
        .to_state_partition(remember, |_: &Key| 0, "last", |(letter, _): &(u8, u32)| *letter)
        .to_sink(Sink::new(write))
        .build();
    Arc::new(topology.unwrap())
}

/// The outputs of a run over the file.
fn outputs(topology: &Arc<Topology>, workers: Workers) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("votes.msg");
    fs::write(&path, numbered_votes()).unwrap();
    let settings = injectable(topology, workers);
    let settings = Settings { injectable: false, sources: vec![Endpoint::File(path)], ..settings };
    let (engine, recorder) = start(topology, &settings);
    engine.wait().unwrap();
    let told = recorder.recorded();
    assert!(told.dead_letters.is_empty(), "{:?}", told.dead_letters.first());
    told.outputs[0].clone()
}

#[test]
fn two_workers_decode_one_file_at_once_and_each_key_keeps_its_order() {
    for workers in [Together(2), Together(4)] {
        let outputs = outputs(&meeting(), workers);
        assert_eq!(outputs.len(), FRAMES as usize);
        for letter in b'a'..b'l' {
            let of_letter = outputs.iter().filter(|output| output[0] == letter);
            let numbers: Vec<u32> = of_letter
                .map(|output| u32::from_be_bytes(output[1..].try_into().unwrap()))
                .collect();
            assert!(numbers.is_sorted(), "{workers} workers, {letter}");
        }
    }
}

#[test]
fn a_pipeline_without_a_state_keeps_the_order_of_its_file() {
    let topology = Application::new("copy")
        .pipeline("votes", Source::new(decode))
        .to_sink(Sink::new(write))
        .build();
    let topology = Arc::new(topology.unwrap());
    let mut driver = TestDriver::new(&topology);
    driver.push("votes", &numbered_votes()).unwrap();
    driver.run();
    for workers in WORKERS {
        assert!(outputs(&topology, workers) == driver.outputs("votes").unwrap(), "{workers}");
    }
}
