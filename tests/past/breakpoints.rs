//! A breakpoint stops the engine, and the screen is at exactly the first message of which its condition holds.

use wallaroo::core::load::pace::Pace;
use wallaroo::core::load::settings::LoadSettings;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::core::replay::Direction;
use wallaroo::runtime::RunState;
use wallaroo::session::orders::{Answer, BreakpointOrder, Order};
use wallaroo::session::past::Travel;
use wallaroo::telemetry::Snapshot;
use wallaroo::{Generator, Key};

use crate::then::{Watched, alphabet, counted, frames, moment, votes};

fn set(watched: &mut Watched, condition: &str) {
    let order = Order::Breakpoint(BreakpointOrder::Set(condition.to_owned()));
    assert_eq!(watched.session.obey(order).unwrap(), None, "{condition}");
}

fn order(watched: &mut Watched, order: BreakpointOrder) -> Option<Answer> {
    watched.session.obey(Order::Breakpoint(order)).unwrap()
}

fn space(watched: &mut Watched) {
    watched.session.obey(Order::PauseOrResume).unwrap();
}

/// Waits until the engine has stopped for this time, and the moment is seen.
fn stopped(watched: &mut Watched, stop: u64) -> Snapshot {
    watched.wait_for(&format!("stop {stop}"), |seen| {
        let hit = seen.breakpoints.hit.as_ref();
        hit.is_some_and(|hit| hit.number == stop)
            && seen.run_state == RunState::Paused
            && seen.past.is_some()
            && !seen.replaying
            && seen.partitions.up_to_date
    })
}

/// A session that has not begun to read a file with these votes, of which it traces none by itself.
fn of_file(sent: &[(u8, u32)], workers: usize) -> Watched {
    let topology = crate::alphabet::topology(crate::alphabet::Encoding::Text).unwrap();
    Watched::open(topology, workers, |settings| {
        let saved = &settings.resilience.as_ref().unwrap().directory;
        let file = saved.with_file_name("votes");
        std::fs::write(&file, frames(sent)).unwrap();
        settings.sources = vec![wallaroo::Endpoint::File(file)];
        settings.paused = true;
    })
}

/// Of so many random votes, for few letters.
fn sent(seed: u64, count: usize) -> Vec<(u8, u32)> {
    let mut generator = Generator::new(seed, 0.0);
    let mut below = |bound: u64| generator.below(bound);
    let vote = |_| (b'a' + u8::try_from(below(4)).unwrap(), u32::try_from(below(9)).unwrap());
    (0..count).map(vote).collect()
}

/// The numbers of the messages after which the votes of `a` are more than this, from 1.
fn beyond(sent: &[(u8, u32)], limit: u64) -> Vec<u64> {
    let hits = (1..=sent.len())
        .filter(|number| sent[number - 1].0 == b'a' && counted(&sent[..*number])["a"] > limit);
    hits.map(|number| number as u64).collect()
}

#[test]
fn it_stops_at_the_first_message_and_the_screen_is_at_that_moment() {
    // The first is judged where the partition is touched, the second one from the start of each message.
    for condition in ["key == 'a' && state.votes > 100", "state.letter == 'a' && state.votes > 100"]
    {
        for workers in [1, 2, 4] {
            let sent = sent(workers as u64, 2000);
            let mut watched = of_file(&sent, workers);
            let hits = beyond(&sent, 100);
            set(&mut watched, condition);
            space(&mut watched);
            let then = stopped(&mut watched, 1);
            let first = usize::try_from(hits[0]).unwrap();
            assert_eq!(moment(&then), Some(hits[0]), "{condition} {workers}");
            assert_eq!(votes(&then), counted(&sent[..first]));
            let hit = then.breakpoints.hit.clone().unwrap();
            let hit_text = hit.to_string();
            assert_eq!(
                (&*hit.step, hit.key, hit.unjudged),
                ("add_votes", Some(Key::from("a")), None)
            );
            assert_eq!(hit.trace.sequence, then.traces[0].sequence);
            let told = format!(
                "breakpoint {condition}: stopped at message {first} of votes, at add_votes with the key a"
            );
            assert!(hit_text.starts_with(&told), "{hit_text}");
            // Each time that it goes on, it stops at the next one.
            for (stop, hit) in (2..).zip(&hits[1..20]) {
                space(&mut watched);
                let then = stopped(&mut watched, stop);
                assert_eq!(moment(&then), Some(*hit));
                assert_eq!(votes(&then), counted(&sent[..usize::try_from(*hit).unwrap()]));
            }
        }
    }
}

