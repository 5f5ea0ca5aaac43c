//! Planted bugs: each becomes an input without a message or a partition that is not needed.
//!
//! `SHRINK_BUGS` says how many; 200 without it.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::thread;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wallaroo::core::replay::shrink::{Progress, ShrinkError};
use wallaroo::core::replay::smallest::{
    FindError, Lived, Smallest, Watching, find_first, first_step, lived, smallest,
};
use wallaroo::core::seen::seen_in;
use wallaroo::expression::{Fields, StepCondition, When};
use wallaroo::{TestDriver, Topology};

use crate::applications::{Bug, Failure, Item, KINDS, Kind};
use crate::recorded::{Sent, recording};
use crate::support::fragile::silence_panics_on_purpose;

/// No message by chance has such a value.
const PLANTED: u32 = 1_000;

/// A bug, and messages that lead to it.
struct Planted {
    kind: Kind,
    bug: Bug,
    messages: Vec<Sent>,
    /// How many of them were processed before the recording began.
    begin: usize,
}

fn planted(seed: u64) -> Planted {
    let random = &mut ChaCha8Rng::seed_from_u64(seed);
    let kind = KINDS[random.random_range(0..KINDS.len())];
    let failures = [Failure::Panics, Failure::Refuses, Failure::WrongTotal];
    let failure = failures[random.random_range(0..failures.len())];
    let length = random.random_range(1..5);
    let pattern: Vec<(u8, u32)> = (0..length)
        .map(|_| (random.random_range(0..4), random.random_range(PLANTED..2 * PLANTED)))
        .collect();
    let count = random.random_range(length..400);
    let pipelines = if kind == Kind::Shared { 2 } else { 1 };
    let mut messages: Vec<(usize, Item)> = (0..count)
        .map(|_| {
            let (key, kind) = (random.random_range(0..9), random.random_range(0..4));
            let item = Item { key, kind, value: random.random_range(0..PLANTED) };
            (random.random_range(0..pipelines), item)
        })
        .collect();
    let key = random.random_range(0..9);
    let mut places: Vec<usize> = (0..length).map(|_| random.random_range(0..count)).collect();
    places.sort_unstable();
    for (place, (kind, least)) in places.iter().rev().zip(pattern.iter().rev()) {
        let value = least + random.random_range(0..PLANTED);
        messages
            .insert(*place, (random.random_range(0..pipelines), Item { key, kind: *kind, value }));
    }
    let begin =
        if random.random_bool(0.3) { random.random_range(0..=places[length - 1]) } else { 0 };
    let framed = |(pipeline, item): (usize, Item)| (pipeline, kind.payload(&item));
    let messages = messages.into_iter().map(framed).collect();
    Planted { kind, bug: Bug { pattern, failure }, messages, begin }
}

/// Whether it happens with these messages and partitions.
fn happens(
    topology: &Topology,
    condition: &StepCondition,
    (input, again): (&Smallest, &Lived),
    left_out: (Option<usize>, Option<usize>),
) -> bool {
    let mut driver = TestDriver::new(topology);
    for (at, partition) in again.base.iter().enumerate() {
        if left_out.1 != Some(at) {
            driver.restore(&partition.state, partition.key.clone(), &partition.value).unwrap();
        }
    }
    for (at, message) in input.messages.iter().enumerate() {
        if left_out.0 != Some(at) {
            let plan = &topology.pipelines()[message.pipeline.0];
            driver.push_message(&plan.name, &message.payload).unwrap();
        }
    }
    driver.run();
    let mut traces = driver.traces().iter();
    traces.any(|trace| {
        let seen = seen_in(trace, topology, driver.dead_letters());
        matches!(first_step(condition, &seen), Ok(Some(_)))
    })
}

/// Shrinks a bug, and checks that nothing can be left out. Returns whether a partition of the beginning is left.
fn shrink_planted(seed: u64) -> bool {
    let Planted { kind, bug, messages, begin } = planted(seed);
    let topology = Arc::new(kind.topology(&bug));
    let condition = condition(&bug);
    let recording = recording(&topology, &messages, begin);
    let first = find_first(&topology, &recording, &condition, &()).unwrap();
    let input = smallest(&topology, &first, &condition, &()).unwrap();
    let again = lived(&topology, &input, &condition, &()).unwrap().unwrap();
    let about = format!("seed {seed}, {kind:?}, {bug:?}: {input:?}");
    let both = (&input, &again);
    assert!(again.step.is_some(), "{about}");
    assert!(input.complete, "{about}");
    assert!(happens(&topology, &condition, both, (None, None)), "{about}");
    for at in 0..input.messages.len() {
        assert!(!happens(&topology, &condition, both, (Some(at), None)), "{at}: {about}");
    }
    for at in 0..input.base.len() {
        assert!(!happens(&topology, &condition, both, (None, Some(at))), "{at}: {about}");
    }
    if begin == 0 {
        assert!(input.messages.len() <= bug.pattern.len(), "{about}");
    }
    !input.base.is_empty()
}

fn condition(bug: &Bug) -> StepCondition {
    let text = bug.failure.condition();
    StepCondition::compile(text, When::Replayed, &Fields::default()).unwrap()
}

#[test]
fn each_planted_bug_becomes_an_input_of_which_nothing_can_be_left_out() {
    silence_panics_on_purpose();
    let bugs: u64 = std::env::var("SHRINK_BUGS").map_or(200, |bugs| bugs.parse().unwrap());
    let with_base = AtomicUsize::new(0);
    let next = AtomicU64::new(0);
    let one_after_another = || {
        while let Some(seed) = Some(next.fetch_add(1, Relaxed)).filter(|seed| *seed < bugs) {
            with_base.fetch_add(usize::from(shrink_planted(seed)), Relaxed);
        }
    };
    thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(one_after_another))));
    assert!(with_base.into_inner() > 0, "some need a partition of the beginning");
}

/// Stops a search after so many candidates.
struct Impatient(Cell<u64>);

impl Watching for Impatient {
    fn shrinks(&self, _: &Progress) {
        self.0.set(self.0.get().saturating_sub(1));
    }

    fn goes_on(&self) -> bool {
        self.0.get() > 0
    }
}

#[test]
fn a_search_that_is_stopped_has_an_input_with_which_it_happens() {
    silence_panics_on_purpose();
    let mut incomplete = 0;
    for seed in 0..20 {
        let Planted { kind, bug, messages, begin } = planted(seed);
        let topology = Arc::new(kind.topology(&bug));
        let condition = condition(&bug);
        let recording = recording(&topology, &messages, begin);
        let stopped = find_first(&topology, &recording, &condition, &Impatient(Cell::new(0)));
        assert_eq!(stopped.unwrap_err(), FindError::Stopped);
        let first = find_first(&topology, &recording, &condition, &()).unwrap();
        for patience in [0, 1, 3, 10] {
            let watching = Impatient(Cell::new(patience));
            match smallest(&topology, &first, &condition, &watching) {
                Ok(input) => {
                    let again = lived(&topology, &input, &condition, &()).unwrap().unwrap();
                    assert!(happens(&topology, &condition, (&input, &again), (None, None)));
                    incomplete += usize::from(!input.complete);
                }
                Err(error) => {
                    assert_eq!((error, patience), (ShrinkError::Stopped, 0));
                }
            }
        }
    }
    assert!(incomplete > 20);
}
