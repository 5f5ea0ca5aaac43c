//! Evaluates conditions without the language.

use std::cell::Cell;
use std::cmp::Ordering;
use std::fmt::Debug;

use super::grammar::{Condition, Number, OPERATORS, Text};
use crate::core::seen::{Death, Shown, StepSeen};

/// A number as conditions have it: whole ones are not added to others.
#[derive(Clone, Copy)]
enum Value {
    Whole(i64),
    Other(f64),
}

/// A value that cannot be had.
struct Nothing;

type Of<T> = Result<T, Nothing>;

/// The evaluation of a condition.
pub(super) struct Evaluation<'a> {
    seen: &'a StepSeen,
    /// Whether something was asked for that is not known.
    met_unknown: Cell<bool>,
}

impl Evaluation<'_> {
    /// Whether a condition holds of a step. It is an error if that depends on what is not known.
    pub fn holds(condition: &Condition, seen: &StepSeen) -> Result<bool, ()> {
        let evaluation = Evaluation { seen, met_unknown: Cell::new(false) };
        match evaluation.of(condition) {
            Ok(holds) => Ok(holds),
            Err(Nothing) if evaluation.met_unknown.get() => Err(()),
            Err(Nothing) => Ok(false),
        }
    }

    fn unknown<T>(&self) -> Of<T> {
        self.met_unknown.set(true);
        Err(Nothing)
    }

    fn field(&self, of: Option<&Shown>, name: &str) -> Of<serde_json::Value> {
        match of {
            None => Err(Nothing),
            Some(Shown::Whole(value)) => value.get(name).cloned().ok_or(Nothing),
            Some(Shown::Cut(fields)) => {
                fields.get(name).cloned().map_or_else(|| self.unknown(), Ok)
            }
            Some(Shown::Unreadable(_)) => self.unknown(),
        }
    }

    fn number(&self, number: Number) -> Of<Value> {
        let seen = self.seen;
        let votes = |shown: Option<&Shown>| {
            self.field(shown, "votes").map(|votes| Value::Whole(votes.as_i64().unwrap()))
        };
        match number {
            Number::State | Number::Before if seen.gaps.partition => self.unknown(),
            Number::State => votes(seen.state.as_ref()),
            Number::Before => votes(seen.before.as_ref()),
            Number::Message => votes(seen.message.as_ref()),
            Number::Worker => Ok(Value::Whole(whole(seen.worker.0))),
            Number::Messages => match seen.messages {
                Some(messages) => Ok(Value::Whole(whole(messages))),
                None if seen.state.is_some() => self.unknown(),
                None => Err(Nothing),
            },
            Number::Latency => Ok(Value::Whole(whole(seen.latency_us))),
            Number::Rate => match seen.rate {
                Some(rate) => Ok(Value::Other(rate)),
                None if seen.state.is_some() => self.unknown(),
                None => Err(Nothing),
            },
            Number::Is(number) => Ok(Value::Whole(number.into())),
        }
    }

    fn text(&self, text: Text) -> Of<String> {
        let seen = self.seen;
        match text {
            Text::Key if seen.gaps.partition => self.unknown(),
            Text::Key => seen.key.as_ref().map(ToString::to_string).ok_or(Nothing),
            Text::Step => Ok(seen.step.to_string()),
            Text::Pipeline => Ok(seen.pipeline.to_string()),
            Text::Output if seen.gaps.outputs => self.unknown(),
            Text::Output => Ok(String::from_utf8(seen.outputs.concat()).unwrap()),
            Text::Reason | Text::Cause if seen.gaps.dead => self.unknown(),
            Text::Reason => Ok(seen.dead.as_ref().map_or("", |dead| &dead.reason).to_owned()),
            Text::Cause => match &seen.dead {
                None => Ok(String::new()),
                Some(Death { cause: Some(cause), .. }) => Ok(cause.name().to_owned()),
                Some(Death { cause: None, .. }) => self.unknown(),
            },
            Text::Letter => self
                .field(seen.message.as_ref(), "letter")
                .map(|text| text.as_str().unwrap().to_owned()),
        }
    }

    fn of(&self, condition: &Condition) -> Of<bool> {
        let seen = self.seen;
        match condition {
            Condition::Dead if seen.gaps.dead => self.unknown(),
            Condition::Created if seen.gaps.partition => self.unknown(),
            Condition::Dead => Ok(seen.dead.is_some()),
            Condition::Created => Ok(seen.created),
            Condition::Is(is) => Ok(*is),
            Condition::HasVotes => match &seen.state {
                _ if seen.gaps.partition => self.unknown(),
                None => Err(Nothing),
                Some(Shown::Whole(state)) => Ok(state.get("votes").is_some()),
                Some(_) => self.unknown(),
            },
            Condition::Compare(one, operator, two) => {
                let (one, two) = (self.number(*one)?, self.number(*two)?);
                let order = as_float(one).partial_cmp(&as_float(two)).unwrap();
                Ok(match OPERATORS[*operator] {
                    "<" => order.is_lt(),
                    "<=" => order.is_le(),
                    "==" => order.is_eq(),
                    "!=" => order.is_ne(),
                    ">=" => order.is_ge(),
                    _ => order.is_gt(),
                })
            }
            Condition::Sum(one, two, sum) => match (self.number(*one)?, self.number(*two)?) {
                (Value::Whole(one), Value::Whole(two)) => Ok(one + two == i64::from(*sum)),
                (Value::Other(one), Value::Other(two)) => {
                    Ok((one + two).partial_cmp(&f64::from(*sum)) == Some(Ordering::Equal))
                }
                _ => Err(Nothing),
            },
            Condition::Equals(text, word) => Ok(self.text(*text)? == *word),
            Condition::Contains(text, word) => Ok(self.text(*text)?.contains(word)),
            Condition::StartsWith(text, word) => Ok(self.text(*text)?.starts_with(word)),
            Condition::Not(one) => Ok(!self.of(one)?),
            Condition::And(one, two) => self.decided(one, two, false),
            Condition::Or(one, two) => self.decided(one, two, true),
            Condition::If(is, one, two) => self.of(if self.of(is)? { one } else { two }),
        }
    }

    /// What decides alone does so whatever the other side is.
    fn decided(&self, one: &Condition, two: &Condition, decides: bool) -> Of<bool> {
        let one = self.of(one);
        if matches!(one, Ok(one) if one == decides) {
            return Ok(decides);
        }
        match (one, self.of(two)?) {
            (_, two) if two == decides => Ok(decides),
            (Ok(_), two) => Ok(two),
            (Err(nothing), _) => Err(nothing),
        }
    }
}

fn whole(number: impl TryInto<i64, Error: Debug>) -> i64 {
    number.try_into().unwrap()
}

fn as_float(value: Value) -> f64 {
    match value {
        Value::Whole(value) => i32::try_from(value).unwrap().into(),
        Value::Other(value) => value,
    }
}
