//! Another number of workers while it runs, and what `save = false` means for it.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use wallaroo::core::numbers::PipelineIndex;
use wallaroo::endpoints::Endpoint;
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::{Engine, Settings};
use wallaroo::{Application, Key, Sink, Source, Topology};

use crate::applications::{Vote, decode, letter};
use crate::injectable;
use crate::recorder::Recorder;
use crate::start;
use crate::support::frames::votes;

/// Adds votes; an odd number of votes does not ask to be saved.
fn odd_is_not_saved() -> Arc<Topology> {
    let add = |vote: Vote, total: &mut u64| {
        *total += u64::from(vote.votes);
        (None::<u8>, vote.votes.is_multiple_of(2))
    };
    let topology = Application::new("even")
        .pipeline("votes", Source::new(decode))
        .to_state_partition(add, |_: &Key| 0, "totals", letter)
        .done()
        .build();
    Arc::new(topology.unwrap())
}

fn saved_in(directory: &tempfile::TempDir, workers: usize) -> Settings {
    let resilience = Some(ResilienceSettings::new(directory.path().to_owned()));
    Settings { resilience, ..injectable(&odd_is_not_saved(), workers) }
}

fn vote(engine: &Engine, recorder: &Recorder, all: impl IntoIterator<Item = (u8, u32)>) {
    let all: Vec<_> = all.into_iter().collect();
    let before = recorder.recorded().finished;
    let count = all.len() as u64;
    engine.inject(PipelineIndex(0), votes(all).into()).unwrap();
    recorder.wait_for("the votes", |recorded| recorded.finished == before + count);
}

fn totals(engine: &Engine) -> Vec<(String, u64)> {
    engine.export().map(|row| (row.key.to_string(), row.value.as_u64().unwrap())).collect()
}

#[test]
fn other_workers_go_on_with_every_change_also_those_that_did_not_ask_to_be_saved() {
    let directory = tempfile::tempdir().unwrap();
    let (engine, recorder) = start(&odd_is_not_saved(), &saved_in(&directory, 2));
    vote(&engine, &recorder, (b'a'..=b'z').map(|letter| (letter, u32::from(letter))));
    let before = totals(&engine);
    for workers in [1, 4, 3] {
        let done = engine.set_workers(NonZeroUsize::new(workers).unwrap()).unwrap();
        done.blocking_recv().unwrap();
        assert_eq!(engine.workers(), workers);
        assert_eq!(totals(&engine), before);
    }
    vote(&engine, &recorder, [(b'a', 1)]);
    assert_eq!(totals(&engine)[0], ("a".to_owned(), before[0].1 + 1));
}

#[test]
fn a_sink_that_fails_says_so_also_where_a_checkpoint_waits_for_it() {
    let full = Endpoint::File("/dev/full".into());
    let echo = Application::new("echo")
        .pipeline("votes", Source::new(decode))
        .to_sink(Sink::new(|vote: &Vote, output: &mut Vec<u8>| output.push(vote.letter)))
        .build();
    let echo = Arc::new(echo.unwrap());
    for _ in 0..20 {
        let directory = tempfile::tempdir().unwrap();
        let interval = Duration::ZERO;
        let resilience = ResilienceSettings::new(directory.path().to_owned());
        let resilience = Some(ResilienceSettings { interval, ..resilience });
        let sinks = vec![vec![full.clone()]];
        let (engine, _) = start(&echo, &Settings { resilience, sinks, ..injectable(&echo, 1) });
        engine.inject(PipelineIndex(0), votes([(b'a', 1)]).into()).unwrap();
        let error = engine.wait().unwrap_err();
        assert!(error.to_string().contains("/dev/full"), "{error}");
    }
}

#[test]
fn a_number_of_workers_cannot_be_changed_where_nothing_is_saved() {
    let (engine, _) = start(&odd_is_not_saved(), &injectable(&odd_is_not_saved(), 1));
    let error = engine.set_workers(NonZeroUsize::MIN).unwrap_err();
    assert!(error.to_string().contains("resilience directory"), "{error}");
}
