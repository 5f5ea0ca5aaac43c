//! What must stay true of the smallest input, whatever it is that happens.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::convert::Infallible;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::*;
use crate::core::numbers::PipelineIndex;

/// A condition on the messages that are left.
#[derive(Debug, Clone)]
enum Condition {
    /// All of one of these sets are left.
    AllOf(Vec<BTreeSet<usize>>),
    /// All of the set are left, and of the pairs never the first without the second.
    Together(BTreeSet<usize>, Vec<(usize, usize)>),
    /// All of the set are left, and it is an even number of the others, or all of them.
    Even(BTreeSet<usize>, BTreeSet<usize>),
}

impl Condition {
    fn holds(&self, left: &BTreeSet<usize>) -> bool {
        match self {
            Self::AllOf(sets) => sets.iter().any(|set| set.is_subset(left)),
            Self::Together(set, pairs) => {
                set.is_subset(left)
                    && pairs.iter().all(|(one, other)| !left.contains(one) || left.contains(other))
            }
            Self::Even(set, others) => {
                let count = others.intersection(left).count();
                set.is_subset(left) && (count % 2 == 0 || count == others.len())
            }
        }
    }
}

fn condition(messages: usize) -> impl Strategy<Value = Condition> {
    let set = move || btree_set(0..messages, 0..60);
    prop_oneof![
        vec(set(), 1..4).prop_map(Condition::AllOf),
        (set(), vec((0..messages, 0..messages), 0..30))
            .prop_map(|(set, pairs)| Condition::Together(set, pairs)),
        (set(), set()).prop_map(|(set, others)| Condition::Even(set, others)),
    ]
}

fn messages(count: usize) -> Vec<Message> {
    vec![Message { pipeline: PipelineIndex(0), payload: Bytes::new() }; count]
}

fn left_of(shrunk: &Shrunk) -> BTreeSet<usize> {
    shrunk.messages.iter().map(|left| left.original).collect()
}

fn originals(candidate: &Candidate<'_>) -> BTreeSet<usize> {
    candidate.messages().map(|message| message.original).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "it is the result of a probe")]
fn verdict(yes: bool) -> Result<Verdict, Infallible> {
    Ok(if yes { Verdict::Yes } else { Verdict::No })
}

