//! Generated load: it enters whatever the engine does, or is late, and that is seen.

use std::io::Read;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use wallaroo::core::event::{EngineEvent, LoadNews};
use wallaroo::core::load::fault::Fault;
use wallaroo::core::load::pace::Pace;
use wallaroo::core::load::search::Search;
use wallaroo::core::load::settings::{Keys, LoadSettings, Mix, Share};
use wallaroo::endpoints::Endpoint;
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::Settings;
use wallaroo::session::Session;
use wallaroo::telemetry::{LoadShown, PartitionView, TimeWindow};
use wallaroo::{Application, Generator, Key, Reason, Sink, Source, Topology};

use crate::applications::{add, decode, letter, write_line};
use crate::injectable;
use crate::support::fragile::silence_panics_on_purpose;
use crate::support::sockets::small_listener;
use crate::support::waiting::wait_until;

/// Votes for ten letters.
fn counting() -> Arc<Topology> {
    let make = |generator: &mut Generator| {
        let letter = b'a' + u8::try_from(generator.choose(10)).unwrap();
        vec![letter, 0, 0, 0, 1]
    };
    let topology = Application::new("counting")
        .pipeline("votes", Source::new(decode).generated(make))
        .to_state_partition(add, |_: &Key| (0, 0), "totals", letter)
        .to_sink(Sink::new(write_line))
        .build();
    Arc::new(topology.unwrap())
}

/// Sends payloads of a megabyte back: four fill the budget.
fn megabytes() -> Arc<Topology> {
    let decode = |payload: &[u8]| Ok::<_, Reason>(Some(payload.len()));
    let source = Source::new(decode).generated(|_: &mut Generator| vec![7; 1024 * 1024]);
    let topology = Application::new("megabytes").pipeline("bytes", source).done().build();
    Arc::new(topology.unwrap())
}

fn load(rate: u64, malformed: u32, fault: Option<Fault>) -> LoadSettings {
    LoadSettings {
        pace: Pace { rate, burst: 1 },
        mix: Mix { keys: Keys::Even, malformed: Share(malformed), fault },
        ..LoadSettings::default()
    }
}

fn session(topology: &Arc<Topology>, settings: &Settings) -> Session {
    Session::start(Arc::clone(topology), settings, None).unwrap()
}

/// What the session shows of its load now.
fn shown(session: &mut Session) -> Option<LoadShown> {
    session.refresh(&PartitionView::default());
    session.snapshot().load
}

/// What the log got to know of the load, the newest first.
fn news(session: &Session) -> Vec<LoadNews> {
    let events = session.snapshot().events;
    let of_load = events.iter().filter_map(|event| match &**event {
        EngineEvent::Load(news) => Some(news.clone()),
        _ => None,
    });
    of_load.collect()
}

#[test]
fn all_that_was_sent_is_processed_and_the_log_says_when_it_began_changed_and_ended() {
    for workers in crate::WORKERS {
        let mut session = session(&counting(), &injectable(&counting(), workers));
        let slow = load(100, 0, None);
        session.load(slow).unwrap();
        wait_until("the first messages", || session.messages_of_load() > 2);
        let fast = slow.at_rate(50_000);
        session.load(fast).unwrap();
        // The same again is no change.
        session.load(fast).unwrap();
        wait_until("more messages", || session.messages_of_load() > 10_000);
        assert_eq!(shown(&mut session).unwrap().settings, fast);
        session.stop_load();
        assert_eq!(shown(&mut session), None);
        wait_until("the last message", || {
            session.snapshot().totals.messages_out == session.messages_of_load()
        });
        let told = news(&session);
        let [LoadNews::Ended { sent, malformed: 0 }, LoadNews::Changed(to), LoadNews::Begun(first)] =
            &told[..]
        else {
            panic!("{told:?}");
        };
        assert!(*sent > 10_000, "{sent}");
        assert_eq!((*first, *to), (slow, fast));
    }
}

