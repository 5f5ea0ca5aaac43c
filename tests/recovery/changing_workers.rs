//! Engines whose workers change and which crash, under votes from a TCP client and from the input
//! pane: every vote counts once and in its order.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wallaroo::core::event::EngineEvent;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::endpoints::Endpoint;
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::{Engine, Settings};
use wallaroo::{Application, Key, Sink, Source, Topology};

use crate::chance::{Chance, for_seeds};
use crate::folder::by_letter;
use crate::recorder::Recorder;
use crate::support::frames::vote;
use crate::support::hosts::cluster;
use crate::support::waiting::{LIMIT, wait_until};
use crate::totals::{LIFE, lives, totals};
use crate::votes::{Vote, decode, letter};

/// What is injected, and what the client sends.
const INJECTED: &[u8] = b"ABCD";
const SENT: &[u8] = b"abcd";

fn sums() -> Arc<Topology> {
    let add = |(letter, votes): Vote, total: &mut u64| {
        *total += u64::from(votes);
        (Some((letter, *total)), true)
    };
    let write = |(letter, total): &(u8, u64), output: &mut Vec<u8>| {
        writeln!(output, "{} => {total}", char::from(*letter))
    };
    let topology = Application::new("sums")
        .pipeline("votes", Source::new(decode))
        .to_state_partition(add, |_: &Key| 0, "totals", letter)
        .to_sink(Sink::new(write))
        .build();
    Arc::new(topology.unwrap())
}

/// An engine of one, two or three processes.
fn start(folder: &Path, chance: &mut Chance) -> (Engine, Arc<Recorder>) {
    let topology = sums();
    let processes = chance.one_of(&[1, 2, 3]);
    let cluster = (processes > 1).then(|| cluster(&topology, processes));
    let interval = Duration::from_millis(chance.one_of(&[1, 2, 5, 20, 10_000]));
    let saved = folder.join("saved");
    let settings = Settings {
        workers: workers(chance),
        injectable: true,
        sources: vec![Endpoint::Tcp("127.0.0.1:0".to_owned())],
        sinks: vec![vec![Endpoint::File(folder.join("outputs"))]],
        resilience: Some(ResilienceSettings { interval, ..ResilienceSettings::new(saved) }),
        cluster,
        ..Settings::new(&topology)
    };
    let recorder = Arc::new(Recorder::default());
    (Engine::start(topology, &settings, Arc::clone(&recorder) as _).unwrap(), recorder)
}

fn workers(chance: &mut Chance) -> NonZeroUsize {
    NonZeroUsize::new(chance.one_of(&[1, 2, 4])).unwrap()
}

/// A client that votes until it is told to end, and says how often it voted, if all was read.
fn client(address: String, life: u32, end: Arc<AtomicBool>) -> JoinHandle<Option<u32>> {
    thread::spawn(move || {
        let mut stream = TcpStream::connect(address).ok()?;
        let mut number = 0;
        while !end.load(Ordering::Acquire) {
            number += 1;
            let votes: Vec<u8> =
                SENT.iter().flat_map(|letter| vote(*letter, life * LIFE + number)).collect();
            stream.write_all(&votes).ok()?;
            if number % 64 == 0 {
                thread::sleep(Duration::from_micros(500));
            }
        }
        stream.shutdown(Shutdown::Write).ok()?;
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        (stream.read(&mut [0]).ok()? == 0).then_some(number)
    })
}

/// Injects the next votes.
fn inject(engine: &Engine, life: u32, injected: &mut u32, count: u32) {
    for _ in 0..count {
        *injected += 1;
        let votes: Vec<u8> =
            INJECTED.iter().flat_map(|letter| vote(*letter, life * LIFE + *injected)).collect();
        engine.inject(PipelineIndex(0), votes.into()).unwrap();
    }
}

/// What a life does at random, and how many votes it injects.
fn disturb(engine: &Engine, life: u32, chance: &mut Chance) -> u32 {
    let mut injected = 0;
    for _ in 0..3 + chance.below(10) {
        inject(engine, life, &mut injected, u32::try_from(chance.below(40)).unwrap());
        match chance.below(6) {
            0 | 1 => {
                let done = engine.set_workers(workers(chance)).unwrap();
                if chance.below(2) == 0 {
                    done.blocking_recv().unwrap();
                }
            }
            2 => engine.pause(),
            3 => engine.resume(),
            4 => (0..chance.below(5)).for_each(|_| engine.step()),
            _ => thread::sleep(Duration::from_micros(chance.below(5000))),
        }
    }
    injected
}

/// The totals of each letter in the sink.
fn outputs(folder: &Path) -> BTreeMap<u8, Vec<u64>> {
    let lines = by_letter(&fs::read(folder.join("outputs")).unwrap());
    lines.iter().map(|(letter, lines)| (*letter, totals(lines))).collect()
}

