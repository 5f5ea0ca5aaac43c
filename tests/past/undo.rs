//! A message that is taken back was never there: for partitions, recoveries, other workers, and a replay.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::core::partitions::query::PartitionRow;
use wallaroo::core::replay::from_memory::{MemoryRecording, ReadAgain};
use wallaroo::core::replay::player::{Played, Player};
use wallaroo::core::replay::source::Recording;
use wallaroo::core::topology::Application;
use wallaroo::resilience::HistorySettings;
use wallaroo::resilience::history::{Bound, OnDisk};
use wallaroo::session::orders::Order;
use wallaroo::session::past::Travel;
use wallaroo::telemetry::{Snapshot, TakenBackShown};
use wallaroo::{Key, Out, Reason, Sink, Source, TestDriver, Topology};

use crate::then::{Watched, moment};

/// A message with this value makes the computation panic.
const PANICS: u8 = 9;

/// A message with this value or a greater one is no message.
const REFUSED: u8 = 30;

/// An application whose states are all that came, in its order. A message goes to up to three partitions.
fn appending() -> Topology {
    let spread = |(key, value): (u8, u8), all: &mut Vec<(u8, u8)>| {
        all.extend((0..=value % 3).map(|more| (key.wrapping_add(more), value)));
    };
    let append = |(_, value): (u8, u8), state: &mut Vec<u8>| {
        assert_ne!(value, PANICS, "a panic");
        state.push(value);
        (Some(value), true)
    };
    let decode = |payload: &[u8]| match payload {
        [key, value] if *value < REFUSED => Ok(Some((*key, *value))),
        _ => Err(Reason::from("no message")),
    };
    Application::new("appending")
        .pipeline("p", Source::new(decode))
        .to(move |message: (u8, u8)| {
            let mut all = Vec::new();
            spread(message, &mut all);
            all
        })
        .to_state_partition(
            append,
            |_: &Key| Vec::new(),
            "lists",
            |message: &(u8, u8)| Key::from(&[b'a' + message.0 % 5][..]),
        )
        .to_sink(Sink::new(|value: &u8, out: &mut Out<'_>| out.byte(*value)))
        .build()
        .unwrap()
}

#[derive(Debug, Clone)]
enum Act {
    Send(u8, u8),
    Undo,
    Revive(u8),
    Save,
    Crash,
    Workers(bool),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        10 => (0..5_u8, 0..12_u8).prop_map(|(key, value)| Act::Send(key, value)),
        1 => Just(Act::Send(0, REFUSED)),
        7 => Just(Act::Undo),
        1 => (0..5_u8).prop_map(Act::Revive),
        1 => Just(Act::Save),
        1 => Just(Act::Crash),
        1 => any::<bool>().prop_map(Act::Workers),
    ]
}

/// The partitions: key, messages, poisoned, state.
type Lists = BTreeMap<String, (u64, bool, serde_json::Value)>;

fn lists<'a>(rows: impl IntoIterator<Item = &'a PartitionRow>) -> Lists {
    let rows = rows.into_iter();
    rows.map(|row| (row.key.to_string(), (row.messages, row.poisoned, row.value.clone()))).collect()
}

fn seen_lists(seen: &Snapshot) -> Lists {
    lists(seen.partitions.rows.iter().map(|shown| &shown.row))
}

/// What the driver makes of what is left.
fn driven(topology: &Topology, left: &[Act]) -> Lists {
    let mut driver = TestDriver::new(topology);
    for act in left {
        match act {
            Act::Send(key, value) => {
                driver.push_message("p", &[*key, *value]).unwrap();
                driver.run();
            }
            Act::Revive(key) => _ = driver.revive("lists", &key_of(*key)),
            other => panic!("{other:?}"),
        }
    }
    lists(&driver.partitions("lists"))
}

fn key_of(key: u8) -> Key {
    Key::from(&[b'a' + key][..])
}

/// Takes a message back, and waits until that is done or refused.
pub fn undo(watched: &mut Watched) -> Result<TakenBackShown, String> {
    let before = watched.session.snapshot().undo.wanted;
    if let Some(why) = watched.order(Order::Undo) {
        return Err(why);
    }
    let seen = watched.wait_for("a message taken back", |seen| {
        seen.undo.wanted > before && seen.undo.outcome.is_some()
    });
    seen.undo.outcome.unwrap().map_err(|why| why.to_string())
}

