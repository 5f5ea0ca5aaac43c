//! Random conditions, as trees and as they are written.

use proptest::prelude::*;

/// What has a number, if it has one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    State,
    Before,
    Message,
    Worker,
    Messages,
    Latency,
    Rate,
    Is(i8),
}

/// What has a text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Text {
    Key,
    Step,
    Pipeline,
    Output,
    Reason,
    Cause,
    Letter,
}

/// What is true or false.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Dead,
    Created,
    Is(bool),
    Compare(Number, usize, Number),
    Sum(Number, Number, i8),
    Equals(Text, &'static str),
    Contains(Text, &'static str),
    StartsWith(Text, &'static str),
    HasVotes,
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    If(Box<Self>, Box<Self>, Box<Self>),
}

pub(super) const OPERATORS: [&str; 6] = ["<", "<=", "==", "!=", ">=", ">"];

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        3 => Just(Number::State),
        1 => Just(Number::Before),
        1 => Just(Number::Message),
        1 => Just(Number::Worker),
        1 => Just(Number::Messages),
        1 => Just(Number::Latency),
        1 => Just(Number::Rate),
        4 => (-2_i8..6).prop_map(Number::Is),
    ]
}

fn text() -> impl Strategy<Value = Text> {
    use Text::{Cause, Key, Letter, Output, Pipeline, Reason, Step};
    prop::sample::select(vec![Key, Step, Pipeline, Output, Reason, Cause, Letter])
}

pub(super) fn condition() -> impl Strategy<Value = Condition> {
    let word = || prop::sample::select(vec!["", "a", "b", "ab", "refused", "count"]);
    let leaf = prop_oneof![
        1 => Just(Condition::Dead),
        1 => Just(Condition::Created),
        1 => any::<bool>().prop_map(Condition::Is),
        1 => Just(Condition::HasVotes),
        4 => (number(), 0_usize..6, number())
            .prop_map(|(one, operator, two)| Condition::Compare(one, operator, two)),
        1 => (number(), number(), 0_i8..6).prop_map(|(one, two, sum)| Condition::Sum(one, two, sum)),
        2 => (text(), word()).prop_map(|(text, word)| Condition::Equals(text, word)),
        1 => (text(), word()).prop_map(|(text, word)| Condition::Contains(text, word)),
        1 => (text(), word()).prop_map(|(text, word)| Condition::StartsWith(text, word)),
    ];
    leaf.prop_recursive(4, 10, 3, |inner| {
        let one = || inner.clone().prop_map(Box::new);
        prop_oneof![
            one().prop_map(Condition::Not),
            (one(), one()).prop_map(|(one, two)| Condition::And(one, two)),
            (one(), one()).prop_map(|(one, two)| Condition::Or(one, two)),
            (one(), one(), one()).prop_map(|(is, one, two)| Condition::If(is, one, two)),
        ]
    })
}

impl Number {
    fn written(self) -> String {
        match self {
            Self::State => "state.votes".to_owned(),
            Self::Before => "before.votes".to_owned(),
            Self::Message => "message.votes".to_owned(),
            Self::Worker => "worker".to_owned(),
            Self::Messages => "messages".to_owned(),
            Self::Latency => "latency_us".to_owned(),
            Self::Rate => "rate".to_owned(),
            Self::Is(number) => format!("({number})"),
        }
    }
}

impl Text {
    fn written(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Step => "step",
            Self::Pipeline => "pipeline",
            Self::Output => "output",
            Self::Reason => "reason",
            Self::Cause => "cause",
            Self::Letter => "message.letter",
        }
    }
}

impl Condition {
    pub fn written(&self) -> String {
        match self {
            Self::Dead => "dead".to_owned(),
            Self::Created => "created".to_owned(),
            Self::Is(is) => is.to_string(),
            Self::Compare(one, operator, two) => {
                format!("{} {} {}", one.written(), OPERATORS[*operator], two.written())
            }
            Self::Sum(one, two, sum) => format!("{} + {} == {sum}", one.written(), two.written()),
            Self::Equals(text, word) => format!("{} == '{word}'", text.written()),
            Self::Contains(text, word) => format!("{}.contains('{word}')", text.written()),
            Self::StartsWith(text, word) => format!("{}.startsWith(\"{word}\")", text.written()),
            Self::HasVotes => "has(state.votes)".to_owned(),
            Self::Not(one) => format!("!({})", one.written()),
            Self::And(one, two) => format!("({}) && ({})", one.written(), two.written()),
            Self::Or(one, two) => format!("({}) || ({})", one.written(), two.written()),
            Self::If(is, one, two) => {
                format!("({}) ? ({}) : ({})", is.written(), one.written(), two.written())
            }
        }
    }
}