#[test]
fn nothing_is_lost_and_nothing_counts_twice_while_workers_change_and_crash() {
    for_seeds(4, |chance| {
        let folder = tempfile::tempdir().unwrap();
        let last = u32::try_from(3 + chance.below(4)).unwrap();
        for life in 1..=last {
            let (engine, recorder) = start(folder.path(), chance);
            let end = Arc::new(AtomicBool::new(false));
            let client = client(recorder.address(), life, Arc::clone(&end));
            let injected = disturb(&engine, life, chance);
            if life < last && chance.below(5) < 3 {
                if chance.below(2) == 0 {
                    drop(engine.set_workers(workers(chance)).unwrap());
                    thread::sleep(Duration::from_micros(chance.below(8000)));
                }
                drop(engine);
                end.store(true, Ordering::Release);
                client.join().unwrap();
                continue;
            }
            engine.resume();
            end.store(true, Ordering::Release);
            let sent = client.join().unwrap().unwrap();
            if chance.below(2) == 0 {
                drop(engine.set_workers(workers(chance)).unwrap());
            }
            engine.stop();
            wait_until("the end", || engine.outcome().is_some());
            engine.wait().unwrap();
            let found = outputs(folder.path());
            for (letters, count) in [(INJECTED, injected), (SENT, sent)] {
                for letter in letters {
                    let lives = found.get(letter).map(|totals| lives(totals)).unwrap_or_default();
                    let counted = lives.get(&life).copied().unwrap_or_default();
                    assert_eq!(counted, count, "{} in life {life}", char::from(*letter));
                }
            }
            let state = engine
                .export()
                .map(|row| (row.key.to_string().as_bytes()[0], row.value.as_u64().unwrap()));
            let ends = found.iter().map(|(letter, totals)| (*letter, *totals.last().unwrap()));
            assert_eq!(state.collect::<BTreeMap<_, _>>(), ends.collect());
        }
    });
}

#[test]
fn workers_that_change_while_the_run_ends_do_not_keep_it_from_ending() {
    const VOTES: u32 = 50;
    for tries in 0..30 {
        let folder = tempfile::tempdir().unwrap();
        let (engine, _recorder) = start(folder.path(), &mut Chance::new(tries));
        let mut injected = 0;
        inject(&engine, 1, &mut injected, VOTES);
        drop(engine.set_workers(NonZeroUsize::new(3).unwrap()).unwrap());
        thread::sleep(Duration::from_micros(500 * tries));
        engine.stop();
        wait_until("the end", || engine.outcome().is_some());
        engine.wait().unwrap();
        assert_eq!(lives(&outputs(folder.path())[&b'A']), BTreeMap::from([(1, VOTES)]));
    }
}

#[test]
fn a_change_of_workers_that_waits_for_a_receiver_holds_up_no_other_pipeline() {
    let add = |(letter, votes): Vote, total: &mut u64| {
        *total += u64::from(votes);
        (Some((letter, *total)), true)
    };
    let write = |(letter, total): &(u8, u64), output: &mut Vec<u8>| {
        writeln!(output, "{} => {total}", char::from(*letter))
    };
    let topology = Application::new("two")
        .pipeline("waits", Source::new(decode))
        .to_state_partition(add, |_: &Key| 0, "of the one", letter)
        .to_sink(Sink::new(write))
        .pipeline("goes on", Source::new(decode))
        .to_state_partition(add, |_: &Key| 0, "of the other", letter)
        .to_sink(Sink::new(write))
        .build();
    let topology = Arc::new(topology.unwrap());
    let folder = tempfile::tempdir().unwrap();
    // The port is taken, and nothing listens there.
    let taken = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    taken.bind(&any.into()).unwrap();
    let nobody = taken.local_addr().unwrap().as_socket().unwrap().to_string();
    let mut resilience = ResilienceSettings::new(folder.path().join("saved"));
    resilience.interval = Duration::from_hours(1);
    let settings = Settings {
        workers: NonZeroUsize::MIN,
        injectable: true,
        sinks: vec![vec![Endpoint::Tcp(nobody)], vec![Endpoint::Null]],
        resilience: Some(resilience),
        ..Settings::new(&topology)
    };
    let recorder = Arc::new(Recorder::default());
    let engine = Engine::start(topology, &settings, Arc::clone(&recorder) as _).unwrap();
    engine.inject(PipelineIndex(0), vote(b'a', 1).into()).unwrap();
    recorder.wait_for("the first vote", |recorded| recorded.counts.stateful == 1);
    let _answer = engine.set_workers(2.try_into().unwrap()).unwrap();
    recorder.wait_for("the checkpoint of the change", |recorded| {
        recorded.events.iter().any(|event| matches!(event, EngineEvent::CheckpointBegun(_)))
    });
    engine.inject(PipelineIndex(1), vote(b'a', 1).into()).unwrap();
    recorder.wait_for("the other pipeline's vote", |recorded| recorded.counts.stateful == 2);
}
