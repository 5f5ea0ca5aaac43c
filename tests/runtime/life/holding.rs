//! An engine that is gone holds nothing: no thread, no file and no memory is left of it, however it ended.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Weak};

use wallaroo::Topology;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::endpoints::Endpoint;
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::{Engine, EngineError, Settings};

use crate::applications::{counting, refusing};
use crate::recorder::Recorder;
use crate::support::fragile::silence_panics_on_purpose;
use crate::support::frames::{vote, votes};
use crate::support::waiting::{wait_until, within_limit};
use crate::{WORKERS, Workers, injectable};

/// Settings of a run with a TCP source, which saves in this folder if there is one.
fn settings(
    topology: &Arc<Topology>,
    workers: impl Into<Workers>,
    saved: Option<&Path>,
) -> Settings {
    Settings {
        sources: vec![Endpoint::Tcp("127.0.0.1:0".to_owned())],
        resilience: saved.map(|folder| ResilienceSettings::new(folder.to_owned())),
        ..injectable(topology, workers)
    }
}

/// What all threads and tasks of an engine hold, each in its way: its observer.
fn started(settings: &Settings) -> (Engine, Weak<Recorder>) {
    let recorder = Arc::new(Recorder::default());
    let held = Arc::downgrade(&recorder);
    let engine = Engine::start(counting(), settings, recorder).unwrap();
    (engine, held)
}

/// Without a directory, the tasks are not waited for: they end soon.
fn assert_gone(held: &Weak<Recorder>, how: &str) {
    wait_until(how, || held.strong_count() == 0);
}

/// Runs something with an engine of each kind, which then is gone.
fn for_each_kind(how: &str, act: impl Fn(Engine, &Weak<Recorder>)) {
    for workers in WORKERS {
        for saves in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let settings = settings(&counting(), workers, saves.then_some(folder.path()));
            let (engine, held) = started(&settings);
            act(engine, &held);
            assert_gone(&held, how);
        }
    }
}

#[test]
fn nothing_holds_an_engine_that_was_dropped_as_soon_as_it_had_started() {
    for_each_kind("the dropped engine", |engine, _| drop(engine));
}

#[test]
fn nothing_holds_an_engine_that_was_dropped_with_frames_that_wait() {
    for_each_kind("the engine with frames", |engine, _| {
        engine.pause();
        for _ in 0..10 {
            engine.inject(PipelineIndex(0), vote(b'a', 1).repeat(1000).into()).unwrap();
        }
        engine.step();
        within_limit("the drop", move || drop(engine));
    });
}

#[test]
fn nothing_holds_an_engine_that_has_ended_well() {
    for_each_kind("the engine that ended", |engine, _| {
        engine.inject(PipelineIndex(0), vote(b'a', 1).into()).unwrap();
        engine.stop();
        within_limit("the end", move || engine.wait().unwrap());
    });
}

#[test]
fn nothing_holds_an_engine_that_crashed_while_its_workers_changed() {
    for tries in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let (mut engine, held) = started(&settings(&counting(), 1, Some(folder.path())));
        engine.inject(PipelineIndex(0), votes([(b'a', 1), (b'b', 1)]).into()).unwrap();
        let _done = engine.set_workers(NonZeroUsize::new(4).unwrap()).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(3 * tries));
        let engine = within_limit("the crash", move || {
            engine.crash();
            engine
        });
        // Its files are no longer in use.
        let (again, held_again) = started(&settings(&counting(), 2, Some(folder.path())));
        drop((engine, again));
        assert_gone(&held, "the engine that crashed");
        assert_gone(&held_again, "the engine after it");
    }
}

#[test]
fn a_directory_is_free_as_soon_as_its_engine_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..20 {
        drop(started(&settings(&counting(), 1, Some(folder.path()))));
    }
}

#[test]
fn nothing_holds_an_engine_that_could_not_start() {
    silence_panics_on_purpose();
    let topology = refusing();
    for workers in WORKERS {
        for saves in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let settings = Settings {
                precreate: true,
                ..settings(&topology, workers, saves.then_some(folder.path()))
            };
            let recorder = Arc::new(Recorder::default());
            let held = Arc::downgrade(&recorder);
            let topology = Arc::clone(&topology);
            let failed = within_limit("the start", move || {
                Engine::start(topology, &settings, recorder).is_err()
            });
            assert!(failed);
            assert_gone(&held, "the engine that could not start");
        }
    }
}

#[test]
fn an_engine_that_is_over_says_so_to_who_asks_for_other_workers() {
    for saves in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let ask = |engine: &Engine| engine.set_workers(NonZeroUsize::MIN).unwrap_err();
        let is_right = |error: &EngineError| match error {
            EngineError::Ended => saves,
            EngineError::NothingSaved => !saves,
            _ => false,
        };
        let settings = settings(&counting(), 2, saves.then_some(folder.path()));
        let (mut crashed, _) = started(&settings);
        crashed.crash();
        assert!(is_right(&ask(&crashed)), "{}", ask(&crashed));
        let (ended, _) = started(&settings);
        ended.stop();
        let ended = within_limit("the end", move || {
            ended.wait().unwrap();
            ended
        });
        // The checkpointer may be about to go when the outcome is known.
        wait_until("the error", || ended.set_workers(NonZeroUsize::MIN).is_err());
        assert!(is_right(&ask(&ended)), "{}", ask(&ended));
    }
}
