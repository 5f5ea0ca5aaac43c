//! What is refused and where, what holds of which row, and that nothing that is typed does harm.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Expression, ExpressionError, Row, Rows};

/// A row with the values of a JSON object.
struct Json(Value);

impl Row for Json {
    fn value(&self, name: &str, field: Option<&str>) -> Option<Value> {
        let value = self.0.get(name)?;
        field.map_or(Some(value), |field| value.get(field)).cloned()
    }
}

fn partition() -> Json {
    let state = json!({
        "votes": 120, "letter": "a", "open": true, "mean": 1.5, "none": null, "huge": u64::MAX,
        "recent": [1, 5, 9], "inner": {"deep": [{"x": 1}]},
    });
    Json(json!({
        "key": "a", "worker": 1, "state": state, "messages": 7, "rate": 0.5, "share": 0.25,
    }))
}

fn refused(text: &str) -> ExpressionError {
    Expression::compile(text, Rows::Partitions).expect_err(text)
}

#[test]
fn a_condition_holds_of_the_rows_of_which_it_is_true() {
    let holds = [
        "state.votes > 100",
        "state.votes > 100 && key == \"a\"",
        "key == 'a' || state.missing > 3",
        "state.votes + 1 == 121 && state.votes > 99.5 && 2u < 3u",
        "state.open",
        "!(state.mean > 2.0)",
        "state.none == null",
        "has(state.votes) && !has(state.missing)",
        "state.inner.deep[0].x == 1",
        "state[\"votes\"] == 120",
        "state.recent.exists(one, one > 8) && !state.recent.all(one, one > 8)",
        "state.recent.exists_one(one, one == 5)",
        "size(state.recent) == 3 && state.recent.size() == 3",
        "5 in state.recent && worker in [1, 2]",
        "key.startsWith('a') && key.endsWith('a') && key.contains('a')",
        "string(state.votes) == '120' && int('3') == 3 && double('1.5') == 1.5 && bool('true')",
        "rate < 1.0 && rate < 1 && share == 0.25 && messages % 2 == 1",
        "state.huge > 5u && state.huge > 5",
        "messages > 5 ? key == 'a' : false",
        "key == 'a' // what follows is a remark",
    ];
    for text in holds {
        let expression = Expression::compile(text, Rows::Partitions);
        let expression = expression.unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(expression.holds(&partition()), "{text}: {:?}", expression.trouble());
        let not = Expression::compile(
            &format!("!({})", text.split("//").next().unwrap()),
            Rows::Partitions,
        );
        assert!(!not.unwrap().holds(&partition()), "{text}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused_at_its_character() {
    let at = |text: &str| {
        let error = refused(text);
        println!("{text}\n{}^ {}", " ".repeat(error.column), error.sentence);
        let rest: String = text.chars().skip(error.column).collect();
        (rest, error.sentence)
    };
    let mut others = Vec::new();
    for (text, rest) in [
        ("", ""),
        ("  ", ""),
        ("state.votes >", ""),
        ("state.votes > 100 &&", ""),
        ("(state.votes > 100", ""),
        ("state.votes = 100", "= 100"),
        ("stat.votes > 100", "stat.votes > 100"),
        ("key == \"é\" && stat.votes > 100", "stat.votes > 100"),
        ("key == \"日\" && = 5", "= 5"),
        ("key == a", "a"),
        ("key == \"a", "\"a"),
        ("key === 'a'", "= 'a'"),
        ("state.votes > 100 100", "100"),
        ("state.votes > # 3", "# 3"),
        ("key.foo == 1", "key.foo == 1"),
        ("key.starts_with('a')", "starts_with('a')"),
        ("key.matches('a+')", "matches('a+')"),
        ("lenght(key) > 3", "lenght(key) > 3"),
        ("message.x == 3", "message.x == 3"),
        ("state.recent.exists(one, state.votes == one)", "state.votes == one)"),
        ("Foo{a: 1} == 3", "{a: 1} == 3"),
        ("int", "int"),
        ("key == 'a' and messages > 3", "and messages > 3"),
        ("key ==\n  worker + )", ")"),
        ("99999999999999999999 > 3", "99999999999999999999 > 3"),
    ] {
        let (found, sentence) = at(text);
        if found != rest {
            others.push((text, found));
        }
        assert!(!sentence.is_empty() && !sentence.contains("{'"), "{text}: {sentence}");
    }
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn a_wrong_name_is_answered_with_the_nearest_ones_first() {
    let sentence = refused("mesages > 3").sentence;
    assert_eq!(
        sentence,
        "there is no `mesages` here: use messages, state.*, share, key, worker, rate"
    );
    let sentence = refused("key.startswith('a')").sentence;
    assert!(sentence.contains("use startsWith, "), "{sentence}");
    let error = Expression::compile("votes > 3", Rows::Messages).expect_err("no such name");
    assert!(error.sentence.contains("message.*"), "{}", error.sentence);
}

#[test]
fn what_would_take_more_time_than_the_row_is_long_is_refused() {
    for text in [
        "state.recent.all(a, state.recent.all(b, a > b))",
        "[1, 2].all(a, [1, 2].all(b, [1, 2].all(c, a > b)))",
        "size(state.recent.map(a, a + 1)) > 3",
        "size(state.recent.filter(a, a > 1)) > 3",
        "state.recent.all(a, a in state.recent)",
    ] {
        refused(text);
    }
    refused(&"x".repeat(10_000));
}

#[test]
fn what_is_nested_deep_is_refused_and_ends_nothing() {
    for (before, middle, after) in [
        ("(", "key", ")"),
        ("!", "state.open", ""),
        ("-", "messages", ""),
        ("[", "1", "]"),
        ("size(", "key", ")"),
        ("1 + ", "1", ""),
        ("", "1", " + 1"),
        ("", "state", ".a"),
        ("", "state", "[0]"),
        ("true ? ", "true", " : true"),
        ("true ? true : ", "true", ""),
        ("{1: ", "1", "}"),
        ("", "key", "()"),
        ("has(", "state.x", ")"),
        ("", "1", " == 1"),
    ] {
        for depth in [1, 3, 30, 90, 240, 400] {
            let text = format!("{}{middle}{}", before.repeat(depth), after.repeat(depth));
            if let Ok(expression) = Expression::compile(&text, Rows::Partitions) {
                let _ = expression.holds(&partition());
            }
        }
    }
}

#[test]
fn a_row_that_cannot_be_judged_is_not_one_and_the_reason_is_told_once() {
    let compile = |text: &str| Expression::compile(text, Rows::Partitions).unwrap();
    for (text, why) in [
        ("state.x > 3", "no row has state.x"),
        ("key > 3", "of no row it can be said: `>` does not work on string and int"),
        ("messages + 1", "of no row it can be said: it gives a int, not true or false"),
        ("messages / 0 > 1", "of no row it can be said: it divides by zero"),
        ("state.recent[7] == 1", "of no row it can be said: the list is too short"),
    ] {
        let expression = compile(text);
        assert_eq!(expression.trouble(), None);
        assert!(!expression.holds(&partition()) && !expression.holds(&partition()), "{text}");
        assert_eq!(expression.trouble(), Some(why), "{text}");
    }
    // One row that can be judged is enough.
    let expression = compile("state.x > 3");
    assert!(!expression.holds(&partition()));
    assert!(expression.holds(&Json(json!({"state": {"x": 4}}))));
    assert_eq!(expression.trouble(), None);
}

fn words() -> impl Strategy<Value = String> {
    const WORDS: [&str; 60] = [
        "key",
        "worker",
        "state",
        "messages",
        "rate",
        "share",
        ".",
        ".votes",
        ".recent",
        ".inner",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        "?",
        ":",
        ",",
        "==",
        "!=",
        "<",
        ">",
        "<=",
        ">=",
        "&&",
        "||",
        "!",
        "-",
        "+",
        "*",
        "/",
        "%",
        "in",
        "has(",
        ".exists(x, ",
        ".all(x, ",
        ".map(x, ",
        "x",
        "1",
        "0",
        "2.5",
        "3u",
        "\"a\"",
        "'b'",
        "null",
        "true",
        "false",
        "size(",
        ".size()",
        "int(",
        "string(",
        "b'x'",
        "r'\\'",
        "9223372036854775807",
        "`",
        "'",
        "\\",
        "\"\"\"",
        "é",
    ];
    let word = prop::sample::select(WORDS.to_vec());
    prop::collection::vec((word, prop::bool::ANY), 0..16).prop_map(|words| {
        words.into_iter().flat_map(|(word, gap)| [word, if gap { " " } else { "" }]).collect()
    })
}

/// Compiles a text, and judges rows by it if it is one.
fn tried(text: &str) {
    for rows in [Rows::Partitions, Rows::Messages] {
        match Expression::compile(text, rows) {
            Ok(expression) => {
                let odd = json!({"state": [[], {"": null}], "key": "", "messages": u64::MAX, "rate": -0.0});
                for row in [partition(), Json(odd), Json(Value::Null)] {
                    let _ = expression.holds(&row);
                }
                let failed = expression.trouble().unwrap_or_default();
                assert!(!failed.contains("the evaluation failed"), "{text}: {failed}");
            }
            Err(error) => {
                assert!(error.column <= text.chars().count(), "{text}: {error}");
                assert!(!error.sentence.contains("the parser failed"), "{text}: {error}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 300 } else { 5000 }))]

    #[test]
    fn any_text_is_a_condition_or_refused(text in "\\PC{0,60}") {
        tried(&text);
    }

    #[test]
    fn any_characters_are_a_condition_or_refused(text: String) {
        tried(&text);
    }

    #[test]
    fn any_words_of_the_language_are_a_condition_or_refused(text in words()) {
        tried(&text);
    }
}