/// Waits until these partitions are seen.
fn wait_for_lists(watched: &mut Watched, expected: &Lists) {
    watched.wait_for(&format!("{expected:?}"), |seen| {
        seen.past.is_none() && seen.partitions.up_to_date && seen_lists(seen) == *expected
    });
}

fn recorded_with_history(workers: usize) -> Watched {
    Watched::open(appending(), workers, |settings| {
        let history = HistorySettings { bound: Bound::default(), options: BTreeMap::new() };
        settings.resilience.as_mut().unwrap().history = Some(history);
    })
}

/// Replays a recording to its end, with the check of every checkpoint.
fn replayed(topology: &Arc<Topology>, recording: &impl Recording) -> Lists {
    let mut player = Player::new(Arc::clone(topology), recording);
    while let Played::Verified(..) = player.play(u64::MAX, &mut ()).unwrap() {}
    lists(&player.machine().unwrap().rows())
}

/// A run with these acts.
struct Run {
    watched: Watched,
    topology: Arc<Topology>,
    left: Vec<Act>,
    /// What there was after each message of the recording; `None` if a partition was revived after it.
    moments: Vec<Option<Lists>>,
}

impl Run {
    fn expected(&self) -> Lists {
        driven(&self.topology, &self.left)
    }

    fn act(&mut self, act: &Act) {
        let Self { watched, .. } = self;
        let engine = watched.session.engine();
        match act {
            Act::Send(key, value) => {
                let bytes = vec![0, 0, 0, 2, *key, *value];
                engine.inject(PipelineIndex(0), bytes.into()).unwrap();
                self.left.push(act.clone());
            }
            Act::Undo => {
                let last = self.left.iter().rposition(|act| matches!(act, Act::Send(..)));
                let undone = undo(watched);
                match last {
                    None => {
                        assert!(undone.is_err_and(|why| why.contains("no message has entered")));
                    }
                    Some(last) => {
                        undone.unwrap();
                        self.left.remove(last);
                    }
                }
            }
            Act::Revive(key) => {
                // Behind all that was sent.
                let expected = self.expected();
                wait_for_lists(&mut self.watched, &expected);
                self.watched.order_any(Order::Revive { state: "lists".into(), key: key_of(*key) });
                self.left.push(act.clone());
                self.moments.last_mut().map(Option::take);
            }
            Act::Save => engine.save().recv().unwrap(),
            Act::Crash => self.watched.order_any(Order::Crash),
            Act::Workers(more) => {
                if *more || watched.session.wanted_workers().get() > 1 {
                    self.watched.order_any(Order::ChangeWorkers { more: *more });
                }
            }
        }
        let expected = self.expected();
        wait_for_lists(&mut self.watched, &expected);
        if matches!(act, Act::Send(..)) {
            let sent = self.moments.len() as u64 + 1;
            self.watched.wait_for("the message", |seen| seen.totals.messages_in >= sent);
            self.moments.push(Some(expected));
        }
    }
}

fn agrees(workers: usize, acts: &[Act]) {
    let watched = recorded_with_history(workers);
    let topology = Arc::clone(watched.session.engine().topology());
    let mut run = Run { watched, topology, left: Vec::new(), moments: Vec::new() };
    for act in acts {
        run.act(act);
    }
    let (expected, topology) = (run.expected(), Arc::clone(&run.topology));
    let Run { mut watched, moments, .. } = run;
    assert!(watched.told.is_empty(), "{:?}", watched.told);
    watched.session.engine().save().recv().unwrap();

    // A replay ends as the run did, and every checkpoint is as it was saved.
    let read: ReadAgain =
        Box::new(|entered, framing| Ok(entered.frames(framing.wrapping()).unwrap()));
    let recording = MemoryRecording::new(watched.recorded(), read);
    assert_eq!(replayed(&topology, &recording), expected);
    assert_eq!(replayed(&topology, &OnDisk::open(&watched.saved()).unwrap()), expected);

    // Every moment is what it was, also of what was taken back later.
    for (at, then) in moments.iter().enumerate().rev() {
        let (at, Some(then)) = (at as u64 + 1, then) else { continue };
        let seen = watched.travel(Travel::To(at));
        assert_eq!((moment(&seen), &seen_lists(&seen)), (Some(at), then), "{at} of {acts:?}");
    }

    // A recovery begins with it.
    watched.travel(Travel::Live);
    watched.order_any(Order::Crash);
    wait_for_lists(&mut watched, &expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn what_is_left_is_all_that_there_was(
        workers in 1..3_usize,
        acts in prop::collection::vec(act(), 1..14),
    ) {
        agrees(workers, &acts);
    }
}
