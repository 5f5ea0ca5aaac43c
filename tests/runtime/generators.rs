//! Sources that make their messages themselves.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wallaroo::core::frames::trace::HopEvent;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::endpoints::Endpoint;
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::Settings;
use wallaroo::{Application, Key, Out, Sink, Source, TestDriver, Topology};

use crate::applications::{Vote, letter};
use crate::files::{FRAMES, through_all_that_may_happen, wait_for_pause};
use crate::flow::tracing::every_message;
use crate::support::fragile::silence_panics_on_purpose;
use crate::support::sockets::small_listener;
use crate::twin::{ending, of_driver};
use crate::{WORKERS, Workers, injectable, start};

/// Adds votes that the source makes itself, up to this number. Some cannot be made.
fn made(messages: u64) -> Arc<Topology> {
    silence_panics_on_purpose();
    let make = move |number: u64| {
        assert!(number >= messages || number % 997 != 996, "on purpose, at {number}");
        let letter = b'a' + (number % 11) as u8;
        (number < messages)
            .then_some(Vote { letter, votes: u32::try_from(number & 0xffff_ffff).unwrap() })
    };
    let add = |vote: Vote, total: &mut u64| {
        *total = total.wrapping_mul(31).wrapping_add(vote.votes.into());
        (Some((vote.letter, *total)), true)
    };
    let write = |(letter, total): &(u8, u64), output: &mut Out<'_>| {
        output.byte(*letter);
        output.byte(b' ');
        output.decimal(*total);
        output.byte(b'\n');
    };
    let topology = Application::new("made")
        .pipeline("votes", Source::generator(make))
        .to_state_partition(add, |_: &Key| 0, "totals", letter)
        .to_sink(Sink::new(write))
        .build();
    Arc::new(topology.unwrap())
}

/// Runs that save, and write a file.
pub fn saving(topology: &Arc<Topology>, folder: &Path, workers: Workers) -> Settings {
    let resilience = ResilienceSettings::new(folder.join("saved"));
    let resilience = ResilienceSettings { interval: Duration::from_millis(1), ..resilience };
    Settings {
        injectable: false,
        paused: true,
        sinks: vec![vec![Endpoint::File(folder.join("output"))]],
        resilience: Some(resilience),
        ..injectable(topology, workers)
    }
}

#[test]
fn messages_that_a_source_makes_end_as_in_the_driver_whatever_happens_in_between() {
    let topology = made(FRAMES.into());
    let mut driver = TestDriver::new(&topology);
    assert_eq!(driver.generate("votes", u64::MAX).unwrap(), u64::from(FRAMES));
    driver.run();
    let expected = of_driver(&driver, "votes", &["totals"]);
    assert_eq!(driver.dead_letters().len(), 50);
    assert_eq!(driver.dead_letters()[1].offset, 2 * 997 - 1, "the number of the message");
    for workers in WORKERS {
        let folder = tempfile::tempdir().unwrap();
        let (engine, recorder) = start(&topology, &saving(&topology, folder.path(), workers));
        through_all_that_may_happen(&engine, &recorder);
        let found = ending(&engine, &recorder);
        assert!(found == expected, "{workers} workers");
        let told = recorder.recorded();
        assert_eq!(told.counts.bytes, 0, "nothing was read");
        assert!(fs::read(folder.path().join("output")).unwrap() == told.outputs[0].concat());
    }
}

#[test]
fn a_run_that_is_stopped_is_continued_at_the_number_at_which_it_ended() {
    let topology = made(10_000);
    for workers in WORKERS {
        let folder = tempfile::tempdir().unwrap();
        let settings = saving(&topology, folder.path(), workers);
        let (engine, recorder) = start(&topology, &settings);
        engine.step();
        wait_for_pause(&engine);
        engine.stop();
        engine.wait().unwrap();
        let taken = recorder.frames();
        assert!((1..10_000).contains(&taken), "{taken}");
        drop(engine);
        let (engine, recorder) = start(&topology, &Settings { paused: false, ..settings.clone() });
        engine.wait().unwrap();
        assert_eq!(recorder.frames() + taken, 10_000);
        drop(engine);
        let (engine, recorder) = start(&topology, &Settings { paused: false, ..settings });
        engine.wait().unwrap();
        assert_eq!(recorder.frames(), 0, "there are no more");
        let lines = fs::read_to_string(folder.path().join("output")).unwrap();
        assert_eq!(lines.lines().count(), 9_990, "exactly once, but for those that cannot be made");
    }
}

