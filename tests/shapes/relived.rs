//! A recorded run, replayed: it ends as it did, whatever its shape and whatever people did meanwhile.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::prop;
use tempfile::tempdir;
use wallaroo::core::frames::dead_letter::DeadLetter;
use wallaroo::core::frames::trace::HopEvent;
use wallaroo::core::numbers::{PipelineIndex, SinkIndex, SinkPlace, WorkerIndex};
use wallaroo::core::partitions::query::PartitionRow;
use wallaroo::core::replay::Direction;
use wallaroo::core::replay::from_memory::{MemoryRecording, ReadAgain};
use wallaroo::core::replay::machine::Watch;
use wallaroo::core::replay::memory::RecordedInMemory;
use wallaroo::core::replay::player::{Played, Player};
use wallaroo::core::replay::source::Recording;
use wallaroo::core::replay::timeline::Timeline;
use wallaroo::core::steps::batch::Output;
use wallaroo::resilience::history::{Bound, OnDisk};
use wallaroo::resilience::{HistorySettings, ResilienceSettings};
use wallaroo::runtime::{Engine, Settings};
use wallaroo::{TestDriver, Topology};

use crate::ending::{Inputs, Watched, Watcher};
use crate::hosts::cluster;
use crate::shape::{Begin, Shape};
use crate::steps::Step;

/// What a person does between two injections.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    Nothing,
    /// Pauses, takes so many single messages, and goes on.
    Steps(usize),
    SetWorkers(usize),
    /// Ends the engine as a crash would, and starts another.
    Crash,
}

/// What came of a run or of a replay. Between workers, outputs and dead letters have no order.
#[derive(Debug, Default, PartialEq)]
pub struct Came {
    pub partitions: Vec<(String, String, u64, bool, serde_json::Value)>,
    outputs: BTreeMap<(usize, usize), Vec<Vec<u8>>>,
    pub dead_letters: Vec<(String, u64, String, String, String)>,
}

impl Came {
    pub fn partitions(mut self, rows: impl IntoIterator<Item = PartitionRow>) -> Self {
        let rows = rows.into_iter();
        self.partitions = rows
            .map(|row| (row.state, row.key.to_string(), row.messages, row.poisoned, row.value))
            .collect();
        self.outputs.values_mut().for_each(|outputs| outputs.sort());
        self.outputs.retain(|_, outputs| !outputs.is_empty());
        self.dead_letters.sort();
        self
    }

    fn letter(&mut self, letter: &DeadLetter) {
        let key = letter.key.as_ref().map(ToString::to_string).unwrap_or_default();
        let (pipeline, step) = (letter.pipeline.to_string(), letter.step.to_string());
        self.dead_letters.push((pipeline, letter.sequence.0, step, letter.reason.clone(), key));
    }

    fn output(&mut self, topology: &Topology, place: SinkPlace, pieces: Vec<Vec<u8>>) {
        let first = topology.first_place(place);
        self.outputs.entry((first.pipeline.0, first.sink.0)).or_default().extend(pieces);
    }
}

/// Runs a shape and replays its recording, from memory and from the disk. Returns how many chapters it has on the disk.
pub fn relive(
    shape: &Shape,
    inputs: &Inputs,
    size: (usize, usize),
    acts: &[Act],
    bound: usize,
) -> usize {
    let topology = Arc::new(shape.topology());
    let recorded = Arc::new(RecordedInMemory::new(bound));
    let directory = tempdir().unwrap();
    let saved = directory.path().join("saved");
    let came = run(shape, &topology, inputs, size, acts, (&recorded, &saved));
    let on_disk = OnDisk::open(&saved).unwrap();
    let crashed = acts.iter().any(|act| matches!(act, Act::Crash));
    let in_memory = recording(&recorded);
    let from_memory = replay(&topology, &in_memory);
    let from_disk = replay(&topology, &on_disk);
    assert_eq!(from_memory.partitions, came.partitions, "{shape}");
    if crashed {
        // What was made after the last checkpoint was made twice.
        assert_eq!(from_disk.partitions, came.partitions, "{shape}");
    } else {
        assert_eq!(from_disk, came, "{shape}");
    }
    if bound == 0 {
        assert!(in_memory.chapters().len() <= 1);
    } else if bound == usize::MAX {
        assert_eq!(in_memory.chapters(), on_disk.chapters());
        assert_eq!(from_memory, from_disk);
    }
    on_disk.chapters().len()
}

