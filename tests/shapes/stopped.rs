//! A breakpoint stops an engine of any shape at the first message of which its condition holds.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::{TempDir, tempdir};
use wallaroo::core::frames::dead_letter::DeadLetter;
use wallaroo::core::frames::trace::Trace;
use wallaroo::core::replay::from_memory::MemoryRecording;
use wallaroo::core::replay::judged::{Judge, Judged};
use wallaroo::core::replay::memory::RecordedInMemory;
use wallaroo::core::replay::player::Player;
use wallaroo::core::replay::smallest::first_step;
use wallaroo::core::seen::seen_in;
use wallaroo::expression::{Fields, StepCondition};
use wallaroo::resilience::ResilienceSettings;
use wallaroo::resilience::history::read_again;
use wallaroo::session::orders::{BreakpointOrder, Order};
use wallaroo::telemetry::Snapshot;
use wallaroo::{Endpoint, PartitionView, RunState, Session, Settings, Topology};

use crate::ending::Inputs;
use crate::hosts::cluster;
use crate::shape::Shape;

/// A session that reads its inputs from files, and is recorded.
struct Recorded {
    topology: Arc<Topology>,
    memory: Arc<RecordedInMemory>,
    session: Session,
    _directory: TempDir,
}

impl Recorded {
    /// Of a shape. It does not read yet.
    fn open(shape: &Shape, inputs: &Inputs, (processes, workers): (usize, usize)) -> Self {
        let topology = Arc::new(shape.topology());
        let memory = Arc::new(RecordedInMemory::new(usize::MAX));
        let directory = tempdir().unwrap();
        let sources = topology.pipelines().iter().zip(inputs).map(|(plan, payloads)| {
            if plan.source.makes_its_messages() {
                return Endpoint::Null;
            }
            let frames = payloads.iter().flat_map(|one| plan.source.framing.frame(one).unwrap());
            let file = directory.path().join(&*plan.name);
            std::fs::write(&file, frames.collect::<Vec<_>>()).unwrap();
            Endpoint::File(file)
        });
        let settings = Settings {
            workers: NonZeroUsize::new(workers).unwrap(),
            sources: sources.collect(),
            // Files that have been read do not end the run.
            injectable: true,
            paused: true,
            cluster: (processes > 1).then(|| cluster(&topology, processes)),
            resilience: Some(ResilienceSettings {
                interval: Duration::from_millis(1),
                ..ResilienceSettings::new(directory.path().join("saved"))
            }),
            recorded: Some(Arc::clone(&memory)),
            ..Settings::new(&topology)
        };
        let session = Session::start(Arc::clone(&topology), &settings, None).unwrap();
        Self { topology, memory, session, _directory: directory }
    }

    fn obey(&mut self, order: Order) {
        assert_eq!(self.session.obey(order).unwrap(), None);
    }

    fn wait_for(&mut self, what: &str, is_it: impl Fn(&Snapshot) -> bool) -> Snapshot {
        let patience = Instant::now() + Duration::from_mins(1);
        // A hit may be found between the look and the snapshot.
        let mut was_it = false;
        loop {
            self.session.refresh(&PartitionView::default());
            let seen = self.session.snapshot();
            if std::mem::replace(&mut was_it, is_it(&seen)) && was_it {
                return seen;
            }
            assert!(Instant::now() < patience, "{what}: {:?}", self.session.told());
            std::thread::yield_now();
        }
    }

    /// The recorded messages of which a condition holds, or of which that cannot be said.
    fn scan(&self, condition: &StepCondition) -> Vec<Scanned> {
        let read = Box::new(|entered: &_, framing: &_| {
            read_again(entered, framing).map_err(|error| error.to_string())
        });
        let recording = MemoryRecording::new(self.memory.recorded(), read);
        let mut player = Player::new(Arc::clone(&self.topology), &recording);
        let mut found = Vec::new();
        while player.next_epoch().is_some() {
            let (topology, before) = (&*self.topology, player.messages());
            let mut scan = Scan { topology, condition, before, found: Vec::new() };
            let mut judged = Judged::new(topology, 0..u64::MAX, &mut scan);
            player.play(u64::MAX, &mut judged).unwrap();
            judged.finish();
            found.extend(scan.found);
        }
        found.sort_by_key(|scanned| scanned.number);
        found
    }
}

/// A message of which a condition holds.
#[derive(Debug)]
pub struct Scanned {
    /// Its number in the recording.
    number: u64,
    /// The same in its pipeline.
    name: (String, u64),
    /// Why it cannot be said.
    unjudged: Option<String>,
}

