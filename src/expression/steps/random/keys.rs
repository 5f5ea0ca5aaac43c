//! Tests: a key is named as the only one only if the condition holds for no other.

use proptest::prelude::*;

use super::super::tests::votes;
use super::super::{StepCondition, breakpoint};
use super::grammar::condition;
use super::seen;
use crate::application::Key;
use crate::core::seen::StepSeen;
use crate::expression::{Fields, When};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 400 } else { 20_000 }))]

    #[test]
    fn a_condition_that_is_of_one_key_holds_for_no_other(
        condition in condition(),
        key in prop::sample::select(&["a", "b", "ab"][..]),
        is_demanded in 0..4,
        steps in prop::collection::vec(seen(), 8),
    ) {
        let text = condition.written();
        let text = match is_demanded {
            0 => text,
            1 => format!("({text}) && key == '{key}'"),
            2 => format!("'{key}' == key && ({text})"),
            _ => format!("key == '{key}' || ({text})"),
        };
        let Ok(compiled) = StepCondition::compile(&text, When::Live, &Fields::default()) else {
            return Ok(());
        };
        if let Some(only) = compiled.only_key(&votes()) {
            for seen in steps.iter().filter(|seen| seen.key.as_ref() != Some(&only)) {
                prop_assert_ne!(compiled.holds(seen), Ok(true), "{} of {:?}", &text, seen);
            }
            prop_assert!(compiled.all_names().all(|name| breakpoint::AT_PARTITIONS.contains(&name) || name == "step"));
        }
        if is_demanded == 3 {
            prop_assert!(compiled.only_key(&votes()).is_none());
        }
    }
}

fn only_key(text: &str) -> Option<Key> {
    let compiled = StepCondition::of_breakpoint(text, &Fields::default());
    compiled.unwrap_or_else(|error| panic!("{text}: {error}")).only_key(&votes())
}

#[test]
fn the_only_key_is_known_if_a_part_demands_it_and_the_others_are_about_its_partition() {
    let a = Some(Key::from("a"));
    for text in [
        "key == 'a'",
        "'a' == key && state.votes > 100",
        "state.votes > 100 && (created && (key == \"a\" && before.votes < 3))",
        "key == 'a' && (state.votes > 3 || created)",
        "key == 'a' && pipeline == 'votes'",
    ] {
        assert_eq!(only_key(text), a, "{text}");
    }
    assert_eq!(only_key(r"key == '\\xff'"), Some(Key::from(0xff_u8)));
    for text in [
        "key == 'a' || key == 'b'",
        "!(key == 'a')",
        "key != 'a'",
        "key == 'a' ? dead : created",
        // Too little is known of these where a partition is touched.
        "key == 'a' && message.votes > 3",
        "key == 'a' && dead",
        "key == 'a' && output == ''",
        "key == 'a' && step == 'encode'",
        "key == 'a' && step != 'count'",
        // The text of no key.
        r"key == '\\x41'",
        r"key == '\\'",
    ] {
        assert_eq!(only_key(text), None, "{text}");
    }
    let seen = StepSeen { key: a, ..super::super::tests::vote() };
    assert_eq!(
        StepCondition::of_breakpoint("key == 'a'", &Fields::default()).unwrap().holds(&seen),
        Ok(true)
    );
}
