//! Tests: what conditions about steps know, what they refuse and where, and that nothing unknown is taken for false.

use serde_json::{Value, json};

use super::StepCondition;
use crate::application::{Key, Reason, Sink, Source};
use crate::core::frames::dead_letter::Cause;
use crate::core::frames::preview::BYTES_LIMIT;
use crate::core::numbers::WorkerIndex;
use crate::core::seen::{Death, Gaps, Seen, Shown, StepSeen, seen_in};
use crate::core::test_driver::TestDriver;
use crate::core::topology::{Application, Topology};
use crate::expression::{ExpressionError, Fields, When};

/// A vote for `a`, which is the third.
pub(super) fn vote() -> StepSeen {
    StepSeen {
        pipeline: "votes".into(),
        step: "add_votes".into(),
        worker: WorkerIndex(1),
        key: Some(Key::from("a")),
        message: Some(Shown::Whole(json!({"letter": "a", "votes": 20}))),
        before: Some(Shown::Whole(json!({"letter": "a", "votes": 100}))),
        state: Some(Shown::Whole(json!({"letter": "a", "votes": 120, "recent": [7, 13]}))),
        created: false,
        outputs: vec![b"a => 120\n".to_vec(), b"b\xff".to_vec()],
        dead: None,
        messages: Some(3),
        latency_us: 250,
        rate: Some(1.5),
        share: Some(0.25),
        gaps: Gaps::default(),
    }
}

/// A message that its partition refused.
fn refused() -> StepSeen {
    StepSeen {
        before: None,
        state: None,
        outputs: Vec::new(),
        dead: Some(Death { reason: "too many".to_owned(), cause: Some(Cause::Refused) }),
        ..vote()
    }
}

