//! Whose fault the value of a field is, and the changes of a partition: exact, however long a state is.

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wallaroo::core::replay::Direction;
use wallaroo::core::topology::Application;
use wallaroo::session::past::Travel;
use wallaroo::telemetry::Snapshot;
use wallaroo::{Key, Reason, Source, Topology};

use crate::then::{alphabet, moment, sent};

/// A state whose beginning is longer than what a trace keeps of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Long {
    filler: String,
    plain: u8,
    deep: Deep,
    list: Vec<Deep>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Deep {
    inner: u8,
}

const FIELDS: [&[&str]; 4] = [&["plain"], &["deep", "inner"], &["list", "1", "inner"], &[]];

/// An application whose messages are a key, which field, and its value: 9 is refused and 8 panics, after the change.
pub fn fields() -> Topology {
    Application::new("fields")
        .pipeline("p", Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()))))
        .to_state_partition(
            |message: Vec<u8>, state: &mut Long| {
                let value = message[2];
                match message[1] {
                    0 => state.plain = value,
                    1 => state.deep.inner = value,
                    2 => state.list[1].inner = value,
                    _ => {}
                }
                assert!(value != 8, "eight");
                if value == 9 {
                    return Err(Reason::from("nine"));
                }
                Ok((None::<u8>, true))
            },
            |_: &Key| Long {
                filler: "x".repeat(5_000),
                plain: 0,
                deep: Deep::default(),
                list: vec![Deep::default(); 3],
            },
            "longs",
            |message: &Vec<u8>| vec![message[0]],
        )
        .done()
        .build()
        .unwrap()
}

/// What there is to see of a field of a partition: nothing if there is no such partition.
fn value_of(seen: &Snapshot, key: &str, field: &[&str]) -> Option<(Value, bool)> {
    let row = seen.partitions.rows.iter().find(|row| row.row.key.to_string() == key)?;
    let value = field.iter().fold(&row.row.value, |value, name| match value {
        Value::Array(values) => &values[name.parse::<usize>().unwrap()],
        other => &other[*name],
    });
    Some((value.clone(), field.is_empty() && row.row.poisoned))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 12 } else { 100 }))]

    #[test]
    fn the_fault_of_a_field_is_that_of_the_last_message_after_which_it_was_another_one(
        payloads in prop::collection::vec((b'a'..b'd', 0_u8..4, prop_oneof![9 => 0_u8..4, 1 => 8_u8..10]), 1..25),
        workers in prop::sample::select(vec![1_usize, 2, 4]),
        saves in prop::collection::vec(0_usize..25, 0..3),
        asked in prop::collection::vec((any::<prop::sample::Index>(), b'a'..b'd', 0_usize..4), 20),
    ) {
        let payloads: Vec<Vec<u8>> = payloads.iter().map(|(key, field, value)| vec![*key, *field, *value]).collect();
        let mut watched = sent(fields(), workers, &payloads, &saves);
        let all = payloads.len();
        let states: Vec<Snapshot> = (0..=all).map(|at| watched.travel(Travel::To(at as u64))).collect();
        for (at, key, field) in asked {
            let (at, key, field) = (at.index(all + 1), char::from(key).to_string(), FIELDS[field]);
            let values: Vec<_> = states.iter().map(|seen| value_of(seen, &key, field)).collect();
            let expected = (1..=at).rev().find(|number| values[*number] != values[number - 1]);
            watched.travel(Travel::To(at as u64));
            watched.told.clear();
            let path: Vec<String> = field.iter().map(|name| (*name).to_owned()).collect();
            let of = (0, Key::from(key.as_str()));
            let seen = watched.travel(Travel::Fault(of.clone(), path));
            let told = watched.told.concat();
            prop_assert_eq!(moment(&seen), Some(expected.unwrap_or(at) as u64), "{} {:?} at {}: {}", key, field, at, told);
            let says = if expected.is_some() { "message" } else { "there is no partition" };
            prop_assert!(told.contains(says), "{}", told);
            // The changes of a partition are found behind what a trace keeps of it, too.
            let whole: Vec<_> = states.iter().map(|seen| value_of(seen, &key, &[])).collect();
            let changes = |number: &usize| whole[*number] != whole[number - 1];
            watched.travel(Travel::To(at as u64));
            let seen = watched.travel(Travel::Change(Direction::Back, Some(of.clone())));
            let before = (1..at.max(1)).rev().find(changes).unwrap_or(0);
            prop_assert_eq!(moment(&seen), Some(before as u64), "before {}", at);
            watched.travel(Travel::To(at as u64));
            let seen = watched.travel(Travel::Change(Direction::Forth, Some(of)));
            let after = (at + 1..=all).find(changes).unwrap_or(at);
            prop_assert_eq!(moment(&seen), Some(after as u64), "after {}", at);
        }
    }
}

