//! A frame that becomes very many messages, and what may happen in the middle of it: it counts once, and
//! its outputs are written once, in the order of their keys.
//!
//! `FRAME_MESSAGES` is how many messages it becomes.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use wallaroo::core::event::EngineEvent;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::endpoints::Endpoint;
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::{Engine, RunState, Settings};
use wallaroo::{Application, Key, OneByOne, Reason, Sink, Source, Topology};

use crate::folder::Folder;
use crate::recorder::Recorder;
use crate::support::frames::frame;
use crate::support::program::Running;
use crate::support::sockets::nobody;
use crate::support::waiting::{wait_until, within_limit};

/// More than an operator may be ahead of those behind it, unless the variable asks for more.
const MESSAGES: u64 = 70_000;

/// How many partitions the messages have in each state.
const KEYS: u64 = 7;

fn messages() -> u64 {
    std::env::var("FRAME_MESSAGES").map_or(MESSAGES, |messages| messages.parse().unwrap())
}

/// Counts up to the number in a frame. The first state refuses what is not in order; the second says for
/// each key how many messages it had.
fn counting_up() -> Arc<Topology> {
    let decode = |payload: &[u8]| Ok::<_, Reason>(payload.try_into().ok().map(u64::from_be_bytes));
    let in_order = |number: u64, next: &mut u64| {
        if number < *next {
            return Err(Reason::from(format!("{number} comes after {next}")));
        }
        *next = number;
        Ok((Some(number), true))
    };
    let count = |number: u64, count: &mut u64| {
        *count += 1;
        (Some((number % KEYS, *count)), true)
    };
    let key = |number: &u64| Key::from(format!("{}", number % KEYS).as_str());
    let write = |(key, count): &(u64, u64), output: &mut Vec<u8>| writeln!(output, "{key} {count}");
    let topology = Application::new("counting up")
        .pipeline("numbers", Source::new(decode))
        .to(|count: u64| OneByOne(0..count))
        .to_state_partition(in_order, |_: &Key| 0, "last", key)
        .to_state_partition(count, |_: &Key| 0, "counts", key)
        .to_sink(Sink::new(write))
        .build();
    Arc::new(topology.unwrap())
}

/// An engine that begins a checkpoint as soon as anything has changed.
fn start(folder: &Path, workers: usize, sink: Endpoint) -> (Engine, Arc<Recorder>) {
    let topology = counting_up();
    let resilience = ResilienceSettings {
        interval: Duration::ZERO,
        ..ResilienceSettings::new(folder.join("saved"))
    };
    let settings = Settings {
        workers: NonZeroUsize::new(workers).unwrap(),
        injectable: true,
        sinks: vec![vec![sink]],
        resilience: Some(resilience),
        ..Settings::new(&topology)
    };
    let recorder = Arc::new(Recorder::default());
    (Engine::start(topology, &settings, Arc::clone(&recorder) as _).unwrap(), recorder)
}

fn to_file(folder: &Path) -> Endpoint {
    Endpoint::File(folder.join("outputs"))
}

fn inject(engine: &Engine) {
    engine.inject(PipelineIndex(0), frame(&messages().to_be_bytes()).into()).unwrap();
}

/// Waits until some of the frame is processed.
fn wait_for_middle(recorder: &Recorder) {
    recorder.wait_for("the frame", |told| told.counts.stateful > 0);
}

/// The whole frame has been processed once, so that each key has said all of its counts, in order.
fn assert_counted_once(engine: &Engine, outputs: &[u8]) {
    let expected: BTreeMap<u64, u64> =
        (0..KEYS).map(|key| (key, (messages() - key).div_ceil(KEYS))).collect();
    let rows = engine.export().filter(|row| row.state == "counts");
    let state: BTreeMap<u64, u64> = rows
        .map(|row| (row.key.to_string().parse().unwrap(), row.value.as_u64().unwrap()))
        .collect();
    assert_eq!(state, expected);
    let mut said: BTreeMap<u64, u64> = BTreeMap::new();
    for line in std::str::from_utf8(outputs).unwrap().lines() {
        let (key, count) = line.split_once(' ').unwrap();
        let before = said.entry(key.parse().unwrap()).or_default();
        assert_eq!(count.parse::<u64>().unwrap(), *before + 1, "of key {key}");
        *before += 1;
    }
    assert_eq!(said, expected);
}