/// How many messages were traced of a file that has been read, with this breakpoint.
fn traced(condition: Option<&str>, on: bool) -> u64 {
    let sent = sent(1, 3000);
    let mut watched = of_file(&sent, 2);
    if let Some(condition) = condition {
        set(&mut watched, condition);
        if !on {
            assert_eq!(order(&mut watched, BreakpointOrder::Switch(1)), None);
        }
    }
    space(&mut watched);
    watched.wait_for_messages(3000);
    watched.session.snapshot().traced.all.traced
}

#[test]
fn only_what_a_breakpoint_is_about_is_traced_for_it() {
    assert_eq!(traced(None, true), 0);
    assert_eq!(traced(Some("state.votes > 1000000"), false), 0);
    assert_eq!(traced(Some("state.votes > 1000000"), true), 3000);
    let of_a = sent(1, 3000).iter().filter(|(letter, _)| *letter == b'a').count() as u64;
    assert_eq!(traced(Some("key == 'a' && state.votes > 1000000"), true), of_a);
}

#[test]
fn a_load_runs_into_it() {
    let mut watched = alphabet(2);
    set(&mut watched, "state.votes > 1000");
    let pace = Pace { rate: 5_000, burst: 1 };
    let load = LoadSettings { pace, ..LoadSettings::default() };
    assert_eq!(watched.session.obey(Order::Load(load)).unwrap(), None);
    for stop in 1..4 {
        let then = stopped(&mut watched, stop);
        let hit = then.breakpoints.hit.clone().unwrap();
        let key = hit.key.unwrap().to_string();
        assert!(votes(&then)[&key] > 1000, "{then:?}");
        if stop == 1 {
            // It is the first one.
            assert_eq!(votes(&then).values().filter(|votes| **votes > 1000).count(), 1);
            let own = then.past.as_ref().unwrap().trace.clone().unwrap();
            assert_eq!((own.sequence, &own.pipeline), (hit.trace.sequence, &hit.trace.pipeline));
        }
        space(&mut watched);
    }
}

fn bad(watched: &Watched) {
    let bytes = [0, 0, 0, 1, b'?'].to_vec();
    watched.session.engine().inject(PipelineIndex(0), bytes.into()).unwrap();
}

#[test]
fn it_stops_at_a_dead_letter() {
    let mut watched = alphabet(2);
    set(&mut watched, "dead && cause == 'refused' && step == 'decode'");
    watched.vote(&[(b'a', 1), (b'b', 2)]);
    bad(&watched);
    watched.vote(&[(b'a', 4)]);
    let then = stopped(&mut watched, 1);
    assert_eq!((moment(&then), then.dead_letters.len()), (Some(3), 1));
    let hit = then.breakpoints.hit.clone().unwrap();
    assert_eq!((&*hit.step, hit.key), ("decode", None));
    space(&mut watched);
    watched.wait_for_messages(3);
}

#[test]
fn it_stays_after_a_crash_a_change_of_workers_and_a_reset_until_it_is_removed() {
    let mut watched = alphabet(2);
    set(&mut watched, "created");
    let mut stop = 0;
    for (what, letter) in [
        None,
        Some(Order::Crash),
        Some(Order::ChangeWorkers { more: true }),
        Some(Order::Reset),
        Some(Order::Crash),
    ]
    .into_iter()
    .zip(b'a'..)
    {
        if let Some(what) = what {
            watched.session.obey(what).unwrap();
            watched.wait_for("its end", |seen| {
                let recovering = seen.safety.as_ref().is_some_and(|safety| safety.recovering);
                seen.changing_to.is_none() && !recovering && seen.run_state == RunState::Running
            });
        }
        watched.vote(&[(letter, 1), (letter, 1)]);
        stop += 1;
        let then = stopped(&mut watched, stop);
        assert_eq!(votes(&then)[&char::from(letter).to_string()], 1);
        space(&mut watched);
        watched.wait_for("the rest", |seen| {
            seen.run_state == RunState::Running && seen.past.is_none()
        });
        // What has been processed is not processed again after a crash.
        watched.session.engine().save().recv().unwrap();
    }
    let shown = watched.session.snapshot().breakpoints.all.clone();
    // Two since the reset.
    assert_eq!((shown.len(), shown[0].hits, shown[0].on), (1, 2, true));
    assert_eq!(order(&mut watched, BreakpointOrder::Remove(1)), None);
    let none = Answer::Refused("this breakpoint is not there any more".to_owned());
    assert_eq!(order(&mut watched, BreakpointOrder::Remove(1)), Some(none));
    watched.vote(&[(b'z', 1)]);
    let now = watched
        .wait_for("the vote", |seen| seen.partitions.up_to_date && votes(seen).contains_key("z"));
    assert!(now.run_state == RunState::Running && now.breakpoints.all.is_empty());
}

