//! Crash and recovery of a session, with many partitions.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use wallaroo::core::load::settings::LoadSettings;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::{EngineError, RunState, Settings};
use wallaroo::session::Session;
use wallaroo::telemetry::{PartitionView, SafetyShown};
use wallaroo::{Application, Generator, Key, Reason, Sink, Source, Topology};

use super::support::waiting::wait_until;

/// Counts messages by their payload.
pub fn counter() -> Arc<Topology> {
    let decode = |payload: &[u8]| Ok::<_, Reason>(Some(Key::from(payload)));
    let count = |_: Key, count: &mut u64| {
        *count += 1;
        (Some(*count), true)
    };
    let application = Application::new("counter")
        .pipeline("words", Source::new(decode).generated(|_: &mut Generator| vec![0]))
        .to_state_partition(count, |_: &Key| 0_u64, "counts", |word: &Key| word.clone());
    let sink = Sink::new(|_: &u64, _: &mut Vec<u8>| {});
    Arc::new(application.to_sink(sink).build().unwrap())
}

pub fn settings(topology: &Topology, directory: &Path) -> Settings {
    let interval = Duration::from_millis(100);
    let saved = ResilienceSettings { interval, ..ResilienceSettings::new(directory.to_owned()) };
    Settings {
        workers: 2.try_into().unwrap(),
        injectable: true,
        resilience: Some(saved),
        ..Settings::new(topology)
    }
}

pub fn inject(session: &Session, numbers: impl Iterator<Item = u32>) {
    let frames = numbers.flat_map(|number| [&[0, 0, 0, 4], &number.to_be_bytes()[..]].concat());
    session.engine().inject(PipelineIndex(0), frames.collect::<Bytes>()).unwrap();
}

/// How many partitions have counted how much.
pub fn counts(session: &Session) -> BTreeMap<u64, usize> {
    let mut counts = BTreeMap::new();
    for row in session.engine().export() {
        *counts.entry(row.value.as_u64().unwrap()).or_default() += 1;
    }
    counts
}

pub fn wait_for(session: &Session, wanted: &[(u64, usize)]) {
    let wanted: BTreeMap<u64, usize> = wanted.iter().copied().collect();
    wait_until(&format!("{wanted:?}"), || counts(session) == wanted);
}

fn story(session: &mut Session) -> SafetyShown {
    session.refresh(&PartitionView::default());
    session.snapshot().safety.unwrap()
}

#[test]
fn a_hundred_thousand_partitions_come_back_exactly_and_the_time_is_said() {
    let (topology, directory) = (counter(), tempfile::tempdir().unwrap());
    let settings = settings(&topology, directory.path());
    let mut session = Session::start(topology, &settings, None).unwrap();
    inject(&session, 0..100_000);
    wait_until("a checkpoint of everything", || {
        let safety = story(&mut session);
        safety.epoch.0 > 0 && safety.unsaved == 0 && counts(&session) == [(1, 100_000)].into()
    });
    // These are perhaps in a checkpoint, and in the journal if they are not.
    inject(&session, 50_000..50_100);
    wait_for(&session, &[(1, 99_900), (2, 100)]);
    session.crash().unwrap();
    wait_for(&session, &[(1, 99_900), (2, 100)]);
    wait_until("the end of the recovery", || !story(&mut session).recovering);
    let safety = story(&mut session);
    let (crash, recovered) = (safety.crash.unwrap(), safety.recovered.unwrap());
    assert_eq!((crash.workers, crash.partitions), (2, 100_000));
    assert_eq!((recovered.partitions, recovered.epoch), (100_000, crash.epoch));
    assert!(crash.messages <= 100 && recovered.frames == crash.messages, "{crash:?}");
    assert!(crash.took > recovered.took && recovered.took > Duration::ZERO);
    // What was processed again counts once.
    wait_until("all shares", || session.snapshot().totals.stateful == 100_100);
    inject(&session, 0..1);
    wait_for(&session, &[(1, 99_899), (2, 101)]);
    println!("100 000 partitions lost and recovered in {:?}", crash.took);
}

