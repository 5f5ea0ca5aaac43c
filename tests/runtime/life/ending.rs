//! A run drains when it is stopped, and ends at once when its engine is dropped, whatever the moment.

use std::net::TcpStream;
use std::sync::{Arc, mpsc};

use bytes::Bytes;
use wallaroo::core::event::EngineEvent;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::{Engine, EngineError, RunState, Settings};
use wallaroo::{Application, Reason, Source};

use crate::applications::counting;
use crate::recorder::Recorder;
use crate::support::frames::vote;
use crate::support::waiting::{wait_until, within_limit};
use crate::{WORKERS, injectable, start};

/// Injects this many votes, 1,000 at a time.
fn flood(engine: &Engine, thousands: u64) {
    let votes = Bytes::from(vote(b'x', 1).repeat(1000));
    for _ in 0..thousands {
        engine.inject(PipelineIndex(0), votes.clone()).unwrap();
    }
}

fn drop_within_limit(engine: Engine) {
    within_limit("the engine's end", move || drop(engine));
}

/// An engine with a TCP source, and a client that is connected and silent.
fn with_idle_client() -> (Engine, TcpStream) {
    let settings = Settings {
        sources: vec![Endpoint::Tcp("127.0.0.1:0".to_owned())],
        ..injectable(&counting(), 2)
    };
    let (engine, recorder) = start(&counting(), &settings);
    let client = TcpStream::connect(recorder.address()).unwrap();
    wait_for_client(&recorder);
    (engine, client)
}

fn wait_for_client(recorder: &Recorder) {
    recorder.wait_for("the client", |recorded| {
        recorded.events.iter().any(|event| matches!(event, EngineEvent::Connected(..)))
    });
}

#[test]
fn a_stopped_engine_finishes_all_that_it_was_given() {
    for workers in WORKERS {
        let (engine, recorder) = start(&counting(), &injectable(&counting(), workers));
        flood(&engine, 20);
        engine.stop();
        assert!(engine.inject(PipelineIndex(0), Bytes::new()).is_err());
        let engine = within_limit("the run", move || {
            engine.wait().unwrap();
            engine
        });
        assert_eq!(recorder.recorded().outputs[0].len(), 20_000);
        assert_eq!(engine.export().next().unwrap().value[1], 20_000);
    }
}

#[test]
fn a_stopped_engine_ends_also_if_what_goes_on_after_it_is_held() {
    let (engine, recorder) = start(&counting(), &injectable(&counting(), 2));
    let earlier = engine.earlier();
    flood(&engine, 20);
    engine.stop();
    within_limit("the run", move || engine.wait().unwrap());
    assert_eq!(recorder.recorded().outputs[0].len(), 20_000);
    drop(earlier);
}

#[test]
fn an_engine_that_has_failed_refuses_what_is_injected() {
    let sinks = vec![vec![Endpoint::File("/dev/full".into())]];
    let settings = Settings { sinks, ..injectable(&counting(), 1) };
    let (engine, _) = start(&counting(), &settings);
    flood(&engine, 1);
    assert!(engine.wait().unwrap_err().to_string().contains("/dev/full"));
    let refused = engine.inject(PipelineIndex(0), vote(b'x', 1).into());
    assert!(matches!(refused, Err(EngineError::Ended)), "{refused:?}");
}

#[test]
fn a_run_that_others_may_give_messages_to_ends_with_its_sources_and_loses_none_that_it_took() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("votes");
    std::fs::write(&file, vote(b'x', 1).repeat(20_000)).unwrap();
    for workers in WORKERS {
        let sources = vec![Endpoint::File(file.clone())];
        let settings = injectable(&counting(), workers);
        let settings = Settings { injectable: false, attachable: true, sources, ..settings };
        let (engine, recorder) = start(&counting(), &settings);
        let votes = Bytes::from(vote(b'y', 1).repeat(10));
        let mut taken = 0;
        // Few enough that the file ends among them, and not behind them.
        while taken < 20_000 && engine.inject(PipelineIndex(0), votes.clone()).is_ok() {
            taken += 10;
            std::thread::yield_now();
        }
        within_limit("the run", move || engine.wait().unwrap());
        assert_eq!(recorder.recorded().outputs[0].len(), 20_000 + taken);
    }
}

