//! Messages that a breakpoint holds: what enters is what a person lets enter, and the run, its recording and what is
//! recovered agree about that.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::{TempDir, tempdir};
use wallaroo::core::frames::dead_letter::Cause;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::core::partitions::query::PartitionRow;
use wallaroo::core::replay::from_memory::MemoryRecording;
use wallaroo::core::replay::memory::RecordedInMemory;
use wallaroo::core::replay::timeline::Timeline;
use wallaroo::resilience::ResilienceSettings;
use wallaroo::resilience::history::read_again;
use wallaroo::runtime::Engine;
use wallaroo::session::orders::{BreakpointOrder, HeldOrder, Order};
use wallaroo::telemetry::{HeldShown, Snapshot};
use wallaroo::{Endpoint, PartitionView, RunState, Session, Settings, Topology};

use crate::ending::{Inputs, Watcher};
use crate::relived::{Came, driven, messages, played};
use crate::shape::Shape;

/// How a run is disturbed.
#[derive(Debug, Clone, Copy)]
pub struct Disturbed {
    /// Whether its messages come from files: else they are injected.
    pub files: bool,
    /// At each such message that is held, it crashes; 0 is at none.
    pub every: u64,
    /// Whether it crashes just when it was decided what becomes of the message: else before.
    pub decided: bool,
    /// Whether its end is saved: else what has entered last has to be recovered.
    pub saved: bool,
}

/// How often a run crashes at most: each one takes a while.
const MOST_CRASHES: usize = 4;

/// What becomes of a message.
#[derive(Debug, PartialEq)]
enum Decided {
    LetGo,
    Drop,
    /// This one enters in its place.
    Edit(Vec<u8>),
}

/// What becomes of a message with this payload, whenever it is held.
fn decided(payload: &[u8]) -> Decided {
    match payload {
        [letter, class, value] if value % 3 == 0 => {
            Decided::Edit(vec![*letter, *class, value ^ 0x55])
        }
        [.., last] if last % 3 == 1 => Decided::Drop,
        _ => Decided::LetGo,
    }
}

struct Held {
    topology: Arc<Topology>,
    memory: Arc<RecordedInMemory>,
    session: Session,
    settings: Settings,
    /// Whether its messages come from files.
    files: bool,
    _directory: TempDir,
}

impl Held {
    /// Of a shape. No message has entered yet.
    fn open(shape: &Shape, inputs: &Inputs, workers: usize, disturbed: Disturbed) -> Self {
        let topology = Arc::new(shape.topology());
        let memory = Arc::new(RecordedInMemory::new(usize::MAX));
        let directory = tempdir().unwrap();
        let framed = |pipeline: usize, payloads: &[Vec<u8>]| -> Vec<u8> {
            let framing = &topology.pipelines()[pipeline].source.framing;
            payloads.iter().flat_map(|one| framing.frame(one).unwrap()).collect()
        };
        let count = topology.pipelines().len();
        let sources = inputs.iter().take(count).enumerate().map(|(pipeline, payloads)| {
            if !disturbed.files {
                return Endpoint::Null;
            }
            let file = directory.path().join(pipeline.to_string());
            std::fs::write(&file, framed(pipeline, payloads)).unwrap();
            Endpoint::File(file)
        });
        let settings = Settings {
            workers: NonZeroUsize::new(workers).unwrap(),
            sources: sources.collect(),
            injectable: true,
            resilience: Some(ResilienceSettings {
                // Only what a decision is saved with, if the end is not.
                interval: if disturbed.saved {
                    Duration::from_millis(1)
                } else {
                    Duration::from_hours(1)
                },
                ..ResilienceSettings::new(directory.path().join("saved"))
            }),
            recorded: Some(Arc::clone(&memory)),
            ..Settings::new(&topology)
        };
        let paused = Settings { paused: true, ..settings.clone() };
        let session = Session::start(Arc::clone(&topology), &paused, None).unwrap();
        if !disturbed.files {
            for (pipeline, payloads) in inputs.iter().take(count).enumerate() {
                for part in payloads.chunks(9) {
                    let bytes = framed(pipeline, part);
                    session.engine().inject(PipelineIndex(pipeline), bytes.into()).unwrap();
                }
            }
        }
        let files = disturbed.files;
        Self { topology, memory, session, settings, files, _directory: directory }
    }

    fn obey(&mut self, order: Order) {
        let answer = self.session.obey(order.clone()).unwrap();
        assert!(answer.is_none() || order == Order::Crash, "{order:?}: {answer:?}");
    }

    fn look(&mut self) -> Snapshot {
        self.session.refresh(&PartitionView::default());
        self.session.snapshot()
    }