fn run<P: Probe>(input: &Input<'_>, probe: P) -> Result<Shrunk, ShrinkError<P::Error>> {
    shrink(input, probe, &simpler_payloads, &mut |_| ControlFlow::Continue(()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_result_does_it_and_without_any_one_message_it_does_not(
        condition in condition(5_000),
        tells: bool,
        slice in prop::option::of(btree_set(0..5_000_usize, 0..2_000)),
    ) {
        let messages = messages(5_000);
        let slice = slice.map(|messages| Slice {
            messages: messages.into_iter().collect(),
            base: Vec::new(),
        });
        let input = Input { messages: &messages, slice, ..Input::default() };
        let probe = |candidate: &Candidate<'_>| {
            let left = originals(candidate);
            if tells && matches!(condition, Condition::AllOf(_)) {
                // After how many messages it first holds.
                let until = |until: &usize| left.iter().copied().take(*until).collect();
                let lengths: Vec<usize> = (0..=left.len()).collect();
                let first = lengths.partition_point(|length| !condition.holds(&until(length)));
                let holds = condition.holds(&left);
                return Ok(if holds { Verdict::YesAfter(first) } else { Verdict::No });
            }
            verdict(condition.holds(&left))
        };
        let shrunk = run(&input, probe).unwrap();
        let left = left_of(&shrunk);
        prop_assert!(condition.holds(&left));
        prop_assert!(shrunk.complete);
        for message in &left {
            let mut fewer = left.clone();
            fewer.remove(message);
            prop_assert!(!condition.holds(&fewer), "{message} of {left:?} is not needed");
        }
        let again = run(&input, probe).unwrap();
        prop_assert_eq!(shrunk, again);
    }

    #[test]
    fn one_message_of_a_million_is_found_by_halving(cause in 0..1_000_000_usize) {
        let messages = messages(1_000_000);
        let input = Input { messages: &messages, ..Input::default() };
        let replayed = Cell::new(0);
        let probe = |candidate: &Candidate<'_>| {
            replayed.set(replayed.get() + candidate.len());
            verdict(candidate.trial.messages.contains(cause))
        };
        let shrunk = run(&input, probe).unwrap();
        prop_assert_eq!(left_of(&shrunk), BTreeSet::from([cause]));
        prop_assert!(shrunk.probes <= 24, "{} probes", shrunk.probes);
        prop_assert!(replayed.get() <= 2_100_000, "{} messages", replayed.get());
    }

    #[test]
    fn a_cause_and_the_message_that_shows_it_are_found_by_halving(
        cause in 0..999_999_usize,
        shows in 0..1_000_000_usize,
    ) {
        let (cause, shows) = (cause.min(shows), (cause + 1).max(shows));
        let messages = messages(1_000_000);
        let input = Input { messages: &messages, ..Input::default() };
        let replayed = Cell::new(0);
        let probe = |candidate: &Candidate<'_>| {
            let messages = &candidate.trial.messages;
            let does = messages.contains(cause) && messages.contains(shows);
            let until = messages.iter().take_while(|message| *message <= shows).count();
            // A run ends with the message that shows it.
            replayed.set(replayed.get() + if does { until } else { messages.len() });
            Ok::<_, Infallible>(if does { Verdict::YesAfter(until) } else { Verdict::No })
        };
        let shrunk = run(&input, probe).unwrap();
        prop_assert_eq!(left_of(&shrunk), BTreeSet::from([cause, shows]));
        prop_assert!(shrunk.probes <= 30, "{} probes", shrunk.probes);
        prop_assert!(replayed.get() <= 4_000_000, "{} messages", replayed.get());
    }

    #[test]
    fn two_messages_of_a_million_are_found_without_being_told(
        causes in btree_set(0..1_000_000_usize, 2),
    ) {
        let messages = messages(1_000_000);
        let input = Input { messages: &messages, ..Input::default() };
        let replayed = Cell::new(0);
        let probe = |candidate: &Candidate<'_>| {
            replayed.set(replayed.get() + candidate.len());
            verdict(causes.iter().all(|cause| candidate.trial.messages.contains(*cause)))
        };
        let shrunk = run(&input, probe).unwrap();
        prop_assert_eq!(&left_of(&shrunk), &causes);
        prop_assert!(shrunk.probes <= 150, "{} probes", shrunk.probes);
        prop_assert!(replayed.get() <= 12_000_000, "{} messages", replayed.get());
    }

    #[test]
    fn the_base_is_minimal_too_and_payloads_are_as_small_as_they_can_be(
        partitions in btree_set(0..500_usize, 0..5),
        causes in btree_set(0..200_usize, 1..5),
        limit in 1..200_u8,
    ) {
        let messages: Vec<_> = (0..200)
            .map(|_| Message { pipeline: PipelineIndex(1), payload: vec![200].into() })
            .collect();
        let input = Input { messages: &messages, base: 500, slice: None };
        let probe = |candidate: &Candidate<'_>| {
            let base: BTreeSet<usize> = candidate.base().collect();
            let large: BTreeSet<usize> = candidate
                .messages()
                .filter(|message| message.payload.first().is_some_and(|number| *number >= limit))
                .map(|message| message.original)
                .collect();
            verdict(partitions.is_subset(&base) && causes.is_subset(&large))
        };
        let shrunk = run(&input, probe).unwrap();
        prop_assert!(shrunk.base.iter().eq(&partitions));
        let expected: Vec<_> = causes.iter().map(|cause| (*cause, vec![limit])).collect();
        let left = shrunk.messages.iter().map(|left| (left.original, left.message.payload.to_vec()));
        prop_assert_eq!(left.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn stopped_at_any_time_what_is_left_does_it(set in btree_set(0..1_000_usize, 1..20), stop in 1..200_u64) {
        let messages = messages(1_000);
        let input = Input { messages: &messages, ..Input::default() };
        let probe = |candidate: &Candidate<'_>| verdict(set.is_subset(&originals(candidate)));
        let smallest = Cell::new(usize::MAX);
        let watch = &mut |progress: &Progress| {
            assert!(progress.messages <= smallest.get(), "it only becomes smaller");
            smallest.set(progress.messages);
            if progress.probes < stop { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let shrunk = shrink(&input, probe, &simpler_payloads, watch).unwrap();
        prop_assert!(set.is_subset(&left_of(&shrunk)));
        prop_assert!(shrunk.probes <= stop);
        prop_assert_eq!(shrunk.messages.len(), smallest.get());
        prop_assert!(shrunk.complete == (shrunk.probes < stop) || shrunk.probes == stop);
    }
}

#[test]
fn the_slice_is_tried_first_and_then_nothing_else_is_run() {
    let messages = messages(1_000_000);
    let slice = Slice { messages: vec![70_000, 3, 999_999, 1_000_000], base: Vec::new() };
    let input = Input { messages: &messages, base: 100_000, slice: Some(slice) };
    let longest = Cell::new(0);
    let probe = |candidate: &Candidate<'_>| {
        longest.set(longest.get().max(candidate.len() + candidate.base().count()));
        verdict(originals(candidate).contains(&70_000))
    };
    let shrunk = run(&input, probe).unwrap();
    assert_eq!(left_of(&shrunk), BTreeSet::from([70_000]));
    assert_eq!(longest.get(), 3);
}

#[test]
fn what_does_not_happen_again_is_told() {
    let messages = messages(10);
    let input = Input { messages: &messages, ..Input::default() };
    let shrunk = run(&input, |_: &Candidate<'_>| verdict(false));
    assert_eq!(shrunk, Err(ShrinkError::NotReproduced));
    let stop = &mut |_: &_| ControlFlow::Break(());
    let shrunk = shrink(&input, |_: &Candidate<'_>| verdict(false), &simpler_payloads, stop);
    assert_eq!(shrunk, Err(ShrinkError::Stopped));
    let shrunk = run(&input, |_: &Candidate<'_>| Err::<Verdict, _>("out of reach"));
    assert_eq!(shrunk, Err(ShrinkError::Probe("out of reach")));
}

#[test]
fn what_happens_without_any_message_needs_none() {
    let messages = messages(10);
    let input = Input { messages: &messages, base: 3, slice: None };
    let shrunk =
        run(&input, |candidate: &Candidate<'_>| verdict(candidate.base().any(|at| at == 1)));
    let shrunk = shrunk.unwrap();
    assert_eq!((shrunk.messages.len(), shrunk.base), (0, vec![1]));
}

#[test]
fn a_search_ends_even_if_what_is_called_simpler_goes_round_in_a_circle() {
    let messages = [Message { pipeline: PipelineIndex(0), payload: Bytes::from_static(b"a") }];
    let input = Input { messages: &messages, ..Input::default() };
    let circle = |_: &Message, payload: &Bytes| -> Box<dyn Iterator<Item = Payload>> {
        let next = if *payload == "a" { b'b' } else { b'a' };
        Box::new(std::iter::once(vec![next]))
    };
    let probe = |candidate: &Candidate<'_>| verdict(candidate.len() == 1);
    let shrunk = shrink(&input, probe, &circle, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(shrunk.complete && shrunk.messages.len() == 1);
}

#[test]
fn if_too_many_messages_are_needed_the_search_ends_with_those_that_are_left() {
    let messages = messages(40_000);
    // Of the first half none is needed, of the second all.
    let needed = 20_000;
    let mut most = 0;
    let probe = |candidate: &Candidate<'_>| {
        most += candidate.len();
        let all = candidate.len() >= needed
            && candidate.messages().filter(|message| message.original >= needed).count() == needed;
        verdict(all)
    };
    let shrunk = run(&Input { messages: &messages, ..Input::default() }, probe).unwrap();
    assert_eq!(left_of(&shrunk), (needed..2 * needed).collect());
    assert!(!shrunk.complete);
    assert!(most < 51_000_000, "{most} messages were run");
}
