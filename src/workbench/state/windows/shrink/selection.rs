//! The condition of a smallest input, made of what is selected.

use serde_json::Value;

use crate::application::Key;
use crate::core::frames::dead_letter::{Cause, DeadLetter};
use crate::core::partitions::query::PartitionRow;
use crate::core::topology::{StepKind, Topology};
use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;
use crate::workbench::state::lists::frame_at_hand::AtHand;
use crate::workbench::state::windows::detail::{Detail, Subject};
use crate::workbench::state::windows::overlay::Overlay;
use crate::workbench::words;

/// A condition that was made of what is selected.
pub(super) struct Suggested {
    /// The condition.
    pub when: String,
    /// What it was made of.
    pub of: String,
}

impl Workbench {
    /// A condition about what is open or selected; `None` if that suggests none.
    pub(super) fn suggested(&self) -> Option<Suggested> {
        let pane = match &self.overlay {
            Some(Overlay::Detail(Detail { subject, .. })) => subject.pane()?,
            _ => self.pane,
        };
        match pane {
            Pane::DeadLetters | Pane::Messages => match self.frame_at_hand()? {
                AtHand::Letter(letter) => of_letter(&letter),
                AtHand::Message(trace) => {
                    let key = trace.keys_since(0).0.into_iter().next_back()?;
                    let of = format!("the key of message {}", trace.sequence);
                    Some(Suggested { when: format!("{} && dead", has_key(&key)), of })
                }
                AtHand::Shrunk { .. } => None,
            },
            Pane::Partitions => {
                let row = &self.partition_at_hand()?.row;
                let state = self.state_at_hand()?;
                Some(of_partition(&self.topology, state, row))
            }
            _ => None,
        }
    }

    /// Whether the window of one thing is open, and of such a one.
    pub(super) fn is_open(&self, subject: impl Fn(&Subject) -> bool) -> bool {
        matches!(&self.overlay, Some(Overlay::Detail(detail)) if subject(&detail.subject))
    }
}

/// That a message becomes a dead letter for the same cause at the same step and key. `None` if it is no message.
fn of_letter(letter: &DeadLetter) -> Option<Suggested> {
    if matches!(letter.cause, Cause::Framing | Cause::SetAside | Cause::Dropped) {
        return None;
    }
    let key = letter.key.as_ref().map(|key| format!(" && {}", has_key(key))).unwrap_or_default();
    let when =
        format!("cause == {} && step == {}{key}", text(letter.cause.name()), text(&letter.step));
    Some(Suggested { when, of: format!("dead letter {}", letter.sequence) })
}

/// That a partition is poisoned; or that its state is so, of one that is not.
fn of_partition(topology: &Topology, state: &str, row: &PartitionRow) -> Suggested {
    let (key, name) = (has_key(&row.key), words::key(&row.key));
    if row.poisoned {
        let steps = steps_of(topology, state);
        let steps = match &steps[..] {
            [step] => format!(" && step == {}", text(step)),
            _ => format!(
                " && step in [{}]",
                steps.iter().map(|step| text(step)).collect::<Vec<_>>().join(", ")
            ),
        };
        let when = format!("cause == {} && {key}{steps}", text(Cause::Panicked.name()));
        return Suggested { when, of: format!("partition `{name}`, which is poisoned") };
    }
    let number = row.value.as_object().into_iter().flatten().find(|(field, value)| {
        is_name(field) && value.as_u64().is_some_and(|number| i64::try_from(number).is_ok())
    });
    let is_so = number.map_or_else(
        || "dead".to_owned(),
        |(field, value): (&String, &Value)| format!("state.{field} >= {value}"),
    );
    Suggested { when: format!("{key} && {is_so}"), of: format!("partition `{name}`") }
}

/// The names of the steps that have a state.
fn steps_of(topology: &Topology, state: &str) -> Vec<String> {
    let steps = topology.pipelines().iter().flat_map(|plan| &plan.steps);
    let of_state = steps
        .filter(|step| matches!(&step.kind, StepKind::State { state: named } if **named == *state));
    let mut names: Vec<String> = of_state.map(|step| step.name.to_string()).collect();
    names.sort();
    names.dedup();
    names
}

fn has_key(key: &Key) -> String {
    format!("key == {}", text(&key.to_string()))
}

/// A text as a condition has it.
fn text(text: &str) -> String {
    Value::from(text).to_string()
}

/// Whether a field can be written behind a point.
fn is_name(field: &str) -> bool {
    !field.starts_with(|first: char| first.is_ascii_digit())
        && field.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::core::numbers::{SequenceNumber, Timestamp, WorkerIndex};
    use crate::core::seen::{Death, Gaps, StepSeen};
    use crate::expression::{StepCondition, When};

    fn letter(step: &str, key: Option<Key>) -> DeadLetter {
        DeadLetter {
            pipeline: "p".into(),
            step: step.into(),
            cause: Cause::Refused,
            reason: "no".to_owned(),
            bytes: Bytes::new(),
            header: Bytes::new(),
            end: Bytes::new(),
            source: "s".into(),
            sequence: SequenceNumber(1),
            offset: 0,
            key,
            at: Timestamp(0),
        }
    }

    fn seen(letter: &DeadLetter) -> StepSeen {
        StepSeen {
            pipeline: letter.pipeline.clone(),
            step: letter.step.clone(),
            worker: WorkerIndex(0),
            key: letter.key.clone(),
            message: None,
            before: None,
            state: None,
            created: false,
            outputs: Vec::new(),
            dead: Some(Death { reason: letter.reason.clone(), cause: Some(letter.cause) }),
            messages: None,
            latency_us: 0,
            rate: None,
            share: None,
            gaps: Gaps::default(),
        }
    }

    proptest! {
        #[test]
        fn of_any_dead_letter_the_condition_holds_of_it_and_of_no_other_step_or_key(
            step in ".{1,20}",
            key in prop::option::of(prop::collection::vec(any::<u8>(), 0..20)),
        ) {
            let letter = letter(&step, key.map(Key::from));
            let Suggested { when, .. } = of_letter(&letter).unwrap();
            let condition = StepCondition::compile(&when, When::Replayed, &crate::expression::Fields::default());
            let condition = condition.map_err(|error| TestCaseError::fail(format!("{when}: {error}")))?;
            let itself = seen(&letter);
            prop_assert_eq!(condition.holds(&itself), Ok(true), "{}", &when);
            let other = StepSeen { step: "another step, longer than those".into(), ..itself.clone() };
            prop_assert_eq!(condition.holds(&other), Ok(false));
            if let Some(key) = &letter.key {
                let longer = Key::from([key.as_bytes(), b"x"].concat());
                let other = StepSeen { key: Some(longer), ..itself };
                prop_assert_eq!(condition.holds(&other), Ok(false));
            }
        }
    }

    #[test]
    fn bytes_that_are_no_frame_are_no_message() {
        for cause in [Cause::Framing, Cause::SetAside, Cause::Dropped] {
            assert!(of_letter(&DeadLetter { cause, ..letter("framing", None) }).is_none());
        }
    }
}
