//! A condition about what happened to a message at a step: for breakpoints, and for what a replay looks for.

mod breakpoint;
#[cfg(test)]
mod random;
mod sought;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::error::{ExpressionError, Unjudged};
use super::fields::Fields;
use super::judge::{Expression, Row};
use super::names::{Rows, When};
use crate::application::text_of_bytes;
use crate::core::frames::preview::{BYTES_LIMIT, PREVIEW_LIMIT};
use crate::core::seen::{Seen, Shown, StepSeen};

/// Why the end of a message is not known.
const MORE: &str = "more has happened to its message than a trace keeps";

/// Why what is not of the trace is not known.
const UNMEASURED: &str = "nobody has measured it";

/// A condition about what happened to a message at a step.
#[derive(Debug)]
pub struct StepCondition(Expression);

impl StepCondition {
    /// Understands a condition. `fields` are those that states and messages are known to have.
    ///
    /// # Errors
    ///
    /// It is none, or has names or fields that are not there, or could take too long.
    pub fn compile(text: &str, when: When, fields: &Fields) -> Result<Self, ExpressionError> {
        Expression::with_fields(text, Rows::Steps(when), fields).map(Self)
    }

    /// Whether it holds of a step. If the step lacks what it names, it does not.
    ///
    /// # Errors
    ///
    /// It depends on something that has happened and that is not known.
    pub fn holds(&self, seen: &StepSeen) -> Result<bool, Unjudged> {
        self.0.judge(seen).map_err(|what| Unjudged { row: name_of(seen), what })
    }

    /// The first step of a message of which it holds, as a place among its steps; `None` if it holds of none.
    ///
    /// # Errors
    ///
    /// It cannot be said of a step before, or more steps may have happened than are known.
    pub fn first_in(&self, seen: &Seen) -> Result<Option<usize>, Unjudged> {
        for (place, step) in seen.steps.iter().enumerate() {
            if self.holds(step)? {
                return Ok(Some(place));
            }
        }
        let Seen { steps, left_out } = seen;
        if *left_out == 0 {
            return Ok(None);
        }
        let row = steps.last().map_or_else(|| "a message".to_owned(), name_of);
        Err(Unjudged { row, what: format!("{MORE}: {left_out} hops are left out") })
    }

    /// Why it could be said of no step so far; `None` if it could of one.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.0.trouble()
    }

    /// As it was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.text()
    }

    #[cfg(test)]
    fn all_names(&self) -> impl Iterator<Item = &'static str> {
        self.0.all_names()
    }

    /// Whether it names this, for example `messages`: then somebody must count them.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        self.0.names(name)
    }
}

fn name_of(seen: &StepSeen) -> String {
    match &seen.key {
        Some(key) => format!("{} with the key {key}", seen.step),
        None => seen.step.to_string(),
    }
}

impl Row for StepSeen {
    fn value(&self, name: &str, field: Option<&str>) -> Option<Value> {
        if gap(self, name).is_some() {
            return None;
        }
        let dead = self.dead.as_ref();
        match name {
            "key" => self.key.as_ref().map(|key| key.to_string().into()),
            "worker" => Some(self.worker.0.into()),
            "pipeline" => Some((*self.pipeline).into()),
            "step" => Some((*self.step).into()),
            "message" | "before" | "state" => {
                let shown = shown(self, name)?;
                field.map_or_else(|| shown.whole(), |field| shown.field(field)).cloned()
            }
            "created" => Some(self.created.into()),
            // As the sink writes them: one after the other.
            "output" => Some(text_of_bytes(&self.outputs.concat()).into()),
            "dead" => Some(dead.is_some().into()),
            "reason" => Some(dead.map_or("", |dead| &dead.reason).into()),
            "cause" => match dead {
                Some(dead) => dead.cause.map(|cause| cause.name().into()),
                None => Some("".into()),
            },
            "messages" => self.messages.map(Into::into),
            "latency_us" => Some(self.latency_us.into()),
            "rate" => self.rate.map(Into::into),
            "share" => self.share.map(Into::into),
            _ => None,
        }
    }

    fn unknown(&self, name: &str, field: Option<&str>) -> Option<String> {
        if let Some(why) = gap(self, name) {
            return Some(format!("its {name} is not known: {why}"));
        }
        if self.value(name, field).is_some() {
            return Some(format!("its {name} is nested too deep"));
        }
        match (name, shown(self, name)?) {
            (_, Shown::Whole(_)) => None,
            (_, Shown::Cut(_)) => {
                let part = field.map_or_else(String::new, |field| format!(", without {field}"));
                let known = format!("only the first {PREVIEW_LIMIT} bytes of it are kept{part}");
                Some(format!("its {name} is too long: {known}"))
            }
            (_, Shown::Unreadable(why)) => Some(format!("its {name} is not known: {why}")),
        }
    }
}

fn shown<'a>(seen: &'a StepSeen, name: &str) -> Option<&'a Shown> {
    match name {
        "message" => seen.message.as_ref(),
        "before" => seen.before.as_ref(),
        "state" => seen.state.as_ref(),
        _ => None,
    }
}

/// Why something that has happened is not known.
fn gap(seen: &StepSeen, name: &str) -> Option<&'static str> {
    let StepSeen { gaps, dead, state, outputs, .. } = seen;
    match name {
        "output" if gaps.outputs => Some("what came of its frame cannot be told apart"),
        "output" if outputs.iter().any(|output| output.len() >= BYTES_LIMIT) => {
            Some("an output is too long, and only its beginning is kept")
        }
        "dead" | "reason" | "cause" if gaps.dead => Some(MORE),
        "cause" if dead.as_ref().is_some_and(|dead| dead.cause.is_none()) => {
            Some("its dead letter is not kept")
        }
        "key" | "before" | "state" | "created" if gaps.partition => {
            Some("its frame became several messages, and which of them it is cannot be told")
        }
        "messages" if state.is_some() && seen.messages.is_none() => Some(UNMEASURED),
        "rate" if state.is_some() && seen.rate.is_none() => Some(UNMEASURED),
        "share" if state.is_some() && seen.share.is_none() => Some(UNMEASURED),
        _ => None,
    }
}