/// Runs a shape, and compares moments of its recording with runs of as many messages in the driver.
pub fn seek(
    shape: &Shape,
    inputs: &Inputs,
    size: (usize, usize),
    acts: &[Act],
    moments: &[prop::sample::Index],
) {
    let topology = Arc::new(shape.topology());
    let recorded = Arc::new(RecordedInMemory::new(usize::MAX));
    let directory = tempdir().unwrap();
    run(shape, &topology, inputs, size, acts, (&recorded, &directory.path().join("saved")));
    let mut timeline = timeline(&topology, &recorded);
    let messages = messages(&timeline);
    assert_eq!(messages.len() as u64, timeline.messages());
    for moment in moments {
        let moment = moment.index(messages.len() + 1);
        let past = timeline.at(moment as u64).unwrap();
        let driver = driven(&topology, &messages[..moment]);
        let mut names: Vec<_> = topology.states().iter().map(|state| &state.name).collect();
        names.sort();
        let expected =
            Came::default().partitions(names.into_iter().flat_map(|name| driver.partitions(name)));
        assert_eq!(Came::default().partitions(past.machine.rows()), expected, "{shape}, {moment}");
        assert_eq!(past.trace.is_some(), moment > 0);
    }
}

/// Runs a shape, and compares where its recording says that a partition changed with a look at every moment.
pub fn find_changes(shape: &Shape, inputs: &Inputs, size: (usize, usize), acts: &[Act]) {
    let topology = Arc::new(shape.topology());
    let recorded = Arc::new(RecordedInMemory::new(usize::MAX));
    let directory = tempdir().unwrap();
    run(shape, &topology, inputs, size, acts, (&recorded, &directory.path().join("saved")));
    let mut timeline = timeline(&topology, &recorded);
    let last = timeline.messages();
    let rows =
        |timeline: &mut Timeline<MemoryRecording>, at| timeline.at(at).unwrap().machine.rows();
    let end = rows(&mut timeline, last);
    let Some(row) = end.get(end.len() / 2) else { return };
    let name = (Arc::from(row.state.as_str()), row.key.clone());
    let is_it = |row: &&PartitionRow| row.state == *name.0 && row.key == name.1;
    let mut before = None;
    let mut changed = Vec::new();
    for at in 0..=last {
        let now = rows(&mut timeline, at).iter().find(is_it).map(|row| row.value.clone());
        if at > 0 && now != before {
            changed.push(at);
        }
        before = now;
    }
    let (mut back, mut at) = (Vec::new(), last + 1);
    while let Some(found) = timeline.change(at, Direction::Back, Some(&name)).unwrap() {
        back.insert(0, found);
        at = found;
    }
    let (mut forth, mut at) = (Vec::new(), 0);
    while let Some(found) = timeline.change(at, Direction::Forth, Some(&name)).unwrap() {
        forth.push(found);
        at = found;
    }
    // Behind a step that any worker runs no order is promised: messages of a key may change places if later ones are left out.
    if !shape.steps.contains(&Step::Parallel) {
        assert_eq!(back, forth, "{shape}");
    }
    assert!(changed.iter().all(|at| back.contains(at)), "{shape}: {changed:?} {back:?}");
    // A computation that refuses may have changed the state: it is found, too. So is a step of the same name.
    let others = back.iter().filter(|at| !changed.contains(at));
    for at in others {
        let hops = timeline.at(*at).unwrap().trace.unwrap().hops();
        let may_have = hops.iter().any(|hop| match &hop.event {
            HopEvent::DeadLetter(_) => true,
            HopEvent::StateChanged { key, .. } => *key == name.1,
            _ => false,
        });
        assert!(may_have, "{shape}: {at}");
    }
}

/// The moments of what was recorded.
pub fn timeline(
    topology: &Arc<Topology>,
    recorded: &RecordedInMemory,
) -> Timeline<MemoryRecording> {
    Timeline::new(Arc::clone(topology), recording(recorded)).unwrap()
}

pub fn recording(recorded: &RecordedInMemory) -> MemoryRecording {
    let read: ReadAgain =
        Box::new(|entered, framing| Ok(entered.frames(framing.wrapping()).unwrap()));
    MemoryRecording::new(recorded.recorded(), read)
}

/// All messages with their pipelines, in the order of the recording.
pub fn messages(timeline: &Timeline<MemoryRecording>) -> Vec<(usize, Vec<u8>)> {
    let (recording, mut messages) = (timeline.recording(), Vec::new());
    for chapter in 0..recording.chapters().len() {
        let script = recording.script(chapter, timeline.topology()).unwrap();
        let _: ControlFlow<()> = script.each(|_, pipeline, frame| {
            messages.push((pipeline.0, frame.to_vec()));
            ControlFlow::Continue(())
        });
    }
    messages
}

