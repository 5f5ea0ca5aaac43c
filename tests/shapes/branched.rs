//! What a branch of a recorded run makes different: what two runs in the driver say, one with its edits and one without.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::prop::sample::Index;
use proptest::prelude::*;
use serde_json::Value;
use tempfile::tempdir;
use wallaroo::core::numbers::{PipelineIndex, SinkIndex, SinkPlace};
use wallaroo::core::partitions::saved::{SavedPartition, to_json};
use wallaroo::core::replay::branch::{BranchEdit, Difference, OnlyIn};
use wallaroo::core::replay::memory::RecordedInMemory;
use wallaroo::{Key, TestDriver, Topology};

use crate::ending::Inputs;
use crate::relived::{Act, messages, run, timeline};
use crate::shape::Shape;

/// An edit, before it is known of what.
#[derive(Debug, Clone)]
pub enum AnyEdit {
    LeaveOut(Index),
    Replace(Index, Vec<[u8; 3]>),
    PutIn(Index, Index, Vec<[u8; 3]>),
    SetState(Index, Index, u64),
}

pub fn any_edit() -> impl Strategy<Value = AnyEdit> {
    let payload = || (b'a'..b'f', b'0'..b'3', any::<u8>()).prop_map(|(a, b, c)| [a, b, c]);
    let payloads = move || prop::collection::vec(payload(), 0..3);
    prop_oneof![
        any::<Index>().prop_map(AnyEdit::LeaveOut),
        (any::<Index>(), payloads()).prop_map(|(at, with)| AnyEdit::Replace(at, with)),
        (any::<Index>(), any::<Index>(), payloads())
            .prop_map(|(at, pipeline, all)| AnyEdit::PutIn(at, pipeline, all)),
        (any::<Index>(), any::<Index>(), any::<u64>())
            .prop_map(|(at, which, value)| AnyEdit::SetState(at, which, value)),
    ]
}

/// A partition: how many messages it has had, whether it is poisoned, and its state.
type Row = (u64, bool, Value);

/// A dead letter: its pipeline, step, reason, key and payload.
type Letter = (String, String, String, Option<Key>, Vec<u8>);

/// What came of a run.
#[derive(Debug, Default, PartialEq)]
struct Came {
    partitions: BTreeMap<(String, Key), Row>,
    outputs: BTreeMap<(SinkPlace, Vec<u8>), i64>,
    letters: BTreeMap<Letter, i64>,
}

fn came(topology: &Topology, driver: &TestDriver) -> Came {
    let mut came = Came::default();
    for state in topology.states() {
        for row in driver.partitions(&state.name) {
            let name = (state.name.to_string(), row.key);
            came.partitions.insert(name, (row.messages, row.poisoned, row.value));
        }
    }
    for (at, plan) in topology.pipelines().iter().enumerate() {
        for sink in 0..plan.sinks.len() {
            let place = SinkPlace { pipeline: PipelineIndex(at), sink: SinkIndex(sink) };
            if topology.first_place(place) == place {
                for output in driver.outputs_of_sink(&plan.name, sink).unwrap() {
                    *came.outputs.entry((place, output.clone())).or_default() += 1;
                }
            }
        }
    }
    for letter in driver.dead_letters() {
        let (pipeline, step) = (letter.pipeline.to_string(), letter.step.to_string());
        let (reason, key, payload) =
            (letter.reason.clone(), letter.key.clone(), letter.bytes.to_vec());
        *came.letters.entry((pipeline, step, reason, key, payload)).or_default() += 1;
    }
    came
}

/// The values that one has more often than the other: a positive count is of the first.
fn without<K: Clone + Ord>(one: &BTreeMap<K, i64>, other: &BTreeMap<K, i64>) -> BTreeMap<K, i64> {
    let mut left = one.clone();
    for (key, count) in other {
        *left.entry(key.clone()).or_default() -= count;
    }
    left.retain(|_, count| *count != 0);
    left
}

/// A partition as it happened, and as it is in the branch.
type Changed = BTreeMap<(String, Key), (Option<Row>, Option<Row>)>;

