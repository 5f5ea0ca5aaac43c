//! Panics of an author's code cost messages and partitions, and never the run.

use std::sync::Arc;
use std::time::Duration;

use wallaroo::Key;
use wallaroo::core::frames::dead_letter::DeadLetter;
use wallaroo::core::numbers::{PipelineIndex, WorkerIndex};
use wallaroo::core::observer::Observer;
use wallaroo::core::partitions::query::Revival;
use wallaroo::core::steps::context::Report;
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::{Engine, Settings};
use wallaroo::session::Session;

use crate::applications::{FIRST_PANIC, STATELESS_PANIC, counting, refusing, winding};
use crate::recorder::Recorder;
use crate::support::fragile::{fragile, silence_panics_on_purpose};
use crate::support::frames::votes;
use crate::support::waiting::{wait_until, within_limit};
use crate::{WORKERS, injectable, start};

#[test]
fn panics_are_dead_letters_and_the_run_goes_on() {
    let (engine, recorder) = start(&winding(), &injectable(&winding(), 4));
    let inject = |votes: Vec<u8>| engine.inject(PipelineIndex(0), votes.into()).unwrap();
    // One panic without a state, and one that poisons the partition of `a`.
    inject(votes([(b'a', STATELESS_PANIC), (b'a', FIRST_PANIC), (b'a', 2)]));
    recorder.wait_for("three dead letters", |recorded| recorded.dead_letters.len() == 3);
    inject(votes((b'a'..=b'z').map(|letter| (letter, 2))));
    recorder.wait_for("the others' outputs", |recorded| {
        recorded.outputs.first().is_some_and(|outputs| outputs.len() == 25 * 2)
    });
    engine.stop();
    engine.wait().unwrap();
    let told = recorder.recorded();
    let mut reasons: Vec<_> =
        told.dead_letters.iter().map(|letter| letter.reason.as_str()).collect();
    reasons.sort_unstable();
    let poisoned = "the partition is poisoned: an earlier message made its computation panic or its state \
                    too long to save";
    assert_eq!(reasons, ["panicked: on purpose", "panicked: on purpose", poisoned, poisoned]);
    let totals: Vec<_> = engine.export().filter(|row| row.state == "totals").collect();
    assert_eq!(totals.len(), 26);
    assert!(totals.iter().all(|row| row.poisoned == (row.key == Key::from('a'))));
}

#[test]
fn a_partition_is_revived_on_whichever_worker_owns_it_also_while_the_engine_is_paused() {
    silence_panics_on_purpose();
    for workers in WORKERS {
        let topology = Arc::new(fragile());
        let mut session =
            Session::start(Arc::clone(&topology), &injectable(&topology, workers), None).unwrap();
        let send = |session: &Session, word: &str| {
            let framing = &*topology.pipelines()[0].source.framing;
            session
                .engine()
                .inject(PipelineIndex(0), framing.frame(word.as_bytes()).unwrap().into())
                .unwrap();
        };
        let (state, key) = (Arc::clone(&topology.states()[0].name), Key::from("b"));
        let ended = |session: &Session| {
            let totals = session.snapshot().totals;
            (totals.messages_out, totals.dead_letters)
        };
        send(&session, "bad");
        send(&session, "berry");
        wait_until("two dead letters", || ended(&session) == (0, 2));
        session.engine().pause();
        let patience = Duration::from_mins(1);
        assert_eq!(session.revive(&state, &key, patience), Some(Revival::Revived));
        assert_eq!(session.revive(&state, &key, patience), Some(Revival::WasGood));
        assert_eq!(session.revive(&state, &Key::from("x"), patience), Some(Revival::NotFound));
        session.engine().resume();
        send(&session, "berry");
        wait_until("an output", || ended(&session) == (1, 2));
        let row = session.engine().export().next().unwrap();
        assert_eq!((row.poisoned, row.messages, row.value.as_u64()), (false, 1, Some(2)));
    }
}

#[test]
fn a_state_builder_that_panics_for_a_declared_key_ends_the_start_with_an_error() {
    silence_panics_on_purpose();
    for workers in WORKERS {
        let topology = refusing();
        let settings = Settings { precreate: true, ..injectable(&topology, workers) };
        let error = within_limit("the start", move || {
            Session::start(topology, &settings, None).err().map(|error| error.to_string())
        });
        let error = error.expect("the builder panicked");
        assert!(error.contains("panicked: on purpose"), "{error}");
    }
}

/// Panics in the engine itself, on the worker that has processed a vote for `!`.
struct Panics(Recorder);

impl Observer for Panics {
    fn processed(&self, pipeline: PipelineIndex, worker: WorkerIndex, report: &mut Report) {
        assert!(report.bytes != BAD.len() as u64, "on purpose");
        self.0.processed(pipeline, worker, report);
    }

    fn dead_letter(&self, pipeline: PipelineIndex, letter: DeadLetter) {
        self.0.dead_letter(pipeline, letter);
    }
}

/// Longer than all others.
const BAD: &[u8] = b"\0\0\0\x08too long";

#[test]
fn a_frame_that_makes_the_engine_panic_at_every_start_is_set_aside() {
    silence_panics_on_purpose();
    let folder = tempfile::tempdir().unwrap();
    let topology = counting();
    for workers in WORKERS {
        let path = folder.path().join(workers.to_string());
        let settings = Settings {
            resilience: Some(ResilienceSettings::new(path)),
            ..injectable(&topology, workers)
        };
        let start = || {
            let observer = Arc::new(Panics(Recorder::default()));
            let engine =
                Engine::start(Arc::clone(&topology), &settings, Arc::clone(&observer) as _);
            (engine.unwrap(), observer)
        };
        let (engine, _) = start();
        engine.inject(PipelineIndex(0), BAD.into()).unwrap();
        let ended = within_limit("the first run", move || engine.wait());
        assert!(ended.unwrap_err().to_string().contains("on purpose"));
        // At full speed, then alone, until it has done it twice; and then without it.
        let mut deaths = 0;
        let letters = loop {
            assert!(deaths < 6, "it is never set aside");
            let (engine, observer) = start();
            wait_until("the replay or its end", || {
                engine.outcome().is_some() || observer.0.look(|seen| !seen.dead_letters.is_empty())
            });
            engine.stop();
            match within_limit("a start", move || engine.wait()) {
                Ok(()) => break observer.0.recorded().dead_letters,
                Err(error) => assert!(error.to_string().contains("on purpose"), "{error}"),
            }
            deaths += 1;
        };
        assert_eq!(deaths, 3, "{workers} workers");
        let [letter] = &letters[..] else { panic!("{letters:?}") };
        assert_eq!(&letter.bytes[..], &BAD[4..]);
        assert!(letter.reason.contains("set aside"), "{}", letter.reason);
    }
}