/// A driver that has processed these messages.
pub fn driven(topology: &Topology, messages: &[(usize, Vec<u8>)]) -> TestDriver {
    let mut driver = TestDriver::new(topology);
    for (pipeline, frame) in messages {
        driver.push(&topology.pipelines()[*pipeline].name, frame).unwrap();
    }
    driver.run();
    driver
}

/// Runs a shape, and records it.
pub fn run(
    shape: &Shape,
    topology: &Arc<Topology>,
    inputs: &Inputs,
    (processes, workers): (usize, usize),
    acts: &[Act],
    (recorded, saved): (&Arc<RecordedInMemory>, &Path),
) -> Came {
    let cluster = (processes > 1).then(|| cluster(topology, processes));
    let injectable = shape.from == Begin::Frames;
    let history = Some(HistorySettings { bound: Bound::default(), options: BTreeMap::new() });
    let interval = Duration::from_millis(1);
    let resilience = ResilienceSettings::new(saved.to_owned());
    let resilience = ResilienceSettings { interval, history, ..resilience };
    let mut settings = Settings {
        workers: NonZeroUsize::new(workers).unwrap(),
        injectable,
        cluster,
        resilience: Some(resilience),
        recorded: Some(Arc::clone(recorded)),
        ..Settings::new(topology)
    };
    let watcher = Arc::new(Watcher::default());
    let start = |settings: &Settings| {
        Engine::start(Arc::clone(topology), settings, Arc::clone(&watcher) as _).unwrap()
    };
    let mut engine = start(&settings);
    let injected = if injectable { inputs.as_slice() } else { &[] };
    let mut acts = acts.iter().copied();
    for (pipeline, (plan, payloads)) in topology.pipelines().iter().zip(injected).enumerate() {
        for part in payloads.chunks(9) {
            let framed =
                part.iter().flat_map(|payload| plan.source.framing.frame(payload).unwrap());
            engine.inject(PipelineIndex(pipeline), framed.collect()).unwrap();
            match acts.next().unwrap_or(Act::Nothing) {
                Act::Nothing => {}
                Act::Steps(steps) => {
                    engine.pause();
                    (0..steps).for_each(|_| engine.step());
                    engine.resume();
                }
                Act::SetWorkers(workers) => {
                    settings.workers = NonZeroUsize::new(workers).unwrap();
                    let changed = engine.set_workers(settings.workers).unwrap();
                    changed.blocking_recv().unwrap();
                }
                Act::Crash => {
                    let earlier = engine.earlier();
                    engine.crash();
                    drop(engine);
                    let watcher = Arc::clone(&watcher) as _;
                    let next =
                        Engine::start_after(earlier, Arc::clone(topology), &settings, watcher);
                    engine = next.unwrap();
                }
            }
        }
    }
    if injectable {
        engine.stop();
    }
    engine.wait().unwrap();
    let Watched { report, outputs } = std::mem::take(&mut *watcher.0.lock().unwrap());
    let mut came = Came::default();
    for ((pipeline, sink), told) in outputs {
        let place = SinkPlace { pipeline: PipelineIndex(pipeline), sink: SinkIndex(sink) };
        came.output(topology, place, told);
    }
    report.dead_letters.iter().for_each(|letter| came.letter(letter));
    came.partitions(engine.export())
}

/// Collects what comes of a replay.
struct Collect<'a>(&'a Topology, Came);

impl Watch for Collect<'_> {
    fn output(&mut self, _: WorkerIndex, output: Output) {
        let place = SinkPlace { pipeline: output.pipeline, sink: output.sink };
        self.1.output(self.0, place, output.pieces.iter().map(<[u8]>::to_vec).collect());
    }

    fn dead_letter(&mut self, letter: DeadLetter) {
        self.1.letter(&letter);
    }
}

fn replay(topology: &Arc<Topology>, recording: &impl Recording) -> Came {
    let (rows, came) = played(topology, recording);
    came.partitions(rows)
}

/// Replays a recording to its end: the partitions, and what came of it beside them.
pub fn played(topology: &Arc<Topology>, recording: &impl Recording) -> (Vec<PartitionRow>, Came) {
    let mut player = Player::new(Arc::clone(topology), recording);
    let mut collect = Collect(topology, Came::default());
    while player.next_epoch().is_some() {
        let outcome = player.play(u64::MAX, &mut collect).unwrap();
        assert!(matches!(outcome, Played::Verified(..)));
    }
    (player.machine().unwrap().rows(), collect.1)
}