#[test]
fn each_kind_of_malformed_message_is_a_dead_letter() {
    for fault in Fault::ALL {
        let mut session = session(&counting(), &injectable(&counting(), 2));
        session.load(load(1_000, Share::WHOLE, Some(fault))).unwrap();
        wait_until("the messages", || session.messages_of_load() > 100);
        session.stop_load();
        wait_until("the last one", || {
            session.snapshot().totals.messages_in == session.messages_of_load()
        });
        let totals = session.snapshot().totals;
        let (sent, accepted) =
            (session.messages_of_load(), totals.messages_in - totals.dead_letters);
        match fault {
            // Five random bytes are a vote.
            Fault::RandomBytes => assert!(accepted < sent / 4, "{accepted} of {sent}"),
            _ => assert_eq!(accepted, 0, "{fault}"),
        }
        let letter = &session.snapshot().dead_letters[0];
        assert_eq!(&*letter.source, "load");
        let by_decoder = matches!(fault, Fault::WrongLength | Fault::RandomBytes);
        assert_eq!(letter.reason == "not five bytes", by_decoder, "{fault}: {}", letter.reason);
    }
}

#[test]
fn a_stalled_sink_makes_messages_late_and_not_fewer_and_their_latency_shows_it() {
    const RATE: u64 = 400_000;
    let listener = small_listener();
    let address = listener.local_addr().unwrap().to_string();
    let sinks = vec![vec![Endpoint::Tcp(address)]];
    let mut session = session(&counting(), &Settings { sinks, ..injectable(&counting(), 1) });
    let (mut receiver, _) = listener.accept().unwrap();
    let began = Instant::now();
    session.load(load(RATE, 0, None)).unwrap();
    // Nothing is read: the budget is used up, and nothing more can enter.
    let late = Duration::from_millis(300);
    wait_until("late messages", || shown(&mut session).is_some_and(|load| load.behind > late));
    let owed = RATE * u64::try_from(began.elapsed().as_millis()).unwrap() / 1_000;
    assert!(session.messages_of_load() < owed);
    let reader = thread::spawn(move || {
        let mut buffer = vec![0; 256 * 1024];
        while receiver.read(&mut buffer).is_ok_and(|length| length > 0) {}
    });
    wait_until("what was owed", || session.messages_of_load() > owed);
    session.load(load(1, 0, None)).unwrap();
    wait_until("no late messages", || {
        shown(&mut session).is_some_and(|load| load.behind == Duration::ZERO)
    });
    let max = Duration::from_secs_f64(
        session.snapshot().latency(TimeWindow::All).summary.max / 1_000_000.0,
    );
    assert!(max >= late, "{max:?}");
    drop(session);
    reader.join().unwrap();
}

#[test]
fn what_was_due_in_a_pause_is_not_sent_when_it_is_over() {
    const RATE: u64 = 50;
    let mut session = session(&megabytes(), &injectable(&megabytes(), 1));
    session.load(load(RATE, 0, None)).unwrap();
    wait_until("the first messages", || session.messages_of_load() > 2);
    session.engine().pause();
    let late = Duration::from_secs(1);
    wait_until("a full budget", || {
        session.engine().load_progress().iter().any(|progress| progress.behind > late)
    });
    // The engine is not slow, so nothing is late.
    assert_eq!(shown(&mut session).unwrap().behind, Duration::ZERO);
    let (before, resumed) = (session.messages_of_load(), Instant::now());
    session.engine().resume();
    wait_until("the next messages", || session.messages_of_load() >= before + 10);
    let sent = session.messages_of_load() - before;
    let since = u64::try_from(resumed.elapsed().as_millis()).unwrap();
    // The one that waited for room, and one that was due at that moment.
    assert!(sent <= RATE * since / 1_000 + 2, "{sent} in {since} ms");
}