/// Ends a run that has no dead letters.
fn end(engine: Engine, recorder: &Recorder) -> Engine {
    engine.stop();
    let engine = within_limit("the end", move || {
        engine.wait().unwrap();
        engine
    });
    let letters = recorder.recorded().dead_letters;
    assert_eq!(letters.len(), 0, "{:?}", letters.first());
    engine
}

#[test]
fn crashes_in_the_middle_of_a_frame_lose_and_repeat_none_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let outputs = folder.path().join("outputs");
    for (life, workers) in [1, 4, 2].into_iter().enumerate() {
        let (engine, recorder) = start(folder.path(), workers, to_file(folder.path()));
        if life == 0 {
            inject(&engine);
        }
        wait_for_middle(&recorder);
        within_limit("the engine's end", move || drop(engine));
        let lines = fs::read(&outputs).unwrap().split(|byte| *byte == b'\n').count();
        assert!((lines as u64) < messages(), "it was whole");
    }
    let (engine, recorder) = start(folder.path(), 3, to_file(folder.path()));
    recorder.wait_for("the whole frame", |told| told.counts.stateful == 2 * messages());
    let engine = end(engine, &recorder);
    assert_counted_once(&engine, &fs::read(outputs).unwrap());
}

#[test]
fn a_run_that_is_stopped_in_the_middle_of_a_frame_does_all_of_it() {
    for workers in [1, 4] {
        let folder = tempfile::tempdir().unwrap();
        let (engine, recorder) = start(folder.path(), workers, to_file(folder.path()));
        inject(&engine);
        wait_for_middle(&recorder);
        let engine = end(engine, &recorder);
        assert_counted_once(&engine, &fs::read(folder.path().join("outputs")).unwrap());
    }
}

#[test]
fn other_workers_go_on_behind_the_frame_that_is_under_way() {
    for (from, to) in [(1, 4), (4, 1)] {
        let folder = tempfile::tempdir().unwrap();
        let (engine, recorder) = start(folder.path(), from, to_file(folder.path()));
        inject(&engine);
        wait_for_middle(&recorder);
        let done = engine.set_workers(NonZeroUsize::new(to).unwrap()).unwrap();
        let engine = within_limit("the change", move || {
            done.blocking_recv().unwrap();
            engine
        });
        assert_eq!(engine.workers(), to);
        let told = recorder.recorded();
        assert_eq!((told.counts.frames, told.counts.stateful), (1, 2 * messages()));
        // Its numbers come after larger ones, and are refused: the new workers have the states.
        engine.inject(PipelineIndex(0), frame(&1_u64.to_be_bytes()).into()).unwrap();
        recorder.wait_for("the next frame", |told| told.dead_letters.len() == 1);
        assert_counted_once(&engine, &fs::read(folder.path().join("outputs")).unwrap());
    }
}

#[test]
fn a_checkpoint_in_a_pause_that_began_in_the_middle_of_a_frame_has_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, recorder) = start(folder.path(), 2, to_file(folder.path()));
    inject(&engine);
    wait_for_middle(&recorder);
    engine.pause();
    wait_until("the pause", || engine.run_state() == RunState::Paused);
    assert_eq!(recorder.recorded().counts.stateful, 2 * messages());
    // The last change may come after a checkpoint has begun: then there is one more.
    recorder.wait_for("a checkpoint", |told| {
        told.events.iter().any(|event| {
            matches!(event, EngineEvent::Checkpointed { partitions, .. } if *partitions > 0)
        })
    });
    drop(engine);
    let (engine, recorder) = start(folder.path(), 1, to_file(folder.path()));
    wait_until("the recovery", || !engine.is_recovering());
    assert_eq!(engine.recovered().unwrap().frames, 0, "it was not in the checkpoint");
    let engine = end(engine, &recorder);
    assert_counted_once(&engine, &fs::read(folder.path().join("outputs")).unwrap());
}