#[test]
fn a_paused_session_stays_paused_and_its_messages_wait() {
    let (topology, directory) = (counter(), tempfile::tempdir().unwrap());
    let settings = settings(&topology, directory.path());
    let mut session = Session::start(topology, &settings, None).unwrap();
    inject(&session, 0..10);
    wait_for(&session, &[(1, 10)]);
    session.engine().pause();
    wait_until("the pause", || session.engine().run_state() == RunState::Paused);
    inject(&session, 0..10);
    session.crash().unwrap();
    assert_eq!(session.engine().run_state(), RunState::Paused);
    session.engine().resume();
    wait_for(&session, &[(2, 10)]);
    assert_eq!(session.engine().run_state(), RunState::Running);
    session.crash().unwrap();
    assert_eq!(session.engine().run_state(), RunState::Running, "the pause was over");
}

#[test]
fn what_was_injected_before_a_crash_is_processed_once_also_if_it_had_not_entered() {
    let (topology, directory) = (counter(), tempfile::tempdir().unwrap());
    let settings = settings(&topology, directory.path());
    let mut session = Session::start(topology, &settings, None).unwrap();
    for crashes in 0..20 {
        // From the second on, while it recovers.
        inject(&session, crashes * 10..crashes * 10 + 10);
        session.crash().unwrap();
    }
    wait_for(&session, &[(1, 200)]);
}

#[test]
fn an_injection_longer_than_the_budget_survives_a_crash_whole() {
    let (topology, directory) = (counter(), tempfile::tempdir().unwrap());
    let settings = settings(&topology, directory.path());
    let mut session = Session::start(topology, &settings, None).unwrap();
    session.engine().pause();
    inject(&session, 0..100_000);
    wait_until("some of it to enter", || session.engine().budgets()[0].0 > 0);
    session.crash().unwrap();
    session.crash().unwrap();
    session.engine().resume();
    wait_for(&session, &[(1, 100_000)]);
    session.engine().stop();
    session.engine().wait().unwrap();
    assert_eq!(counts(&session), [(1, 100_000)].into(), "each once");
}

#[test]
fn what_was_injected_before_a_stop_is_processed_once_also_if_a_crash_ends_the_stop() {
    let (topology, directory) = (counter(), tempfile::tempdir().unwrap());
    let settings = settings(&topology, directory.path());
    let mut session = Session::start(topology, &settings, None).unwrap();
    inject(&session, 0..100_000);
    inject(&session, 0..100_000);
    session.engine().stop();
    session.crash().unwrap();
    wait_for(&session, &[(2, 100_000)]);
}

#[test]
fn what_was_stopped_ends_also_after_a_crash_or_a_reset() {
    for begins_again in [Session::crash, Session::reset] {
        let (topology, directory) = (counter(), tempfile::tempdir().unwrap());
        let settings = settings(&topology, directory.path());
        let mut session = Session::start(topology, &settings, None).unwrap();
        session.stop();
        begins_again(&mut session).unwrap();
        wait_until("the end", || session.engine().outcome().is_some());
    }
}

#[test]
fn a_load_does_not_begin_again_if_a_crash_ends_a_stop() {
    let (topology, directory) = (counter(), tempfile::tempdir().unwrap());
    let settings = settings(&topology, directory.path());
    let mut session = Session::start(topology, &settings, None).unwrap();
    session.load(LoadSettings::default()).unwrap();
    let is_ordered = |session: &Session| {
        session.engine().load_progress().iter().any(|progress| progress.goes_on)
    };
    session.crash().unwrap();
    assert!(is_ordered(&session), "not if nothing was stopped");
    session.stop();
    session.crash().unwrap();
    assert!(!is_ordered(&session));
}