#[test]
fn a_paused_engine_that_is_stopped_finishes_all_that_it_was_given() {
    let (engine, recorder) = start(&counting(), &injectable(&counting(), 2));
    engine.pause();
    flood(&engine, 2);
    engine.stop();
    within_limit("the run", move || engine.wait().unwrap());
    assert_eq!(recorder.recorded().outputs[0].len(), 2_000);
}

#[test]
fn a_run_that_is_ending_can_be_paused_no_more() {
    let (engine, recorder) = start(&counting(), &injectable(&counting(), 2));
    engine.pause();
    flood(&engine, 10);
    engine.stop();
    engine.pause();
    engine.step();
    within_limit("the run", move || engine.wait().unwrap());
    assert_eq!(recorder.recorded().outputs[0].len(), 10_000);
}

#[test]
fn an_idle_client_does_not_hold_up_a_stop() {
    let (engine, _client) = with_idle_client();
    engine.stop();
    within_limit("the run", move || engine.wait().unwrap());
}

#[test]
fn an_engine_that_is_dropped_ends_at_once() {
    for workers in WORKERS {
        let (engine, _) = start(&counting(), &injectable(&counting(), workers));
        drop_within_limit(engine);
    }
}

#[test]
fn an_engine_that_is_dropped_in_a_flood_ends_at_once() {
    for workers in WORKERS {
        let (engine, recorder) = start(&counting(), &injectable(&counting(), workers));
        flood(&engine, 100);
        recorder.wait_for("the beginning", |recorded| recorded.counts.frames > 0);
        drop_within_limit(engine);
    }
}

#[test]
fn an_engine_that_is_dropped_while_it_is_paused_ends_at_once() {
    for workers in WORKERS {
        let (engine, recorder) = start(&counting(), &injectable(&counting(), workers));
        engine.pause();
        flood(&engine, 10);
        // One step shows that the frames wait for the workers and not somewhere before.
        engine.step();
        wait_until("the step", || engine.run_state() == RunState::Paused);
        assert_eq!(recorder.frames(), 1);
        drop_within_limit(engine);
    }
}

#[test]
fn an_engine_that_is_dropped_with_an_idle_client_ends_at_once() {
    let (engine, _client) = with_idle_client();
    drop_within_limit(engine);
}

#[test]
fn an_engine_whose_run_has_ended_can_be_dropped() {
    let (engine, _) = start(&counting(), &Settings::new(&counting()));
    engine.wait().unwrap();
    drop_within_limit(engine);
}

#[test]
fn settings_of_another_application_are_refused() {
    let topology = counting();
    for (sources, sinks) in [(1, 0), (0, 1), (2, 1)] {
        let sources = vec![Endpoint::Null; sources];
        let sinks = vec![vec![Endpoint::Null; sinks]];
        let settings = Settings { sources, sinks, ..injectable(&topology, 1) };
        let started = Engine::start(counting(), &settings, Arc::new(Recorder::default()));
        let error = started.err().map(|error| error.to_string());
        assert!(error.as_ref().is_some_and(|error| error.contains("do not fit")), "{error:?}");
    }
}

#[test]
fn a_run_that_begins_paused_ends_when_its_file_is_empty() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for workers in WORKERS {
        let settings = Settings {
            paused: true,
            injectable: false,
            sources: vec![Endpoint::File(file.path().to_owned())],
            ..injectable(&counting(), workers)
        };
        let (engine, _recorder) = start(&counting(), &settings);
        within_limit("the run", move || engine.wait().unwrap());
    }
}

#[test]
fn an_engine_is_dropped_though_a_worker_hangs_and_that_is_told() {
    let (returns, hangs) = mpsc::channel::<()>();
    let (entered, entry) = mpsc::channel();
    let hangs = std::sync::Mutex::new(hangs);
    let decode = move |_: &[u8]| -> Result<Option<u64>, Reason> {
        entered.send(()).unwrap();
        // Until the test is over.
        let _ = hangs.lock().unwrap().recv();
        Ok(None)
    };
    let topology = Application::new("hangs").pipeline("p", Source::new(decode)).done();
    let topology = Arc::new(topology.build().unwrap());
    let (engine, recorder) = start(&topology, &injectable(&topology, 1));
    flood(&engine, 1);
    entry.recv().unwrap();
    drop_within_limit(engine);
    let told = |event: &EngineEvent| matches!(event, EngineEvent::LeftBehind(_));
    assert!(recorder.recorded().events.iter().any(told));
    drop(returns);
}
