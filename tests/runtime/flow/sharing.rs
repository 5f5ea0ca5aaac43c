//! Pipelines that share a state, and a pipeline without a sink.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;

use wallaroo::core::numbers::PipelineIndex;
use wallaroo::endpoints::Endpoint;
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::Settings;
use wallaroo::session::Session;
use wallaroo::telemetry::{PartitionView, SinkState};
use wallaroo::{Application, Key, Out, Sink, Source, Topology};

use crate::applications::{Vote, add, decode, letter, write_line};
use crate::support::frames::votes;
use crate::support::sockets::small_listener;
use crate::support::waiting::wait_until;
use crate::{WORKERS, Workers, injectable, start};

/// Two pipelines with one state between them: `silent` has no sink.
fn shared() -> Arc<Topology> {
    let topology = Application::new("shared")
        .pipeline("silent", Source::new(decode))
        .to_state_partition(add, |_: &Key| (0, 0), "totals", letter)
        .done()
        .pipeline("loud", Source::new(decode))
        .to_state_partition(add, |_: &Key| (0, 0), "totals", letter)
        .to_sink(Sink::new(write_line))
        .build();
    Arc::new(topology.unwrap())
}

#[test]
fn pipelines_that_share_a_state_add_to_the_same_partitions() {
    for workers in WORKERS {
        let (engine, recorder) = start(&shared(), &injectable(&shared(), workers));
        for round in 0..50 {
            for pipeline in [0, 1] {
                let of_round = votes((b'a'..=b'j').map(|letter| (letter, round)));
                engine.inject(PipelineIndex(pipeline), of_round.into()).unwrap();
            }
        }
        engine.stop();
        engine.wait().unwrap();
        let rows: Vec<_> = engine.export().collect();
        assert_eq!(rows.len(), 10, "{workers} workers");
        for row in rows {
            assert_eq!((row.messages, &row.value[1]), (100, &(2 * 49 * 50 / 2).into()));
        }
        let told = recorder.recorded();
        assert_eq!((told.finished, told.outputs[1].len()), (500, 500));
        assert_eq!(told.counts.created, 10);
    }
}

#[test]
fn two_sinks_with_one_file_and_two_sources_with_one_stream_are_refused() {
    let echo = |application: Application, name: &str| {
        application
            .pipeline(name, Source::new(decode))
            .to_sink(Sink::new(|_: &Vote, _: &mut Vec<u8>| ()))
    };
    let topology = Arc::new(echo(echo(Application::new("two"), "one"), "other").build().unwrap());
    let file = tempfile::NamedTempFile::new().unwrap();
    let sink = Endpoint::File(file.path().to_owned());
    let settings =
        Settings { sinks: vec![vec![sink.clone()], vec![sink]], ..injectable(&topology, 1) };
    let error = Session::start(Arc::clone(&topology), &settings, None).err().unwrap().to_string();
    assert!(error.contains("another output already"), "{error}");
    let sources = vec![Endpoint::Standard; 2];
    let settings = Settings { sources, ..injectable(&topology, 1) };
    let error = Session::start(topology, &settings, None).err().unwrap().to_string();
    assert!(error.contains("another pipeline's input already"), "{error}");
}

/// Two pipelines that make lines of their own letter, up to this many each, for one sink.
fn one_sink(lines: u64) -> Arc<Topology> {
    let line = |(letter, number): &(u8, u64), output: &mut Out<'_>| {
        output.bytes([*letter; 1000]);
        output.decimal(*number);
        output.byte(b'\n');
    };
    let make = |letter: u8| move |number: u64| (number < lines).then_some((letter, number));
    let topology = Application::new("one sink")
        .pipeline("small", Source::generator(make(b'a')))
        .to_sink(Sink::new(line).named("all"))
        .pipeline("large", Source::generator(make(b'B')))
        .to_state_partition(
            |item: (u8, u64), (): &mut ()| (Some(item), false),
            |_: &Key| (),
            "nothing",
            |item: &(u8, u64)| item.0,
        )
        .to_sink(Sink::new(line).named("all"))
        .build();
    Arc::new(topology.unwrap())
}

/// The numbers of each letter's lines, which must be whole.
fn numbers(lines: &str) -> [Vec<u64>; 2] {
    let mut all = [Vec::new(), Vec::new()];
    for line in lines.lines() {
        let (letters, number) = line.split_at(1000);
        assert!(["a", "B"].iter().any(|letter| letters == letter.repeat(1000)), "{line}");
        all[usize::from(letters.starts_with('B'))].push(number.parse().unwrap());
    }
    all
}

