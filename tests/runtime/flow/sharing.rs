//! Pipelines that share a state, and a pipeline without a sink.

use std::sync::Arc;

use wallaroo::core::numbers::PipelineIndex;
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::Settings;
use wallaroo::session::Session;
use wallaroo::{Application, Key, Sink, Source, Topology};

use crate::applications::{Vote, add, decode, letter, write_line};
use crate::support::frames::votes;
use crate::{WORKERS, injectable, start};

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