#[test]
fn a_load_goes_on_after_a_crash_and_ends_with_the_engine() {
    let directory = tempfile::tempdir().unwrap();
    let resilience = Some(ResilienceSettings::new(directory.path().join("saved")));
    let mut session = session(&counting(), &Settings { resilience, ..injectable(&counting(), 2) });
    session.load(load(20_000, 100, None)).unwrap();
    for _ in 0..3 {
        let before = session.messages_of_load();
        wait_until("messages", || session.messages_of_load() > before + 1_000);
        session.crash().unwrap();
        let least = session.messages_of_load();
        assert!(least > before);
        // It goes on meanwhile.
        let sent = shown(&mut session).unwrap().sent;
        assert!((least..=session.messages_of_load()).contains(&sent), "{sent}, not {least}");
    }
    session.engine().stop();
    session.engine().wait().unwrap();
    // What the journal did not have yet is lost with a crash, and nothing counts twice.
    let (stateful, sent) = (session.snapshot().totals.stateful, session.messages_of_load());
    assert!(stateful > 0 && stateful <= sent, "{stateful} of {sent}");
    assert!(session.load(load(1, 0, None)).is_err());
}

#[test]
fn a_generator_that_panics_ends_the_load_with_a_reason_and_nothing_else() {
    silence_panics_on_purpose();
    let make = |generator: &mut Generator| {
        assert!(generator.below(20) > 0, "on purpose");
        b"a\0\0\0\x01".to_vec()
    };
    let topology = Application::new("panicking")
        .pipeline("votes", Source::new(decode).generated(make))
        .done()
        .build();
    let topology = Arc::new(topology.unwrap());
    let mut session = session(&topology, &injectable(&topology, 1));
    session.load(load(1_000, 0, None)).unwrap();
    wait_until("the end", || shown(&mut session).is_none());
    let LoadNews::Failed(reason) = &news(&session)[0] else { panic!("{:?}", news(&session)) };
    assert!(reason.contains("panicked: on purpose"), "{reason}");
    // It can be begun again, and the engine goes on.
    session.load(load(1, 0, None)).unwrap();
    assert!(shown(&mut session).is_some());
    assert!(session.engine().outcome().is_none());
}

#[test]
fn a_pipeline_without_a_generator_has_no_load_and_the_error_says_so() {
    let topology = crate::applications::counting();
    let mut session = session(&topology, &injectable(&topology, 1));
    let error = session.load(LoadSettings::default()).unwrap_err().to_string();
    assert!(error.contains("generator"), "{error}");
    assert_eq!(shown(&mut session), None);
}

#[test]
fn the_search_for_the_greatest_rate_ends_where_the_latency_passes_the_limit() {
    let mut session = session(&counting(), &injectable(&counting(), 1));
    let step = Duration::from_millis(50);
    // No rate is within a nanosecond: the first one is too much.
    let impossible = Search { step, limit: Duration::from_nanos(1) };
    session.load(LoadSettings { search: Some(impossible), ..load(1_000, 0, None) }).unwrap();
    let finding = |session: &mut Session| shown(session).and_then(|load| load.finding);
    wait_until("the end of the search", || finding(&mut session).is_some());
    let found = finding(&mut session).unwrap();
    assert_eq!((found.within, found.beyond.unwrap().rate), (None, 1_000));
    let goes_on = shown(&mut session).unwrap().settings;
    assert_eq!((goes_on.pace.rate, goes_on.search), (500, None));
    assert!(matches!(news(&session)[0], LoadNews::Found(_)));

    // Every rate is within an hour: the search goes up to what it is stopped at.
    let easy = Search { step, limit: Duration::from_hours(1) };
    session.load(LoadSettings { search: Some(easy), ..goes_on }).unwrap();
    wait_until("twice the rate, twice", || {
        shown(&mut session).is_some_and(|load| load.settings.pace.rate >= 2_000)
    });
    session.stop_load();
}

/// How much load one thread makes: to be read, on a machine that does nothing else, of
/// `cargo test --release --test runtime load::the_rate -- --ignored --nocapture`.
#[test]
#[ignore = "measures, and holds nothing"]
fn the_rate_that_is_reached_is_printed() {
    let mut session = session(&counting(), &injectable(&counting(), 1));
    session.load(load(Pace::MAX_RATE, 50, None)).unwrap();
    let (began, seconds) = (Instant::now(), if cfg!(debug_assertions) { 1 } else { 5 });
    wait_until("some seconds", || began.elapsed().as_secs() >= seconds);
    let sent = session.messages_of_load();
    let per_second = u128::from(sent) * 1_000 / began.elapsed().as_millis();
    eprintln!("load: {per_second} messages a second");
    assert!(sent > 0);
}