#[test]
fn an_engine_that_has_paused_for_a_message_that_nobody_has_seen_goes_on_without_its_breakpoint() {
    for end in [
        Order::Breakpoint(BreakpointOrder::Remove(1)),
        Order::Breakpoint(BreakpointOrder::Switch(1)),
        Order::Reset,
    ] {
        let mut watched = alphabet(2);
        watched.session.engine().save().recv().unwrap();
        set(&mut watched, "state.votes == 7");
        watched.vote(&[(b'a', 7)]);
        // Nobody looks.
        while watched.session.engine().run_state() == RunState::Running {
            std::thread::yield_now();
        }
        watched.session.obey(end.clone()).unwrap();
        let state = watched.session.engine().run_state();
        assert_eq!(state, RunState::Running, "{end:?}");
    }
}

#[test]
fn a_moment_that_a_person_has_gone_to_from_a_stop_stays_when_the_engine_goes_on() {
    for goes_elsewhere in [false, true] {
        let mut watched = alphabet(2);
        set(&mut watched, "state.votes == 7");
        watched.vote(&[(b'a', 3), (b'b', 1), (b'a', 4)]);
        let then = stopped(&mut watched, 1);
        assert_eq!(moment(&then), Some(3));
        if goes_elsewhere {
            assert_eq!(moment(&watched.travel(Travel::Message(Direction::Back))), Some(2));
        }
        space(&mut watched);
        let seen = watched.wait_for("the engine to go on", |seen| {
            seen.run_state == RunState::Running && seen.breakpoints.hit.is_none()
        });
        assert_eq!(moment(&seen), goes_elsewhere.then_some(2));
    }
}

#[test]
fn a_pause_that_a_person_wanted_stays_when_a_breakpoint_is_removed() {
    let mut watched = alphabet(2);
    set(&mut watched, "state.votes == 7");
    space(&mut watched);
    assert_eq!(order(&mut watched, BreakpointOrder::Remove(1)), None);
    assert_ne!(watched.session.engine().run_state(), RunState::Running);
}

#[test]
fn the_number_of_the_messages_of_a_partition_is_known_while_the_engine_runs() {
    let mut watched = alphabet(2);
    set(&mut watched, "messages == 3");
    watched.vote(&[(b'a', 1), (b'b', 1), (b'a', 1), (b'b', 1), (b'b', 1), (b'a', 1)]);
    let then = stopped(&mut watched, 1);
    assert_eq!(moment(&then), Some(5));
    assert_eq!(then.breakpoints.hit.clone().unwrap().key, Some(Key::from("b")));
}

#[test]
fn without_a_recording_the_engine_stops_and_the_message_is_told() {
    let topology = crate::alphabet::topology(crate::alphabet::Encoding::Text).unwrap();
    let mut watched = Watched::open(topology, 2, |settings| settings.recorded = None);
    set(&mut watched, "state.votes == 7");
    watched.vote(&[(b'a', 3), (b'a', 4), (b'a', 1)]);
    let seen = watched.wait_for("the stop", |seen| seen.breakpoints.hit.is_some());
    let hit = seen.breakpoints.hit.clone().unwrap();
    assert_eq!((hit.trace.sequence.0, seen.past.is_none()), (2, true));
    assert_ne!(seen.run_state, RunState::Running);
    let told =
        "breakpoint state.votes == 7: stopped at message 2 of votes, at add_votes with the key a";
    assert_eq!(hit.to_string(), told);
    space(&mut watched);
    watched.vote(&[(b'b', 7)]);
    let seen = watched.wait_for("the next stop", |seen| {
        seen.breakpoints.hit.as_ref().is_some_and(|hit| hit.number == 2)
    });
    assert_eq!(seen.breakpoints.hit.clone().unwrap().key, Some(Key::from("b")));
}

#[test]
fn one_that_is_wrong_is_not_set_and_says_why() {
    let mut watched = alphabet(1);
    for (condition, why) in [
        ("vote > 1", "at character 1: there is no `vote` here: use "),
        ("key == 'a' && rate > 1.0", "at character 15: `rate` is not known of a step"),
        ("state.share == 1 || share > 1.0", "at character 21: `share` is not known of a step"),
    ] {
        match order(&mut watched, BreakpointOrder::Set(condition.to_owned())) {
            Some(Answer::Refused(text)) => assert!(text.starts_with(why), "{text}"),
            other => panic!("{condition}: {other:?}"),
        }
    }
    (0..16).for_each(|_| set(&mut watched, "dead"));
    let one_more = order(&mut watched, BreakpointOrder::Set("dead".to_owned()));
    assert!(matches!(one_more, Some(Answer::Refused(text)) if text.contains("remove one first")));
}