struct Scan<'a> {
    topology: &'a Topology,
    condition: &'a StepCondition,
    before: u64,
    found: Vec<Scanned>,
}

impl Judge for Scan<'_> {
    fn message(&mut self, number: u64, trace: &Trace, letters: &[DeadLetter]) {
        let seen = seen_in(trace, self.topology, letters);
        let unjudged = match first_step(self.condition, &seen) {
            Ok(None) => return,
            Ok(Some(_)) => None,
            Err(why) => Some(why),
        };
        let name = (trace.pipeline.to_string(), trace.sequence.0);
        self.found.push(Scanned { number: self.before + number + 1, name, unjudged });
    }

    fn has_found(&self) -> bool {
        false
    }
}

/// Runs a shape into a breakpoint some times, and compares each stop with a scan of the recording. Returns how often it has
/// stopped.
pub fn stop(shape: &Shape, inputs: &Inputs, size: (usize, usize), condition: &str) -> usize {
    let mut run = Recorded::open(shape, inputs, size);
    run.obey(Order::Breakpoint(BreakpointOrder::Set(condition.to_owned())));
    let compiled = StepCondition::of_breakpoint(condition, &Fields::default()).unwrap();
    let expected = run.topology.pipelines().iter().zip(inputs).map(|(plan, payloads)| {
        if plan.source.makes_its_messages() { crate::item::MADE } else { payloads.len() as u64 }
    });
    let all: u64 = expected.sum();
    let mut stopped = Vec::new();
    for stop in 1.. {
        run.obey(Order::PauseOrResume);
        let seen = run.wait_for("a stop, or the end", |seen| {
            let hit = seen.breakpoints.hit.as_ref().is_some_and(|hit| hit.number == stop);
            let is_stopped = hit && seen.past.is_some() && !seen.replaying;
            let is_over = seen.pipelines.iter().map(|pipeline| pipeline.messages_in).sum::<u64>()
                == all
                && !hit
                && !seen.breakpoints.is_judging
                && seen.run_state == RunState::Running
                && seen.breakpoints.hit.is_none();
            is_stopped || is_over
        });
        let Some(past) = seen.past else { break };
        let hit = seen.breakpoints.hit.clone().unwrap();
        assert_ne!(seen.run_state, RunState::Running, "{shape}");
        let own = past.trace.unwrap();
        assert_eq!((&own.pipeline, own.sequence), (&hit.trace.pipeline, hit.trace.sequence));
        stopped.push((past.message, hit));
        if stop == 4 {
            break;
        }
    }
    let saved = run.session.engine().save();
    let _ = saved.recv();
    let scanned = run.scan(&compiled);
    // Hops of several workers come in another order in a replay: what can be said of a message in one may not be in the other.
    let may_differ = size.0 * size.1 > 1 && scanned.iter().any(|one| one.unjudged.is_some());
    if may_differ || stopped.iter().any(|(_, hit)| hit.unjudged.is_some()) && size.0 * size.1 > 1 {
        let is_known = |number: &u64| scanned.iter().any(|one| one.number == *number);
        assert!(stopped.iter().all(|(number, hit)| hit.unjudged.is_some() || is_known(number)));
        return stopped.len();
    }
    let (mut told, is_of_one_key) = (false, compiled.only_key(&run.topology).is_some());
    let expected = scanned.iter().filter(|scanned| match &scanned.unjudged {
        // Where a partition is touched, its key is known.
        Some(_) if is_of_one_key => false,
        // That is said once.
        Some(_) => !std::mem::replace(&mut told, true),
        None => true,
    });
    let by_number: HashMap<u64, &Scanned> = scanned.iter().map(|one| (one.number, one)).collect();
    let numbers: Vec<u64> = stopped.iter().map(|(number, _)| *number).collect();
    let expected: Vec<u64> =
        expected.map(|scanned| scanned.number).take(numbers.len().max(1)).collect();
    assert_eq!(numbers, expected, "{shape}, {size:?}, {condition}: {scanned:?}");
    for (number, hit) in &stopped {
        let scanned = by_number[number];
        assert_eq!(scanned.name, (hit.trace.pipeline.to_string(), hit.trace.sequence.0));
        assert_eq!(scanned.unjudged.is_some(), hit.unjudged.is_some(), "{shape}, {condition}");
    }
    stopped.len()
}