fn changed(happened: &Came, branch: &Came) -> Changed {
    let names: BTreeSet<_> = happened.partitions.keys().chain(branch.partitions.keys()).collect();
    let of = |came: &Came, name| came.partitions.get(name).cloned();
    let both = names.into_iter().map(|name| (name.clone(), (of(happened, name), of(branch, name))));
    both.filter(|(_, (one, other))| one != other).collect()
}

fn counts<T: Clone, K: Ord>(of: &OnlyIn<T>, name: impl Fn(T) -> K) -> BTreeMap<K, i64> {
    let mut all = BTreeMap::new();
    for (only, sign) in [(&of.happened, 1), (&of.branch, -1)] {
        assert_eq!(only.count, only.first.iter().map(|(_, times)| times).sum::<u64>());
        for (value, times) in &only.first {
            all.insert(name(value.clone()), sign * i64::try_from(*times).unwrap());
        }
    }
    all
}

fn row(partition: &SavedPartition) -> Row {
    (partition.messages, partition.poisoned, to_json(&partition.value).unwrap())
}

fn check(shape: &Shape, edits: &[BranchEdit], found: &Difference, runs: (&Came, &Came)) {
    let (happened, branch) = runs;
    assert_eq!((found.compared_until, &found.unfaithful), (None, &None), "{shape} {edits:?}");
    let partitions = found.partitions.iter().map(|one| {
        let both = (one.happened.as_ref().map(row), one.branch.as_ref().map(row));
        ((one.state.to_string(), one.key.clone()), both)
    });
    assert_eq!(partitions.collect::<Changed>(), changed(happened, branch), "{shape} {edits:?}");
    assert_eq!(found.partition_count, found.partitions.len() as u64);
    let mut outputs = BTreeMap::new();
    for sink in &found.outputs {
        let all = counts(&sink.outputs, |output| (sink.sink, output.into_vec()));
        assert!(!all.is_empty());
        outputs.extend(all);
    }
    assert_eq!(outputs, without(&happened.outputs, &branch.outputs), "{shape} {edits:?}");
    let letters = counts(&found.dead_letters, |letter| {
        let (pipeline, step) = (letter.pipeline.to_string(), letter.step.to_string());
        (pipeline, step, letter.reason, letter.key, letter.payload.to_vec())
    });
    assert_eq!(letters, without(&happened.letters, &branch.letters), "{shape} {edits:?}");
}

/// Runs a shape, and compares the difference of a branch with that of two runs in the driver.
pub fn branch(
    shape: &Shape,
    inputs: &Inputs,
    size: (usize, usize),
    acts: &[Act],
    edits: &[AnyEdit],
) {
    let topology = Arc::new(shape.topology());
    let recorded = Arc::new(RecordedInMemory::new(usize::MAX));
    let directory = tempdir().unwrap();
    run(shape, &topology, inputs, size, acts, (&recorded, &directory.path().join("saved")));
    let mut timeline = timeline(&topology, &recorded);
    let messages = messages(&timeline);
    let happened = came(&topology, &driven(&topology, &messages, &[]));
    let edits = edits_of(&topology, edits, messages.len(), &happened);
    let branch = came(&topology, &driven(&topology, &messages, &edits));
    let mut done = 0;
    let all = timeline.messages_of_branch(&edits);
    let found = timeline.branch(&edits, &mut |now| {
        assert!((done..=all).contains(&now), "{done} {now} {all}");
        done = now;
    });
    let found = found.unwrap();
    assert_eq!(done, all);
    assert!(!edits.is_empty() || found.is_none());
    check(shape, &edits, &found, (&happened, &branch));
}