#[test]
fn whose_fault_it_is_is_told_with_what_it_was() {
    let mut watched = alphabet(1);
    watched.vote(&[(b'a', 1), (b'b', 2), (b'a', 4), (b'a', 0)]);
    watched.wait_for_messages(4);
    let fault = |key: &str, field: &[&str]| {
        let field = field.iter().map(|name| (*name).to_owned()).collect();
        Travel::Fault((0, Key::from(key)), field)
    };
    for (travel, at, text) in [
        (fault("a", &["votes"]), Some(3), "message 3 made `votes` of `a` 5; it was 1 before"),
        (
            fault("a", &["letter"]),
            Some(1),
            "message 1 made `letter` of `a` \"a\"; there was none before",
        ),
        (fault("b", &["votes"]), Some(1), "there is no partition `b` at this moment"),
        (fault("a", &["none"]), Some(1), "there is no `none` of `a` at this moment"),
        (Travel::To(4), Some(4), ""),
        (fault("b", &[]), Some(2), "message 2 was the last that changed `b`"),
    ] {
        let seen = watched.travel(travel.clone());
        assert_eq!((moment(&seen), watched.told.concat().as_str()), (at, text), "{travel:?}");
        watched.told.clear();
    }
}

#[test]
fn a_partition_has_all_its_changes_some_at_a_time() {
    let mut watched = alphabet(2);
    let votes: Vec<(u8, u32)> = (0..500).map(|at| (b'a' + u8::from(at % 5 == 0), at % 3)).collect();
    for some in votes.chunks(150) {
        watched.vote(some);
        watched.session.engine().save().recv().unwrap();
    }
    watched.wait_for_messages(500);
    let of = (0, Key::from("a"));
    let (mut expected, mut total) = (Vec::new(), 0);
    for (number, (letter, votes)) in (1_u64..).zip(&votes) {
        if *letter == b'a' && (*votes > 0 || expected.is_empty()) {
            expected.push((number, total, total + votes));
            total += votes;
        }
    }
    expected.reverse();
    let votes = |state: &Option<String>| {
        let state = state.as_ref().map(|state| serde_json::from_str::<Value>(state).unwrap());
        state.map_or(0, |state| u32::try_from(state["votes"].as_u64().unwrap()).unwrap())
    };
    for (count, is_all) in [(200, false), (expected.len(), true), (expected.len(), true)] {
        let seen = watched.travel(Travel::Changes(of.clone()));
        assert_eq!(moment(&seen), Some(500));
        let listed = seen.changes.unwrap();
        let changes = listed.changes.iter().map(|shown| {
            assert_eq!(shown.trace.sequence.0, shown.change.number);
            (shown.change.number, votes(&shown.change.before), votes(&shown.change.after))
        });
        assert_eq!(changes.collect::<Vec<_>>(), expected[..count]);
        assert_eq!((listed.is_all, &listed.of), (is_all, &of));
    }
    assert_eq!(watched.travel(Travel::Live).changes.map(|listed| listed.of.clone()), None);
}