    /// Waits until a message is held that was not before, or until all have entered.
    fn next(&mut self, last: u64, all: u64) -> Option<HeldShown> {
        let patience = Instant::now() + Duration::from_mins(1);
        let mut is_over = false;
        loop {
            let seen = self.look();
            let held = seen.breakpoints.held.as_deref();
            if let Some(held) = held.filter(|held| held.number > last) {
                return Some(held.clone());
            }
            let waits = self.session.engine().waits();
            let recovering = seen.safety.as_ref().is_some_and(|safety| safety.recovering);
            let is_it = held.is_none()
                && !recovering
                && seen.totals.messages_in >= all
                && (waits.frames, waits.more_in_file) == (0, false);
            if std::mem::replace(&mut is_over, is_it) && is_it {
                return None;
            }
            assert!(Instant::now() < patience, "{last} of {all}: {seen:#?}");
            std::thread::yield_now();
        }
    }

    /// The partitions when nothing is under way.
    fn rows(&mut self) -> Vec<PartitionRow> {
        self.session.engine().pause();
        let patience = Instant::now() + Duration::from_mins(1);
        while self.session.engine().run_state() != RunState::Paused {
            assert!(Instant::now() < patience, "it is not paused");
            std::thread::yield_now();
        }
        self.session.engine().export().collect()
    }

    /// So many messages are counted, as soon as the workers have told of all.
    fn counts(&mut self, messages: u64) {
        let patience = Instant::now() + Duration::from_secs(10);
        while self.look().totals.messages_in != messages && Instant::now() < patience {
            std::thread::yield_now();
        }
        assert_eq!(self.look().totals.messages_in, messages);
    }

    /// The payloads of each pipeline that have entered, by what its dead letters say.
    fn entered(&mut self, inputs: &Inputs) -> Vec<Vec<Vec<u8>>> {
        let seen = self.look();
        let dropped = seen.dead_letters.iter().filter(|letter| letter.cause == Cause::Dropped);
        // Of those that were injected, the offset is that within its part; their numbers are those of a run without a crash.
        let is_of_file = self.files;
        let dropped: BTreeMap<_, _> = dropped
            .map(|letter| {
                let pipeline = self.topology.pipeline_index(&letter.pipeline).unwrap();
                let at = if is_of_file { letter.offset } else { letter.sequence.0 };
                ((pipeline.0, at), letter.reason.contains("has put another message"))
            })
            .collect();
        let count = self.topology.pipelines().len();
        let of_pipeline = |(pipeline, payloads): (usize, &Vec<Vec<u8>>)| {
            let (mut offset, mut entered) = (0, Vec::new());
            for (number, payload) in (1..).zip(payloads) {
                let at = if is_of_file { offset } else { number };
                match dropped.get(&(pipeline, at)) {
                    None => entered.push(payload.clone()),
                    Some(false) => assert_eq!(decided(payload), Decided::Drop),
                    Some(true) => match decided(payload) {
                        Decided::Edit(other) => entered.push(other),
                        other => panic!("{payload:?}: {other:?}"),
                    },
                }
                offset += 4 + payload.len() as u64;
            }
            entered
        };
        inputs.iter().take(count).enumerate().map(of_pipeline).collect()
    }
}