#[test]
fn the_outputs_of_pipelines_with_one_sink_are_whole_and_each_in_its_order() {
    const LINES: u64 = 5000;
    let topology = one_sink(LINES);
    for workers in WORKERS {
        let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        let to_tcp = Endpoint::Tcp(receiver.local_addr().unwrap().to_string());
        for sink in [to_tcp, Endpoint::File(file.path().to_owned())] {
            let sinks = vec![vec![sink.clone()]; 2];
            let settings = Settings { sinks, injectable: false, ..injectable(&topology, workers) };
            let (engine, recorder) = start(&topology, &settings);
            let mut lines = String::new();
            if let Endpoint::Tcp(_) = sink {
                let (mut connection, _) = receiver.accept().unwrap();
                connection.read_to_string(&mut lines).unwrap();
                drop(connection);
            }
            engine.wait().unwrap();
            if let Endpoint::File(path) = sink {
                lines = fs::read_to_string(path).unwrap();
            }
            let [mut small, large] = numbers(&lines);
            if workers != Workers::Together(1) {
                // Without a state, each worker has a part of the source, and the parts come as they may.
                small.sort_unstable();
            }
            let all: Vec<u64> = (0..LINES).collect();
            assert!(small == all && large == all, "{workers} workers");
            let told = recorder.recorded();
            assert_eq!(told.outputs[0].len() as u64, LINES, "outputs are of their pipeline");
            assert_eq!(told.outputs[1].len() as u64, LINES);
        }
    }
}

#[test]
fn a_shared_sink_that_takes_nothing_stops_both_pipelines_and_each_says_so() {
    let topology = one_sink(u64::MAX);
    let receiver = small_listener();
    let sink = Endpoint::Tcp(receiver.local_addr().unwrap().to_string());
    let settings = Settings { sinks: vec![vec![sink]; 2], ..injectable(&topology, 2) };
    let mut session = Session::start(topology, &settings, None).unwrap();
    let (_connection, _) = receiver.accept().unwrap();
    wait_until("the pressure", || {
        session.refresh(&PartitionView::default());
        let pipelines = session.snapshot().pipelines;
        pipelines.iter().all(|pipeline| {
            let stalled = pipeline.sinks.iter().any(|sink| sink.state == SinkState::Stalled);
            pipeline.held && stalled
        })
    });
}

#[test]
fn a_shared_sink_with_two_endpoints_is_refused() {
    let topology = one_sink(1);
    let sinks = vec![vec![Endpoint::Null], vec![Endpoint::Standard]];
    let settings = Settings { sinks, ..injectable(&topology, 1) };
    assert_eq!(
        Session::start(topology, &settings, None).err().unwrap().to_string(),
        "pipeline `large` shares a sink with pipeline `small`: give it the same endpoint at both"
    );
}

#[test]
fn a_shared_file_goes_on_whichever_of_its_pipelines_comes_first_and_if_one_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = |application: Application, name: &'static str| {
        let make = |number: u64| (number < 100).then_some(number);
        let line = move |number: &u64, output: &mut Out<'_>| {
            output.text(name);
            output.decimal(*number);
            output.byte(b'\n');
        };
        let pipeline = application.pipeline(name, Source::generator(make));
        pipeline.to_sink(Sink::new(line).named("all"))
    };
    let order = |names: &[&'static str]| {
        let all = names.iter().copied().fold(Application::new("order"), pipeline);
        Arc::new(all.build().unwrap())
    };
    let output = folder.path().join("output");
    let lines = || fs::read_to_string(&output).unwrap().lines().count();
    let run = |topology: &Arc<Topology>| {
        let settings = Settings {
            sinks: topology
                .pipelines()
                .iter()
                .map(|_| vec![Endpoint::File(output.clone())])
                .collect(),
            resilience: Some(ResilienceSettings::new(folder.path().join("saved"))),
            injectable: false,
            ..injectable(topology, 1)
        };
        start(topology, &settings).0.wait().unwrap();
    };
    run(&order(&["a", "b", "c"]));
    assert_eq!(lines(), 300);
    run(&order(&["c", "b", "a"]));
    assert_eq!(lines(), 300, "nothing is emptied and nothing is written twice");
    run(&order(&["b", "a"]));
    assert_eq!(lines(), 300, "also if its first pipeline is gone");
    run(&order(&["d", "a"]));
    assert_eq!(lines(), 400, "also if that has another name");
}

#[test]
fn a_pipeline_without_a_sink_does_its_work_and_ends() {
    for workers in WORKERS {
        let (engine, recorder) = start(&shared(), &injectable(&shared(), workers));
        engine.inject(PipelineIndex(0), votes([(b'a', 1), (b'b', 2), (b'a', 3)]).into()).unwrap();
        recorder.wait_for("three messages", |recorded| recorded.finished == 3);
        engine.stop();
        engine.wait().unwrap();
        assert!(recorder.recorded().outputs.is_empty());
        assert_eq!(engine.export().next().unwrap().value[1], 4, "{workers} workers");
    }
}

#[test]
fn a_message_that_ends_in_a_state_without_an_output_has_a_latency() {
    let silent = |vote: Vote, total: &mut u64| {
        *total += u64::from(vote.votes);
        (None::<u64>, true)
    };
    let topology = Application::new("silent")
        .pipeline("votes", Source::new(decode))
        .to_state_partition(silent, |_: &Key| 0, "totals", letter)
        .done()
        .build();
    let topology = Arc::new(topology.unwrap());
    let (engine, recorder) = start(&topology, &injectable(&topology, 2));
    engine.inject(PipelineIndex(0), votes([(b'a', 1), (b'b', 2), (b'a', 3)]).into()).unwrap();
    engine.stop();
    engine.wait().unwrap();
    assert_eq!(recorder.recorded().finished, 3);
}