#[test]
fn a_frame_behind_a_sink_that_takes_nothing_is_whole_as_soon_as_somebody_reads() {
    for workers in [1, 4] {
        let folder = tempfile::tempdir().unwrap();
        let (sink, socket) = nobody();
        let (engine, recorder) = start(folder.path(), workers, Endpoint::Tcp(sink));
        inject(&engine);
        wait_for_middle(&recorder);
        // All of these wait, and lose nothing: a pause, another number of workers, and the end.
        engine.pause();
        let _done = engine.set_workers(NonZeroUsize::new(5 - workers).unwrap()).unwrap();
        engine.stop();
        recorder.wait_for("the whole frame", |told| told.counts.stateful == 2 * messages());
        assert!(engine.outcome().is_none(), "nobody has read anything");
        socket.listen(1).unwrap();
        let reading = thread::spawn(move || {
            let mut outputs = Vec::new();
            let (mut receiver, _) = TcpListener::from(socket).accept().unwrap();
            receiver.read_to_end(&mut outputs).unwrap();
            outputs
        });
        let engine = end(engine, &recorder);
        let outputs = within_limit("the receiver", move || reading.join().unwrap());
        assert_counted_once(&engine, &outputs);
    }
}

#[test]
fn an_engine_with_a_frame_behind_a_sink_that_takes_nothing_ends_when_it_is_dropped() {
    for workers in [1, 4] {
        let folder = tempfile::tempdir().unwrap();
        let (sink, _socket) = nobody();
        let (engine, recorder) = start(folder.path(), workers, Endpoint::Tcp(sink));
        inject(&engine);
        wait_for_middle(&recorder);
        let _done = engine.set_workers(NonZeroUsize::new(5 - workers).unwrap()).unwrap();
        within_limit("the engine's end", move || drop(engine));
        // Its directory is free, and has the frame.
        let (engine, recorder) = start(folder.path(), workers, to_file(folder.path()));
        let engine = end(engine, &recorder);
        assert_counted_once(&engine, &fs::read(folder.path().join("outputs")).unwrap());
    }
}

#[test]
fn a_program_that_is_killed_and_then_terminated_in_the_middle_of_a_frame_counts_it_once() {
    const WORDS: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];
    let folder = Folder::new();
    let out = folder.path("out");
    let ends =
        ["--in", "tcp://127.0.0.1:0", "--out", &out, "--checkpoint-interval", "1ms", "--workers"];
    let written = || fs::metadata(folder.path("out")).map_or(0, |file| file.len());
    let line: Vec<&str> =
        WORDS.iter().copied().cycle().take(usize::try_from(messages()).unwrap()).collect();

    let running = Running::start(folder.command("word_count", &[&ends[..], &["2"]].concat()));
    let mut client = TcpStream::connect(running.address()).unwrap();
    client.write_all(&frame(line.join(" ").as_bytes())).unwrap();
    wait_until("its first outputs", || written() > 0);
    assert_eq!(running.kill().code, None);
    let lines = folder.read("out").split(|byte| *byte == b'\n').count() - 1;
    assert!(lines < line.len(), "it was whole");

    let running = Running::start(folder.command("word_count", &[&ends[..], &["3"]].concat()));
    // The sink is back at the checkpoint, before the frame.
    running.address();
    wait_until("its first outputs", || written() > 0);
    running.signal("TERM");
    running.end().succeeded();
    let text = String::from_utf8(folder.read("out")).unwrap();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for line in text.lines() {
        let (word, count) = line.split_once(" => ").unwrap();
        let before = counts.entry(word).or_default();
        assert_eq!(count.parse::<usize>().unwrap(), *before + 1, "of {word}");
        *before += 1;
    }
    assert_eq!(counts.len(), WORDS.len());
    assert_eq!(counts.values().sum::<usize>(), line.len());
    assert_eq!(folder.json_lines("state").len(), WORDS.len());
}