/// Runs a shape with a breakpoint that holds, and compares what came of it with a run of what was let enter. Returns how
/// many messages were held.
pub fn hold(
    shape: &Shape,
    inputs: &Inputs,
    workers: usize,
    condition: &str,
    disturbed: Disturbed,
) -> u64 {
    let mut run = Held::open(shape, inputs, workers, disturbed);
    run.obey(Order::Breakpoint(BreakpointOrder::SetHold(condition.to_owned())));
    run.obey(Order::PauseOrResume);
    let pipelines = run.topology.pipelines().len();
    let all: usize = inputs.iter().take(pipelines).map(Vec::len).sum();
    let (mut last, mut crashed) = (0, 0);
    while let Some(held) = run.next(last, all as u64) {
        last = held.number;
        let has_to_crash =
            crashed < MOST_CRASHES && disturbed.every > 0 && last.is_multiple_of(disturbed.every);
        // Where pipelines share a state, another message may be held after a crash.
        let at_once = disturbed.decided && pipelines == 1;
        if has_to_crash && !at_once {
            crashed += 1;
            run.obey(Order::Crash);
            continue;
        }
        let order = match decided(&held.frame[4..]) {
            Decided::LetGo => HeldOrder::LetGo(last),
            Decided::Drop => HeldOrder::Drop(last),
            Decided::Edit(other) => {
                let framing = &run.topology.pipelines()[held.pipeline.0].source.framing;
                HeldOrder::Edit(last, framing.frame(&other).unwrap().into())
            }
        };
        run.obey(Order::Held(order));
        if has_to_crash {
            crashed += 1;
            run.obey(Order::Crash);
        }
    }
    let rows = run.rows();
    let lived = Came::default().partitions(rows.clone());
    // What was injected and had not entered begins at another place after a crash.
    let entered = (disturbed.files || crashed == 0).then(|| run.entered(inputs));
    if let Some(entered) = entered.as_ref().filter(|_| crashed == 0) {
        // Each one that takes a place is one more.
        let letters = run.look().dead_letters;
        let dropped = letters.iter().filter(|letter| letter.cause == Cause::Dropped).count();
        let count: usize = entered.iter().map(Vec::len).sum();
        run.counts((count + dropped) as u64);
    }
    if disturbed.saved {
        let _ = run.session.engine().save().recv();
        compare(&run, shape, (inputs, entered), &rows);
    }
    // As a kill.
    run.session.end();
    let watcher = Arc::new(Watcher::default());
    // It ends with its files.
    let settings = Settings { injectable: !disturbed.files, ..run.settings.clone() };
    let engine = Engine::start(Arc::clone(&run.topology), &settings, watcher).unwrap();
    if !disturbed.files {
        engine.stop();
    }
    engine.wait().unwrap();
    let recovered = Came::default().partitions(engine.export());
    assert_eq!(recovered.partitions, lived.partitions, "{shape}, {disturbed:?}");
    last
}

/// Compares a run and its recording with what was let enter.
fn compare(
    run: &Held,
    shape: &Shape,
    (inputs, entered): (&Inputs, Option<Vec<Vec<Vec<u8>>>>),
    rows: &[PartitionRow],
) {
    let recording = || {
        let read = Box::new(|entered: &_, framing: &_| {
            read_again(entered, framing).map_err(|error| error.to_string())
        });
        MemoryRecording::new(run.memory.recorded(), read)
    };
    let timeline = Timeline::new(Arc::clone(&run.topology), recording()).unwrap();
    let recorded = messages(&timeline);
    for (pipeline, inputs) in inputs.iter().enumerate().take(run.topology.pipelines().len()) {
        let of_it = recorded.iter().filter(|(of, _)| *of == pipeline);
        let of_it: Vec<_> = of_it.map(|(_, frame)| frame[4..].to_vec()).collect();
        match &entered {
            Some(entered) => assert_eq!(of_it, entered[pipeline], "{shape}, pipeline {pipeline}"),
            None => come_of(inputs, &of_it),
        }
    }
    let (replayed, came) = played(&run.topology, &recording());
    let driver = driven(&run.topology, &recorded);
    let mut names: Vec<_> = run.topology.states().iter().map(|state| &state.name).collect();
    names.sort();
    let of_driver = names.into_iter().flat_map(|name| driver.partitions(name));
    let of_driver = Came::default().partitions(of_driver);
    let lived = Came::default().partitions(rows.to_vec());
    assert_eq!(lived, of_driver, "{shape}");
    assert_eq!(Came::default().partitions(replayed), of_driver, "{shape}");
    // Those that were dropped have no number there.
    let letter = |(pipeline, _, step, reason, key): &(String, u64, String, String, String)| {
        (pipeline.clone(), step.clone(), reason.clone(), key.clone())
    };
    let mut of_replay: Vec<_> = came.dead_letters.iter().map(letter).collect();
    let mut of_driver: Vec<_> = driver
        .dead_letters()
        .iter()
        .map(|letter| {
            let key = letter.key.as_ref().map(ToString::to_string).unwrap_or_default();
            let (pipeline, step) = (letter.pipeline.to_string(), letter.step.to_string());
            (pipeline, step, letter.reason.clone(), key)
        })
        .collect();
    of_replay.sort();
    of_driver.sort();
    assert_eq!(of_replay, of_driver, "{shape}");
}

/// What has entered comes of these payloads in their order, each as it is or as it was decided.
fn come_of(payloads: &[Vec<u8>], entered: &[Vec<u8>]) {
    let mut entered = entered.iter().peekable();
    for payload in payloads {
        let decided = decided(payload);
        let is_it = |next: &&Vec<u8>| {
            *next == payload || matches!(&decided, Decided::Edit(other) if other == *next)
        };
        if entered.next_if(is_it).is_none() {
            assert_eq!(decided, Decided::Drop, "{payload:?} has not entered");
        }
    }
    assert_eq!(entered.next(), None);
}