fn compile(text: &str, when: When) -> StepCondition {
    let condition = StepCondition::compile(text, when, &Fields::default());
    condition.unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn fields() -> Fields {
    let mut fields = Fields::default();
    fields.add(&vote());
    fields
}

fn wrong(text: &str, when: When) -> ExpressionError {
    StepCondition::compile(text, when, &fields()).expect_err(text)
}

#[test]
fn each_name_has_the_value_of_the_step() {
    for (text, seen) in [
        ("key == 'a'", vote()),
        ("worker == 1", vote()),
        ("state.votes > 100 && before.votes <= 100", vote()),
        ("state.votes == before.votes + message.votes", vote()),
        ("state == {'letter': 'a', 'votes': 120, 'recent': [7, 13]}", vote()),
        ("state.recent.exists(one, one == 13) && 7 in state.recent", vote()),
        ("message.letter == 'a' && has(message.votes) && !has(message.x)", vote()),
        // The outputs, one after the other, with what is no text in digits.
        (r"output == 'a => 120\\x0ab\\xff'", vote()),
        ("output.contains('=> 120')", vote()),
        ("output == ''", refused()),
        ("step == 'add_votes' && pipeline == 'votes'", vote()),
        ("created", StepSeen { created: true, ..vote() }),
        ("!created && !dead && reason == '' && cause == ''", vote()),
        ("dead && reason.contains('many') && cause == 'refused' && key == 'a'", refused()),
        ("messages == 3", vote()),
        ("latency_us > 200 && rate == 1.5 && share == 0.25", vote()),
    ] {
        assert_eq!(compile(text, When::Live).holds(&seen), Ok(true), "{text}");
        let not = compile(&format!("!({text})"), When::Live);
        assert_eq!(not.holds(&seen), Ok(false), "{text}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused_at_its_character_with_what_is_near() {
    let cases = [
        ("", "", "is missing"),
        ("key = 'a'", "= 'a'", "write `==`"),
        (
            "key == 'a' && stat.votes > 1",
            "stat.votes > 1",
            "there is no `stat` here: use state.*, ",
        ),
        ("beefore.votes > 1", "beefore.votes > 1", "use before.*, "),
        ("latency > 1", "latency > 1", "there is no `latency` here"),
        ("key.foo == 1", "key.foo == 1", "`key` has no fields"),
        ("state.vots > 100", "vots > 100", "no state so far has a field `vots`: use state.votes, "),
        ("key == 'é' && before . vote > 1", "vote > 1", "use before.votes, "),
        (
            "message.leter == 'a'",
            "leter == 'a'",
            "use message.letter, message.votes; or message[\"leter\"]",
        ),
        ("state.recnt.exists(one, one > 1)", "recnt.exists(one, one > 1)", "use state.recent, "),
        ("state. // why\n vots > 1", "state. // why\n vots > 1", "no state so far"),
        ("output.length() > 3", "length() > 3", "there is no function `length`"),
        ("rate > 1.0", "rate > 1.0", "`rate` depends on the time"),
        ("dead || share > 0.5", "share > 0.5", "`share` depends on the time"),
        ("latency_us > 5", "latency_us > 5", "`latency_us` depends on the time"),
        ("message.x.exists(one, state.votes > 1)", "x.exists(one, state.votes > 1)", "`x`"),
        ("state.recent.all(a, state.votes > a)", "state.votes > a)", "in a loop"),
    ];
    for (text, rest, sentence) in cases {
        let error = wrong(text, When::Replayed);
        let found: String = text.chars().skip(error.column).collect();
        assert_eq!(found, rest, "{text}: {}", error.sentence);
        assert!(error.sentence.contains(sentence), "{text}: {}", error.sentence);
    }
    let error = wrong("rates > 1.0", When::Live);
    assert!(error.sentence.contains("use rate, "), "{error}");
    let known = wrong("nothing", When::Replayed).sentence;
    assert!(["rate", "share", "latency_us"].iter().all(|name| !known.contains(name)), "{known}");
}

#[test]
fn a_field_is_refused_only_if_all_fields_are_known() {
    let may_be =
        |text: &str, fields: &Fields| StepCondition::compile(text, When::Replayed, fields).is_ok();
    assert!(may_be("state.x == 1 && message.y == 2", &Fields::default()));
    assert!(!may_be("state.x == 1", &fields()));
    // What is asked for by another way is not a name, and may come later.
    assert!(may_be("state['x'] == 1 || has(state.x)", &fields()));
    // A number has no fields, and what was cut has others.
    for state in [Shown::Whole(json!(5)), Shown::Cut(serde_json::Map::new())] {
        let mut fields = Fields::default();
        fields.add(&StepSeen { state: Some(state), before: None, ..vote() });
        assert!(may_be("state.x == 1", &fields) && !may_be("message.x == 1", &fields));
    }
    // A state whose names are data.
    let mut fields = Fields::default();
    for name in 0..1000 {
        fields.add_state(&json!({name.to_string(): 1, "n": 2}));
    }
    let message = Some(Shown::Whole(json!({"only": 1})));
    fields.add(&StepSeen { message, before: None, state: None, ..vote() });
    assert!(may_be("state.x == 1", &fields) && !may_be("message.x == 1", &fields));
}

#[test]
fn what_depends_on_something_unknown_is_neither_true_nor_false() {
    let cut = |json: Value| {
        let Value::Object(fields) = json else { panic!("an object") };
        StepSeen { state: Some(Shown::Cut(fields)), ..vote() }
    };
    let with = |gaps| StepSeen { gaps, ..vote() };
    let unknown = "state is too long: only the first 2048 bytes of it are kept";
    for (text, seen, why) in [
        ("state.votes > 100", cut(json!({})), unknown),
        ("state.votes > 100 && key == 'a'", cut(json!({"x": 1})), ", without votes"),
        ("has(state.votes)", cut(json!({"votes": 1})), unknown),
        ("state == {}", cut(json!({})), unknown),
        ("state.?votes.orValue(1) == 1 || state[\"votes\"] == 1", cut(json!({})), unknown),
        ("state.recent.exists(one, one == 1)", cut(json!({})), unknown),
        ("output == ''", with(Gaps { outputs: true, ..Gaps::default() }), "told apart"),
        ("!dead", with(Gaps { dead: true, ..Gaps::default() }), "than a trace keeps"),
        ("reason == ''", with(Gaps { dead: true, ..Gaps::default() }), "than a trace keeps"),
        ("created", with(Gaps { partition: true, ..Gaps::default() }), "several messages"),
        ("output == ''", StepSeen { outputs: vec![vec![b'x'; BYTES_LIMIT]], ..vote() }, "too long"),
        ("messages > 3", StepSeen { messages: None, ..vote() }, "nobody has measured it"),
        (
            "cause == 'refused'",
            StepSeen { dead: Some(Death { reason: "x".to_owned(), cause: None }), ..vote() },
            "its dead letter is not kept",
        ),
        (
            "state.x == 1",
            StepSeen { state: Some(Shown::Unreadable("(no map)".to_owned())), ..vote() },
            "(no map)",
        ),
    ] {
        let Ok(condition) = StepCondition::compile(text, When::Live, &Fields::default()) else {
            assert!(text.contains('?'), "{text}");
            continue;
        };
        let error = condition.holds(&seen).expect_err(text).to_string();
        assert!(error.contains(why) && error.contains("add_votes"), "{text}: {error}");
        assert_eq!(condition.trouble(), None, "{text}");
    }
    // It does not depend on it.
    for (text, holds) in [
        ("state.votes > 100", true),
        ("key == 'b' && state.recent == []", false),
        ("state.recent == [] && key == 'b'", false),
        ("state.recent == [] || worker == 1", true),
        ("worker == 1 ? before.votes == 100 : state.recent == []", true),
    ] {
        let seen = cut(json!({"votes": 120}));
        assert_eq!(compile(text, When::Replayed).holds(&seen), Ok(holds), "{text}");
    }
}

#[test]
fn what_a_step_does_not_have_is_not_true_of_it_and_the_reason_is_told() {
    let condition = compile("state.votes > 100", When::Replayed);
    assert_eq!(condition.holds(&refused()), Ok(false));
    assert_eq!(condition.trouble(), Some("no row has state.votes"));
    assert_eq!(condition.holds(&vote()), Ok(true));
    assert_eq!(condition.trouble(), None);
    let condition = compile("key > 3", When::Replayed);
    assert_eq!(condition.holds(&vote()), Ok(false));
    assert!(condition.trouble().is_some_and(|why| why.contains("`>` does not work on string")));
    assert!(condition.names("key") && !condition.names("messages"));
}

#[test]
fn a_message_is_judged_by_its_steps_in_their_order() {
    let steps = vec![refused(), vote(), StepSeen { key: Some(Key::from("b")), ..vote() }];
    let all = Seen { steps: steps.clone(), left_out: 0 };
    let some = Seen { steps, left_out: 7 };
    let first = |text: &str, seen: &Seen| compile(text, When::Replayed).first_in(seen);
    assert_eq!(first("dead", &all), Ok(Some(0)));
    assert_eq!(first("key == 'b'", &some), Ok(Some(2)));
    assert_eq!(first("key == 'c'", &all), Ok(None));
    let error = first("key == 'c'", &some).unwrap_err().to_string();
    assert!(error.contains("7 hops are left out"), "{error}");
    let mut cut = all;
    cut.steps[1].state = Some(Shown::Cut(serde_json::Map::new()));
    assert!(first("state.votes == 120", &cut).is_err(), "the second may be the first");
}

#[test]
fn long_and_deep_conditions_are_bounded() {
    let fields = fields();
    for text in [
        "state.recent.all(a, state.recent.all(b, a > b))",
        "size(message.votes.map(a, a + 1)) > 3",
        "before.votes.all(a, a in state.recent)",
    ] {
        assert!(StepCondition::compile(text, When::Live, &fields).is_err(), "{text}");
    }
    for (before, middle, after) in [
        ("(", "dead", ")"),
        ("!", "dead", ""),
        ("", "state", ".votes"),
        ("", "before", "['votes']"),
        ("dead ? dead : ", "dead", ""),
        ("dead || ", "created", ""),
    ] {
        for depth in [1, 9, 40, 70, 400, 10_000] {
            let text = format!("{}{middle}{}", before.repeat(depth), after.repeat(depth));
            if let Ok(condition) = StepCondition::compile(&text, When::Live, &fields) {
                let _ = condition.holds(&vote());
            }
        }
    }
    let long = format!("state.{} > 1", "x".repeat(400));
    assert!(StepCondition::compile(&long, When::Live, &fields).is_err());
}

/// The alphabet as far as its states go.
pub(super) fn votes() -> Topology {
    let decode = |payload: &[u8]| match payload {
        [letter, votes] => Ok(Some((*letter, *votes))),
        _ => Err(Reason::from("a vote has two bytes")),
    };
    let add = |(_, votes): (u8, u8), total: &mut Total| -> Result<_, Reason> {
        total.votes = total.votes.checked_add(u32::from(votes)).ok_or("too many")?;
        total.history.push_str(&".".repeat(usize::from(votes)));
        Ok((Some(total.votes), true))
    };
    let write = |votes: &u32, output: &mut Vec<u8>| {
        output.extend(format!("=> {votes}").bytes());
        Ok::<_, Reason>(())
    };
    Application::new("alphabet")
        .pipeline("votes", Source::new(decode))
        .to_state_partition(add, |_: &Key| Total::default(), "totals", |vote: &(u8, u8)| vote.0)
        .to_sink(Sink::new(write))
        .build()
        .unwrap()
}

/// A state whose last field becomes too long for a trace.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Total {
    votes: u32,
    history: String,
}

#[test]
fn a_state_that_has_become_too_long_is_judged_by_its_first_fields_or_not_at_all() {
    let topology = votes();
    let mut driver = TestDriver::new(&topology);
    for _ in 0..20 {
        driver.push_message("votes", b"a\xff").unwrap();
    }
    driver.run();
    let seen = |at: usize| seen_in(&driver.traces()[at], &topology, &[]);
    let condition = compile("state.votes == 20 * 255", When::Replayed);
    assert_eq!(condition.first_in(&seen(19)), Ok(Some(0)));
    assert_eq!(condition.first_in(&seen(18)), Ok(None));
    let condition = compile("size(state.history) == 20 * 255", When::Replayed);
    assert_eq!(condition.first_in(&seen(5)), Ok(None));
    let error = condition.first_in(&seen(19)).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "it cannot be said of {} with the key a: its state is too long: only the first 2048 bytes of it are \
             kept, without history",
            seen(19).steps[0].step
        )
    );
}