/// The same edits, each of something that there is. Of a message that has two, the first counts.
fn edits_of(
    topology: &Topology,
    edits: &[AnyEdit],
    messages: usize,
    happened: &Came,
) -> Vec<BranchEdit> {
    let pipelines = topology.pipelines();
    let mut edited = BTreeSet::new();
    let frames = |pipeline: usize, payloads: &[[u8; 3]]| {
        let framing = &pipelines[pipeline].source.framing;
        payloads.iter().map(|payload| Bytes::from(framing.frame(payload).unwrap())).collect()
    };
    let mut all = Vec::new();
    for edit in edits {
        let edit = match edit {
            AnyEdit::LeaveOut(at) => {
                BranchEdit::LeaveOut { message: at.index(messages) as u64 + 1 }
            }
            AnyEdit::Replace(at, payloads) => {
                // All pipelines of a shape have frames of one form.
                let (message, frames) = (at.index(messages) as u64 + 1, frames(0, payloads));
                BranchEdit::Replace { message, frames }
            }
            AnyEdit::PutIn(at, pipeline, payloads) => {
                let (before, at) =
                    (at.index(messages + 1) as u64 + 1, pipeline.index(pipelines.len()));
                let pipeline = PipelineIndex(at);
                BranchEdit::PutIn { before, pipeline, frames: frames(at, payloads) }
            }
            AnyEdit::SetState(at, which, value) => {
                let names: Vec<_> = happened.partitions.keys().collect();
                if names.is_empty() {
                    continue;
                }
                let (state, key) = names[which.index(names.len())];
                let json = format!(r#"{{"number":7,"sum":{value},"history":1}}"#);
                let (after, state) = (at.index(messages + 1) as u64, Arc::from(state.as_str()));
                BranchEdit::SetState { after, state, key: key.clone(), json }
            }
        };
        let is_first = match &edit {
            BranchEdit::LeaveOut { message } | BranchEdit::Replace { message, .. } => {
                edited.insert(*message)
            }
            BranchEdit::PutIn { .. } | BranchEdit::SetState { .. } => true,
        };
        all.extend(is_first.then_some(edit));
    }
    all
}

/// A driver that has processed these messages, but for the edits. At one place, states are set first.
fn driven(topology: &Topology, messages: &[(usize, Vec<u8>)], edits: &[BranchEdit]) -> TestDriver {
    let mut driver = TestDriver::new(topology);
    for at in 0..=messages.len() as u64 {
        for edit in edits {
            if let BranchEdit::SetState { after, state, key, json } = edit
                && *after == at
            {
                driver.run();
                driver.restore(state, key.clone(), json).unwrap();
            }
        }
        for edit in edits {
            if let BranchEdit::PutIn { before, pipeline, frames } = edit
                && *before == at + 1
            {
                let name = &topology.pipelines()[pipeline.0].name;
                for frame in frames {
                    driver.push(name, frame).unwrap();
                }
            }
        }
        let Some((pipeline, frame)) = messages.get(usize::try_from(at).unwrap()) else { break };
        let name = &topology.pipelines()[*pipeline].name;
        let instead = edits.iter().find_map(|edit| match edit {
            BranchEdit::LeaveOut { message } if *message == at + 1 => Some(Vec::new()),
            BranchEdit::Replace { message, frames } if *message == at + 1 => Some(frames.clone()),
            _ => None,
        });
        let instead = instead.unwrap_or_else(|| vec![frame.clone().into()]);
        for frame in &instead {
            driver.push(name, frame).unwrap();
        }
    }
    driver.run();
    driver
}

/// Runs a shape, and does all of it again with a message in place of itself: that is what was recorded.
pub fn branch_of_nothing(shape: &Shape, inputs: &Inputs, size: (usize, usize), acts: &[Act]) {
    let topology = Arc::new(shape.topology());
    let recorded = Arc::new(RecordedInMemory::new(usize::MAX));
    let directory = tempdir().unwrap();
    run(shape, &topology, inputs, size, acts, (&recorded, &directory.path().join("saved")));
    let mut timeline = timeline(&topology, &recorded);
    let messages = messages(&timeline);
    let itself = BranchEdit::Replace { message: 1, frames: vec![messages[0].1.clone().into()] };
    let found = timeline.branch(&[itself], &mut |_| {}).unwrap();
    assert!(found.is_none(), "{shape} {found:?}");
    assert_eq!(found.unfaithful, None, "{shape}");
    assert_eq!(found.entered, (messages.len() as u64, messages.len() as u64));
}
