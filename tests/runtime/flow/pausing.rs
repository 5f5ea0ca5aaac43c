//! Pause, step, resume: what is taken and what is not.

use std::fs;
use std::io::Write;
use std::net::TcpStream;

use bytes::Bytes;
use wallaroo::core::event::EngineEvent;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::{Engine, RunState, Settings, Waits};

use crate::applications::counting;
use crate::support::frames::{vote, votes};
use crate::support::waiting::wait_until;
use crate::{WORKERS, injectable, start};

fn wait_for_pause(engine: &Engine) {
    wait_until("the pause", || engine.run_state() == RunState::Paused);
}

fn ten_votes() -> Bytes {
    votes((b'a'..=b'j').map(|letter| (letter, 1))).into()
}

#[test]
fn a_step_takes_one_message_and_a_paused_engine_takes_none() {
    for workers in WORKERS {
        let (engine, recorder) = start(&counting(), &injectable(&counting(), workers));
        engine.pause();
        wait_for_pause(&engine);
        engine.inject(PipelineIndex(0), ten_votes()).unwrap();
        for taken in 1..=5 {
            engine.step();
            wait_for_pause(&engine);
            // All that was made of the message has arrived, too.
            let told = recorder.recorded();
            assert_eq!(told.counts.frames, taken, "{workers} workers");
            assert_eq!(told.outputs[0].len() as u64, taken);
        }
        engine.resume();
        recorder.wait_for("all outputs", |recorded| recorded.outputs[0].len() == 10);
        assert_eq!(engine.run_state(), RunState::Running);
        assert_eq!(recorder.frames(), 10);
    }
}

#[test]
fn one_step_takes_one_message_though_every_worker_has_some() {
    let settings = Settings {
        sources: vec![Endpoint::Tcp("127.0.0.1:0".to_owned())],
        ..injectable(&counting(), 2)
    };
    let (engine, recorder) = start(&counting(), &settings);
    engine.pause();
    // The connections of two clients that come one after the other are on different workers.
    let clients: Vec<_> = (b'a'..=b'd')
        .map(|letter| {
            let mut client = TcpStream::connect(recorder.address()).unwrap();
            client.write_all(&vote(letter, 1).repeat(3)).unwrap();
            client
        })
        .collect();
    for taken in 1..=12 {
        engine.step();
        wait_for_pause(&engine);
        assert_eq!(recorder.frames(), taken);
    }
    let is_connected = |event: &&EngineEvent| matches!(event, EngineEvent::Connected(..));
    assert_eq!(recorder.recorded().events.iter().filter(is_connected).count(), clients.len());
}

#[test]
fn a_step_waits_for_the_next_message() {
    let (engine, recorder) = start(&counting(), &injectable(&counting(), 2));
    engine.step();
    engine.step();
    assert_eq!(engine.run_state(), RunState::Stepping(2));
    engine.inject(PipelineIndex(0), ten_votes()).unwrap();
    wait_for_pause(&engine);
    assert_eq!(recorder.frames(), 2);
}

#[test]
fn a_pause_in_a_flood_is_had_once_all_that_was_taken_has_arrived() {
    let (engine, recorder) = start(&counting(), &injectable(&counting(), 4));
    let flood = Bytes::from(vote(b'x', 1).repeat(1000));
    for _ in 0..100 {
        engine.inject(PipelineIndex(0), flood.clone()).unwrap();
    }
    recorder.wait_for("the beginning", |recorded| recorded.counts.frames > 0);
    engine.pause();
    wait_for_pause(&engine);
    let told = recorder.recorded();
    assert_eq!(told.outputs[0].len() as u64, told.counts.frames);
    engine.resume();
    recorder.wait_for("all outputs", |recorded| recorded.outputs[0].len() == 100_000);
}

#[test]
fn what_waits_in_a_pause_is_told_as_soon_as_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input");
    fs::write(&input, vote(b'a', 1).repeat(50_000)).unwrap();
    for workers in WORKERS {
        let settings = Settings { paused: true, ..injectable(&counting(), workers) };
        let (engine, recorder) = start(&counting(), &settings);
        assert_eq!(engine.waits(), Waits::default());
        engine.inject(PipelineIndex(0), votes([(b'a', 1), (b'b', 1), (b'c', 1)]).into()).unwrap();
        // It looks again only when it is told something.
        recorder.wait_for("what waits", |_| engine.waits().frames == 3);
        engine.step();
        wait_for_pause(&engine);
        assert_eq!(engine.waits(), Waits { frames: 2, ..Waits::default() });
        engine.resume();
        recorder.wait_for("all", |told| told.counts.frames == 3);
        assert_eq!(engine.waits(), Waits::default());
        drop(engine);

        let sources = vec![Endpoint::File(input.clone())];
        let settings = Settings { sources, ..settings };
        let (engine, recorder) = start(&counting(), &settings);
        recorder.wait_for("what waits", |_| engine.waits().frames > 0);
        let waits = engine.waits();
        assert!(waits.frames < 50_000 && waits.more_in_file, "{waits:?}");
        engine.resume();
        recorder.wait_for("all", |told| told.counts.frames == 50_000);
        wait_until("the end of the file", || engine.waits() == Waits::default());
    }
}
