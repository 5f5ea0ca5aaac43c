//! Five applications with a bug in each: after certain messages in a row, it fails.

use serde::{Deserialize, Serialize};
use wallaroo::{Application, Json, Key, Out, Reason, Sink, Source, Topology};

/// A message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Item {
    pub key: u8,
    pub kind: u8,
    pub value: u32,
}

#[derive(Serialize, Deserialize)]
struct Tally {
    total: i64,
    /// How many of the messages of the pattern there have been, in their order.
    seen: usize,
}

/// What the bug does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    Panics,
    Refuses,
    WrongTotal,
}

impl Failure {
    /// The condition that finds it.
    pub fn condition(self) -> &'static str {
        match self {
            Self::Panics => "dead && cause == \"panicked\"",
            Self::Refuses => "cause == \"refused\"",
            Self::WrongTotal => "state.total < 0",
        }
    }
}

/// It fails at a key that has had messages of these kinds, with at least these values, in this order.
#[derive(Debug, Clone)]
pub struct Bug {
    pub pattern: Vec<(u8, u32)>,
    pub failure: Failure,
}

/// How an application is built, and how its messages look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Bytes,
    Lines,
    JsonLines,
    /// Two pipelines share a state.
    Shared,
    /// A message becomes two, which are at one partition each, and then at one of another state.
    TwoStates,
}

pub const KINDS: [Kind; 5] =
    [Kind::Bytes, Kind::Lines, Kind::JsonLines, Kind::Shared, Kind::TwoStates];

impl Kind {
    pub fn payload(self, item: &Item) -> Vec<u8> {
        let Item { key, kind, value } = item;
        match self {
            Self::Bytes | Self::Shared => [&[*key, *kind][..], &value.to_be_bytes()].concat(),
            Self::Lines | Self::TwoStates => format!("{key} {kind} {value}").into_bytes(),
            Self::JsonLines => serde_json::to_vec(item).unwrap(),
        }
    }

    pub fn topology(self, bug: &Bug) -> Topology {
        let application = Application::new("planted");
        let key = |item: &Item| item.key.to_string();
        let sink = || Sink::new(|item: &Item, out: &mut Out<'_>| out.byte(item.kind));
        let built = match self {
            Self::Bytes => application
                .pipeline("items", Source::new(of_bytes))
                .to_state_partition(add(bug), tally, "tallies", key)
                .to_sink(sink()),
            Self::Lines => application
                .pipeline("items", Source::new(of_line).lines())
                .to_state_partition(add(bug), tally, "tallies", key)
                .to_sink(sink()),
            Self::JsonLines => application
                .pipeline("items", Source::new(Json::<Item>::default()).lines())
                .to_state_partition(add(bug), tally, "tallies", key)
                .done(),
            Self::Shared => application
                .pipeline("items", Source::new(of_bytes))
                .to_state_partition(add(bug), tally, "tallies", key)
                .to_sink(sink())
                .pipeline("others", Source::new(of_bytes))
                .to_state_partition(add(bug), tally, "tallies", key)
                .to_sink(sink()),
            Self::TwoStates => application
                .pipeline("items", Source::new(of_line).lines())
                .to(|item: Item| [Item { kind: 9, ..item.clone() }, item])
                .to_state_partition(count, |_: &Key| 0_u64, "counts", key)
                .to_state_partition(add(bug), tally, "tallies", |item: &Item| {
                    format!("group {}", item.key % 3)
                })
                .to_sink(sink()),
        };
        built.build().unwrap()
    }
}

fn of_bytes(payload: &[u8]) -> Result<Option<Item>, Reason> {
    let Some(([key, kind], value)) = payload.split_first_chunk() else {
        return Err("an item is six bytes".into());
    };
    let value = u32::from_be_bytes(value.try_into()?);
    Ok(Some(Item { key: *key, kind: *kind, value }))
}

fn of_line(line: &[u8]) -> Result<Option<Item>, Reason> {
    let words: Vec<&str> = std::str::from_utf8(line)?.split(' ').collect();
    let [key, kind, value] = words[..] else { return Err("an item is three numbers".into()) };
    Ok(Some(Item { key: key.parse()?, kind: kind.parse()?, value: value.parse()? }))
}

fn tally(_: &Key) -> Tally {
    Tally { total: 0, seen: 0 }
}

fn count(item: Item, count: &mut u64) -> (Option<Item>, bool) {
    *count += 1;
    (Some(item), true)
}

fn add(bug: &Bug) -> impl Fn(Item, &mut Tally) -> Result<(Option<Item>, bool), Reason> + use<> {
    let Bug { pattern, failure } = bug.clone();
    move |item, tally| {
        tally.total += i64::from(item.value);
        let next = pattern.get(tally.seen);
        if next.is_some_and(|(kind, least)| item.kind == *kind && item.value >= *least) {
            tally.seen += 1;
            if tally.seen == pattern.len() {
                match failure {
                    Failure::Panics => panic!("on purpose"),
                    Failure::Refuses => return Err("on purpose".into()),
                    Failure::WrongTotal => tally.total = -1,
                }
            }
        }
        Ok((Some(item), true))
    }
}