#[test]
fn a_crash_while_workers_change_ends_with_the_new_number_and_all_partitions() {
    let (topology, directory) = (counter(), tempfile::tempdir().unwrap());
    let settings = settings(&topology, directory.path());
    let mut session = Session::start(topology, &settings, None).unwrap();
    inject(&session, 0..1_000);
    wait_for(&session, &[(1, 1_000)]);
    for workers in [3, 5, 1, 4] {
        session.set_workers(workers.try_into().unwrap()).unwrap();
        session.crash().unwrap();
        let snapshot = session.snapshot();
        assert_eq!((snapshot.workers.len(), snapshot.changing_to), (workers, None));
        wait_for(&session, &[(1, 1_000)]);
    }
}

#[test]
fn an_earlier_runs_checkpoint_is_said_to_be_saved_and_its_partitions_are_not_new() {
    let (topology, directory) = (counter(), tempfile::tempdir().unwrap());
    let settings = settings(&topology, directory.path());
    let start = || Session::start(Arc::clone(&topology), &settings, None).unwrap();
    let mut session = start();
    inject(&session, (0..10).flat_map(|_| 0..10));
    wait_for(&session, &[(10, 10)]);
    wait_until("a checkpoint", || story(&mut session).unsaved == 0);
    drop(session);
    let mut session = start();
    wait_until("the end of the recovery", || !story(&mut session).recovering);
    let safety = story(&mut session);
    assert!(safety.epoch.0 > 0 && safety.crash.is_none(), "{safety:?}");
    wait_for(&session, &[(10, 10)]);
    assert_eq!(session.snapshot().totals.stateful, 100, "what shares are shares of");
    assert!(session.engine().export().all(|row| row.created.is_none()));
}

#[test]
fn where_nothing_is_saved_nothing_crashes_and_what_cannot_come_back_is_an_error() {
    let topology = counter();
    let nothing = Settings { injectable: true, ..Settings::new(&topology) };
    let mut session = Session::start(Arc::clone(&topology), &nothing, None).unwrap();
    inject(&session, 0..10);
    wait_for(&session, &[(1, 10)]);
    assert!(matches!(session.crash(), Err(EngineError::NothingSaved)));
    wait_for(&session, &[(1, 10)]);

    let directory = tempfile::tempdir().unwrap();
    let settings = settings(&topology, directory.path());
    let mut session = Session::start(topology, &settings, None).unwrap();
    inject(&session, 0..10);
    wait_until("a checkpoint", || story(&mut session).epoch.0 > 0);
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            std::fs::write(path, "no database at all, and long enough to be seen as none").unwrap();
        }
    }
    let error = session.crash().unwrap_err();
    assert!(matches!(error, EngineError::Resilience(_)), "{error}");
}

#[test]
fn a_number_never_names_two_messages_whatever_happens_in_between() {
    let (topology, directory) = (counter(), tempfile::tempdir().unwrap());
    let settings = settings(&topology, directory.path());
    let mut session = Session::start(topology, &settings, None).unwrap();
    let mut seen = BTreeMap::new();
    let mut send = |session: &mut Session, word: u32| {
        inject(session, word..=word);
        let mut of_word = None;
        wait_until("its trace", || {
            let traces = session.snapshot().traces;
            of_word =
                traces.iter().find(|trace| trace.frame.ends_with(&word.to_be_bytes())).cloned();
            of_word.is_some()
        });
        let number = of_word.unwrap().sequence.0;
        assert_eq!(seen.insert(number, word), None, "#{number} names two");
        assert!(seen.keys().all(|earlier| *earlier <= number), "#{number} is the newest");
    };
    for word in 0..5 {
        send(&mut session, word);
    }
    session.crash().unwrap();
    send(&mut session, 10);
    session.set_workers(3.try_into().unwrap()).unwrap();
    wait_until("other workers", || session.engine().workers() == 3);
    send(&mut session, 20);
    session.crash().unwrap();
    send(&mut session, 30);
}