#[test]
fn a_receiver_that_takes_nothing_stops_a_source_that_would_never_end() {
    let topology = made(u64::MAX);
    for workers in WORKERS {
        let receiver = small_listener();
        let address = receiver.local_addr().unwrap().to_string();
        let sinks = vec![vec![Endpoint::Tcp(address)]];
        let settings = Settings { injectable: false, sinks, ..injectable(&topology, workers) };
        let (_engine, recorder) = start(&topology, &settings);
        let (mut connection, _) = receiver.accept().unwrap();
        recorder.wait_for("the pressure", |told| told.held == [PipelineIndex(0)]);
        // Room is for 4 MiB, and a message is 8 bytes long and becomes some more.
        let held = recorder.frames();
        assert!(held < 1_000_000, "{held} messages are in flight");
        let mut outputs = vec![0; 16 * 1024 * 1024];
        connection.read_exact(&mut outputs).unwrap();
        assert!(recorder.frames() > held, "it goes on");
    }
}

#[test]
fn the_number_of_a_message_is_typed_to_have_it_once_more() {
    let topology = made(3);
    let form = topology.pipelines()[0].source.typed.as_ref().unwrap();
    let framing = &topology.pipelines()[0].source.framing;
    let typed = |text: &str| framing.frame(&form.parse(text).unwrap()).unwrap();
    assert!(form.parse("three").is_err());
    for workers in WORKERS {
        let (engine, recorder) = start(&topology, &injectable(&topology, workers));
        recorder.wait_for("the end", |told| told.counts.frames == 3);
        engine.inject(PipelineIndex(0), typed("1").into()).unwrap();
        engine.inject(PipelineIndex(0), typed("7").into()).unwrap();
        engine.stop();
        engine.wait().unwrap();
        let told = recorder.recorded();
        let mut outputs = told.outputs[0].clone();
        outputs.sort();
        assert_eq!(outputs, [&b"a 0\n"[..], b"b 1\n", b"b 32\n", b"c 2\n"]);
        assert_eq!(told.dead_letters[0].reason, "the generator has no message of number 7");
    }
}

#[test]
fn a_message_that_is_made_is_traced_from_its_generator_on() {
    let topology = made(5);
    let settings = Settings { traces: Some(every_message()), ..injectable(&topology, 2) };
    let (engine, recorder) = start(&topology, &settings);
    recorder.wait_for("all", |told| told.outputs.first().is_some_and(|all| all.len() == 5));
    drop(engine);
    let traces = recorder.recorded().traces;
    assert_eq!(traces.len(), 5);
    let trace = traces.iter().find(|trace| trace.sequence.0 == 4).unwrap();
    let made = &trace.hops()[0];
    assert_eq!((&*trace.source, &*made.step), ("generator", "generate"));
    assert_eq!(made.event, HopEvent::Decoded(r#"{"letter":100,"votes":3}"#.to_owned()));
}

#[test]
fn an_endpoint_that_nobody_would_read_is_refused() {
    let topology = made(5);
    let sources = vec![Endpoint::Tcp("127.0.0.1:0".to_owned())];
    let settings = Settings { sources, ..injectable(&topology, 1) };
    let refused = wallaroo::runtime::Engine::start(
        Arc::clone(&topology),
        &settings,
        Arc::new(wallaroo::Unwatched),
    );
    assert_eq!(
        refused.err().unwrap().to_string(),
        "pipeline `votes` makes its messages itself and reads no endpoint: leave its source without one"
    );
}
