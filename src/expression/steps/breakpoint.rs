//! Conditions of breakpoints: what can be judged of a message as soon as the steps are done with it.

use super::StepCondition;
use crate::application::{Key, parse_key_text};
use crate::core::topology::{StepKind, Topology};
use crate::expression::{ExpressionError, Fields, Rows, When};

/// The names that a trace does not tell, with what to do without them.
const UNKNOWN: [(&str, &str); 2] = [
    ("rate", "`rate` is not known of a step: filter the partitions by it"),
    ("share", "`share` is not known of a step: filter the partitions by it"),
];

/// The names that are not known before a message has entered, with a sentence each.
const AFTERWARDS: [(&str, &str); 2] = [
    (
        "latency_us",
        "`latency_us` is not known before a message has entered: it cannot be held for that",
    ),
    (
        "worker",
        "which worker takes a message is not known before it has entered: it cannot be held for that",
    ),
];

/// The names that say the same at a state step whether its message was traced from the start or from there.
pub(super) const AT_PARTITIONS: [&str; 5] = ["key", "state", "before", "created", "pipeline"];

impl StepCondition {
    /// Understands the condition of a breakpoint.
    ///
    /// # Errors
    ///
    /// It is none, or has names or fields that are not there, or could take too long.
    pub fn of_breakpoint(text: &str, fields: &Fields) -> Result<Self, ExpressionError> {
        let condition = Self::compile(text, When::Live, fields)?;
        match UNKNOWN.iter().find(|(name, _)| condition.names(name)) {
            None => Ok(condition),
            Some((name, sentence)) => {
                Err(ExpressionError::new(place_of(name, text), (*sentence).to_owned()))
            }
        }
    }

    /// The names that the condition of a breakpoint may use, as one writes them.
    #[must_use]
    pub fn names_of_breakpoints() -> String {
        let all = Rows::Steps(When::Live).names().iter();
        let known = all.filter(|known| UNKNOWN.iter().all(|(name, _)| *name != known.name));
        known.map(|known| known.written()).collect::<Vec<_>>().join(", ")
    }

    /// Why it cannot be judged of a message that has not entered yet; `None` if it can. A sentence for a person.
    #[must_use]
    pub fn only_afterwards(&self) -> Option<&'static str> {
        AFTERWARDS.iter().find(|(name, _)| self.names(name)).map(|(_, sentence)| *sentence)
    }

    /// The only key of which a message can satisfy it, if what happens at its partitions alone says whether it does. `None`
    /// if that cannot be said.
    #[must_use]
    pub fn only_key(&self, topology: &Topology) -> Option<Key> {
        let key = self.0.only("key")?;
        let bytes = parse_key_text(key).ok()?;
        // Other texts may be read as this key, and are never the text of one.
        let key = Key::from(bytes.as_slice());
        let is_text = self.0.only("key").is_some_and(|text| key.to_string() == text);
        let is_state = |name: &str| {
            let plans = topology.pipelines().iter().flat_map(|plan| &plan.steps);
            let mut named = plans.filter(|step| &*step.name == name).peekable();
            named.peek().is_some() && named.all(|step| matches!(step.kind, StepKind::State { .. }))
        };
        let step_is_known = || self.0.only("step").is_some_and(is_state);
        let is_told =
            |name: &str| AT_PARTITIONS.contains(&name) || (name == "step" && step_is_known());
        (is_text && self.0.all_names().all(is_told)).then_some(key)
    }
}

/// How many characters are before a name, if it stands alone somewhere.
fn place_of(name: &str, text: &str) -> usize {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let alone = text.match_indices(name).find(|(at, _)| {
        let before = text.get(..*at).and_then(|before| before.chars().next_back());
        let behind = text.get(at + name.len()..).and_then(|behind| behind.chars().next());
        !before.is_some_and(|one| is_word(one) || one == '.') && !behind.is_some_and(is_word)
    });
    alone.map_or(0, |(at, _)| text.get(..at).unwrap_or_default().chars().count())
}
