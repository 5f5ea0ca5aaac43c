//! Tests: a random condition says of a random step what the same condition says that is evaluated here.

mod evaluation;
mod grammar;
mod keys;

use std::sync::Arc;

use evaluation::Evaluation;
use grammar::condition;
use proptest::prelude::*;
use serde_json::{Map, json};

use super::StepCondition;
use super::tests::{vote, votes};
use crate::application::Key;
use crate::core::frames::dead_letter::Cause;
use crate::core::numbers::WorkerIndex;
use crate::core::seen::{Death, Gaps, Shown, StepSeen, seen_in};
use crate::core::test_driver::TestDriver;
use crate::expression::{Fields, When};

fn shown() -> impl Strategy<Value = Option<Shown>> {
    let object = (0_i64..6, prop::sample::select(vec!["a", "b"]), any::<bool>());
    let object = object.prop_map(|(votes, letter, whole)| {
        if whole { json!({"letter": letter, "votes": votes}) } else { json!({"letter": letter}) }
    });
    prop_oneof![
        1 => Just(None),
        6 => object.clone().prop_map(|value| Some(Shown::Whole(value))),
        1 => object.prop_map(|value| Some(Shown::Cut(value.as_object().cloned().unwrap()))),
        1 => Just(Some(Shown::Cut(Map::new()))),
        1 => Just(Some(Shown::Unreadable("(no)".to_owned()))),
    ]
}

fn seen() -> impl Strategy<Value = StepSeen> {
    let word = || prop::sample::select(vec!["a", "b", "ab", "count"]);
    let names = (prop::option::of(word()), word(), word(), prop::collection::vec(word(), 0..3));
    let cause = prop::option::of(prop::sample::select(Cause::ALL.to_vec()));
    let numbers =
        (0_usize..4, prop::option::of(0_u64..5), 0_u64..6, prop::option::of(-1.0..5.0_f64));
    let gaps = (prop::bool::weighted(0.2), prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    let ends = (any::<bool>(), prop::option::of((word(), cause)), gaps);
    (names, [shown(), shown(), shown()], numbers, ends).prop_map(|(names, shown, numbers, ends)| {
        let (key, step, pipeline, outputs) = names;
        let [message, before, state] = shown;
        let (worker, messages, latency_us, rate) = numbers;
        let (created, dead, (outputs_gap, dead_gap, partition)) = ends;
        StepSeen {
            pipeline: pipeline.into(),
            step: step.into(),
            worker: WorkerIndex(worker),
            key: key.map(Key::from),
            message,
            before,
            state,
            created,
            outputs: outputs.into_iter().map(|output| output.as_bytes().to_vec()).collect(),
            dead: dead.map(|(reason, cause)| Death { reason: reason.to_owned(), cause }),
            messages,
            latency_us,
            rate,
            gaps: Gaps { outputs: outputs_gap, dead: dead_gap, partition },
            ..vote()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 1000 } else { 10_000 }))]

    #[test]
    fn a_condition_says_of_steps_what_its_parts_say(
        condition in condition(),
        steps in prop::collection::vec(seen(), 5),
    ) {
        let text = condition.written();
        match StepCondition::compile(&text, When::Live, &Fields::default()) {
            Err(error) => prop_assert!(text.chars().count() > 500, "{}: {}", text, error),
            Ok(compiled) => for seen in &steps {
                let expected = Evaluation::holds(&condition, seen);
                prop_assert_eq!(compiled.holds(seen).map_err(drop), expected, "{} of {:?}", text, seen);
            },
        }
    }

    #[test]
    fn the_first_message_of_which_a_condition_holds_is_that_of_a_plain_scan(
        sent in prop::collection::vec((b'a'..b'd', 0_u8..120), 1..60),
        limit in 0_u32..400,
        letter in b'a'..b'd',
    ) {
        let topology = votes();
        let mut driver = TestDriver::new(&topology);
        let mut totals = [0_u32; 3];
        let mut expected = [None; 3];
        for (at, (of, votes)) in sent.iter().enumerate() {
            driver.push_message("votes", &[*of, *votes]).unwrap();
            let total = &mut totals[usize::from(of - b'a')];
            let before = *total;
            *total += u32::from(*votes);
            let holds = [*total > limit, *total > limit && *of == letter, before <= limit && *total > limit];
            for (first, holds) in expected.iter_mut().zip(holds) {
                *first = first.or(holds.then_some(at));
            }
        }
        driver.run();
        let letter = char::from(letter);
        let conditions = [
            format!("state.votes > {limit}"),
            format!("key == '{letter}' && state.votes > {limit}"),
            format!("before.votes <= {limit} && state.votes > {limit}"),
        ];
        for (text, expected) in conditions.iter().zip(expected) {
            let condition = StepCondition::compile(text, When::Replayed, &Fields::default()).unwrap();
            let of_trace = |trace: &Arc<_>| seen_in(trace, &topology, driver.dead_letters());
            let holds = |trace| condition.first_in(&of_trace(trace)).unwrap().is_some();
            prop_assert_eq!(driver.traces().iter().position(holds), expected, "{}", text);
        }
    }
}
