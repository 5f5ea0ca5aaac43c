//! A file that a worker reads by itself, and outputs that the workers write by themselves: what comes of it is
//! what the test driver makes, whatever happens in between.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wallaroo::Topology;
use wallaroo::endpoints::Endpoint;
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::{Engine, RunState, Settings};

use crate::applications::{counting, winding};
use crate::recorder::Recorder;
use crate::support::frames::{frame, vote, votes};
use crate::support::waiting::wait_until;
use crate::twin::{Ending, driven, ending};
use crate::{WORKERS, Workers, injectable, start};

/// How many frames the file has: several times what is read at once.
pub const FRAMES: u32 = 50_000;

/// How many frames are taken before something happens, and again before the next thing happens.
const PART: u64 = 10_000;

/// Votes, refused ones and panics among them, some bytes that are no vote, and half a frame at the end.
fn many_votes() -> Vec<u8> {
    let one = |number: u32| match number % 997 {
        0 => frame(b"no vote"),
        _ => vote(b'a' + (number % 11) as u8, number.wrapping_mul(2_654_435_761) >> 17),
    };
    let mut bytes: Vec<u8> = (0..FRAMES).flat_map(one).collect();
    bytes.extend_from_slice(&frame(b"end..")[..6]);
    bytes
}

/// A run that begins paused, reads this file, and saves.
fn settings(
    topology: &Arc<Topology>,
    folder: &Path,
    input: &[u8],
    (sink, workers): (Endpoint, Workers),
) -> Settings {
    let source = folder.join("input");
    fs::write(&source, input).unwrap();
    let resilience = ResilienceSettings::new(folder.join("saved"));
    let resilience = ResilienceSettings { interval: Duration::from_millis(1), ..resilience };
    Settings {
        paused: true,
        injectable: false,
        sources: vec![Endpoint::File(source)],
        sinks: vec![vec![sink]],
        resilience: Some(resilience),
        ..injectable(topology, workers)
    }
}

pub fn wait_for_pause(engine: &Engine) {
    wait_until("the pause", || engine.run_state() == RunState::Paused);
}

fn set_workers(engine: &Engine, workers: usize) {
    let workers = NonZeroUsize::new(workers).unwrap();
    engine.set_workers(workers).unwrap().blocking_recv().unwrap();
}

/// Steps, and then goes on with other workers again and again, and paused now and then.
pub fn through_all_that_may_happen(engine: &Engine, recorder: &Recorder) {
    for taken in 1..=4 {
        engine.step();
        wait_for_pause(engine);
        assert_eq!(recorder.frames(), taken);
        if taken == 2 {
            set_workers(engine, 3);
        }
    }
    for (part, workers) in (1..).zip([2, 1, 4]) {
        engine.resume();
        recorder.wait_for("a part", |told| told.counts.frames >= part * PART);
        engine.pause();
        wait_for_pause(engine);
        let taken = recorder.frames();
        set_workers(engine, workers);
        assert_eq!(recorder.frames(), taken, "nothing is taken in a pause");
        if taken < u64::from(FRAMES) {
            engine.step();
            wait_for_pause(engine);
            assert_eq!(recorder.frames(), taken + 1);
        }
    }
    engine.resume();
}

fn end(settings: &Settings, input: &[u8], expected: &Ending) -> Vec<u8> {
    let (engine, recorder) = start(&winding(), settings);
    through_all_that_may_happen(&engine, &recorder);
    let told = ending(&engine, &recorder);
    assert!(told == *expected, "{} workers of {} bytes", settings.workers, input.len());
    recorder.look(|told| told.outputs[0].concat())
}

#[test]
fn a_file_into_nothing_ends_as_in_the_driver_whatever_happens_in_between() {
    let input = many_votes();
    let expected = driven(std::slice::from_ref(&input));
    for workers in WORKERS {
        let folder = tempfile::tempdir().unwrap();
        let to = (Endpoint::Null, workers);
        end(&settings(&winding(), folder.path(), &input, to), &input, &expected);
    }
}

#[test]
fn a_file_into_a_file_ends_as_in_the_driver_whatever_happens_in_between() {
    let input = many_votes();
    let expected = driven(std::slice::from_ref(&input));
    for workers in WORKERS {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("output");
        fs::write(&output, "of another run").unwrap();
        let sink = Endpoint::File(output.clone());
        let settings = settings(&winding(), folder.path(), &input, (sink, workers));
        let told = end(&settings, &input, &expected);
        assert!(fs::read(&output).unwrap() == told, "the file has what was told, in its order");
    }
}

#[test]
fn a_run_that_is_stopped_in_a_pause_ends_between_two_frames_of_its_file() {
    let input = votes((0..10_000).map(|number| (b'a' + (number % 26) as u8, number)));
    for workers in WORKERS {
        let folder = tempfile::tempdir().unwrap();
        let output = Endpoint::File(folder.path().join("output"));
        let settings = settings(&counting(), folder.path(), &input, (output, workers));
        let (engine, recorder) = start(&counting(), &settings);
        engine.step();
        wait_for_pause(&engine);
        engine.stop();
        engine.wait().unwrap();
        let taken = recorder.frames();
        // What was read with the first is processed, and the rest is left for the next run.
        assert!((1..10_000).contains(&taken), "{taken}");
        assert!(recorder.look(|told| told.dead_letters.is_empty()));
        drop(engine);
        let (engine, recorder) = start(&counting(), &Settings { paused: false, ..settings });
        engine.wait().unwrap();
        assert_eq!(recorder.frames() + taken, 10_000);
        let lines = fs::read_to_string(folder.path().join("output")).unwrap();
        assert_eq!(lines.lines().count(), 10_000, "exactly once");
    }
}
