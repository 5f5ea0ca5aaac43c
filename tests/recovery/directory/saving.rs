//! What `save = false` means, and what a partition keeps beside its state.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wallaroo::core::numbers::PipelineIndex;
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::{Engine, Settings};
use wallaroo::{Application, Key, Source, Topology};

use crate::recorder::Recorder;
use crate::support::fragile::fragile;
use crate::support::frames::{frame, votes};
use crate::support::waiting::wait_until;
use crate::votes::{Vote, decode, letter};

/// Adds votes; only a number above 1000 asks to be saved. It has no sink.
fn large_is_saved() -> Arc<Topology> {
    let add = |vote: Vote, total: &mut u64| {
        *total += u64::from(vote.1);
        (None::<u8>, vote.1 > 1000)
    };
    let topology = Application::new("large")
        .pipeline("votes", Source::new(decode))
        .to_state_partition(add, |_: &Key| 0, "totals", letter)
        .done()
        .build();
    Arc::new(topology.unwrap())
}

/// An engine that makes no checkpoint but the one at its end.
pub fn start(topology: &Arc<Topology>, saved: &Path, workers: usize) -> (Engine, Arc<Recorder>) {
    let resilience = ResilienceSettings {
        interval: Duration::from_hours(1),
        ..ResilienceSettings::new(saved.to_owned())
    };
    let settings = Settings {
        workers: NonZeroUsize::new(workers).unwrap(),
        injectable: true,
        resilience: Some(resilience),
        ..Settings::new(topology)
    };
    let recorder = Arc::new(Recorder::default());
    let engine =
        Engine::start(Arc::clone(topology), &settings, Arc::clone(&recorder) as _).unwrap();
    (engine, recorder)
}

fn vote(engine: &Engine, recorder: &Recorder, vote: (u8, u32)) {
    let before = recorder.frames();
    engine.inject(PipelineIndex(0), votes([vote]).into()).unwrap();
    recorder.wait_for("the vote", |recorded| recorded.counts.stateful > before);
}

fn totals(engine: &Engine) -> Vec<(String, u64, u64)> {
    let row = |row: wallaroo::core::partitions::query::PartitionRow| {
        (row.key.to_string(), row.value.as_u64().unwrap(), row.messages)
    };
    engine.export().map(row).collect()
}

/// Ends a run well, which makes a checkpoint.
fn end(engine: Engine) {
    engine.stop();
    engine.wait().unwrap();
}

#[test]
fn a_change_that_does_not_ask_to_be_saved_is_in_a_checkpoint_only_with_one_that_does() {
    let (folder, topology) = (tempfile::tempdir().unwrap(), large_is_saved());
    let a = |total, messages| ("a".to_owned(), total, messages);

    let (engine, recorder) = start(&topology, folder.path(), 1);
    for one in [(b'a', 2000), (b'b', 10)] {
        vote(&engine, &recorder, one);
    }
    end(engine);
    let (engine, recorder) = start(&topology, folder.path(), 2);
    assert_eq!(totals(&engine), [a(2000, 1)], "b has never been saved");

    // What the journal has since the checkpoint is processed again, and so are changes that are not
    // saved.
    for one in [(b'a', 100), (b'c', 5)] {
        vote(&engine, &recorder, one);
    }
    drop(engine);
    let (engine, recorder) = start(&topology, folder.path(), 1);
    recorder.wait_for("the replay", |recorded| recorded.counts.stateful == 2);
    assert_eq!(totals(&engine), [a(2100, 2), ("c".to_owned(), 5, 1)]);

    // A change that asks to be saved takes along those before it.
    vote(&engine, &recorder, (b'a', 3000));
    end(engine);
    let (engine, recorder) = start(&topology, folder.path(), 4);
    assert_eq!(totals(&engine), [a(5100, 3)]);

    // And those after it, up to the checkpoint: what is saved is the partition.
    vote(&engine, &recorder, (b'a', 4000));
    vote(&engine, &recorder, (b'a', 1));
    end(engine);
    let (engine, recorder) = start(&topology, folder.path(), 1);
    assert_eq!(totals(&engine), [a(9101, 5)]);

    // Then the partition is as it was saved last.
    vote(&engine, &recorder, (b'a', 7));
    end(engine);
    let (engine, _recorder) = start(&topology, folder.path(), 1);
    assert_eq!(totals(&engine), [a(9101, 5)]);
}

#[test]
fn a_poisoned_partition_stays_poisoned_until_it_is_revived() {
    wallaroo::runtime::silence_caught_panics();
    let (folder, topology) = (tempfile::tempdir().unwrap(), Arc::new(fragile()));
    let words = |engine: &Engine, recorder: &Recorder, words: &[&str]| {
        let told = |recorder: &Recorder| {
            recorder.look(|recorded| recorded.outputs.concat().len() + recorded.dead_letters.len())
        };
        let before = told(recorder);
        for word in words {
            engine.inject(PipelineIndex(0), frame(word.as_bytes()).into()).unwrap();
        }
        wait_until("the words", || told(recorder) == before + words.len());
    };
    let poisoned = |engine: &Engine| -> Vec<_> {
        engine.export().filter(|row| row.poisoned).map(|row| row.key.to_string()).collect()
    };
    for crash in [true, false] {
        let saved = folder.path().join(crash.to_string());
        let (engine, recorder) = start(&topology, &saved, 2);
        words(&engine, &recorder, &["apple", "bear", "bad"]);
        if crash {
            drop(engine);
        } else {
            end(engine);
        }
        let (engine, recorder) = start(&topology, &saved, 1);
        wait_until("the replay", || poisoned(&engine) == ["b"]);
        // Those of the replay, if there was one, have been told.
        wait_until("the replayed outputs", || {
            recorder.look(|recorded| recorded.outputs.concat().len()) == if crash { 2 } else { 0 }
        });
        words(&engine, &recorder, &["bear", "apple"]);
        let last = recorder.look(|recorded| recorded.dead_letters.last().unwrap().reason.clone());
        assert!(last.contains("is poisoned"), "{last}");

        assert!(engine.revive(&"counts".into(), &Key::from('b')).iter().count() > 0);
        wait_until("the revival", || poisoned(&engine).is_empty());
        end(engine);
        let (engine, recorder) = start(&topology, &saved, 2);
        assert_eq!(poisoned(&engine), Vec::<String>::new());
        words(&engine, &recorder, &["bear"]);
        assert_eq!(recorder.recorded().dead_letters.len(), 0);
    }
}
