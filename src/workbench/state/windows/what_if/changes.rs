//! The changes of a branch, each with what is said of it.

use bytes::Bytes;

use crate::core::numbers::PipelineIndex;
use crate::session::what_if::{MAX_EDITS, MessageName, WhatIf};

/// A change of a branch, with what is said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The change.
    pub edit: WhatIf,
    /// What is said of it.
    pub text: String,
    /// What is put in, as it was typed; empty if nothing is.
    pub typed: String,
}

/// The changes of a branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes(Vec<Change>);

impl Changes {
    /// All of them, in the order in which they were made.
    pub fn all(&self) -> &[Change] {
        &self.0
    }

    /// Adds one, in place of one of the same message or of the same state at the same moment. Returns its place; `None` if
    /// there are too many.
    pub fn add(&mut self, change: Change) -> Option<usize> {
        let same = |other: &Change| is_of_the_same(&other.edit, &change.edit);
        if let Some(at) = self.0.iter().position(same) {
            if let Some(place) = self.0.get_mut(at) {
                *place = change;
            }
            return Some(at);
        }
        if self.0.len() >= MAX_EDITS {
            return None;
        }
        self.0.push(change);
        Some(self.0.len() - 1)
    }

    /// Takes one away.
    pub fn remove(&mut self, at: usize) {
        if at < self.0.len() {
            self.0.remove(at);
        }
    }

    /// What the branch does differently.
    pub fn edits(&self) -> Vec<WhatIf> {
        self.0.iter().map(|change| change.edit.clone()).collect()
    }

    /// The frames that a change puts in, and their pipeline; `None` if it puts none in.
    pub fn frames(&self, at: usize) -> Option<(PipelineIndex, Bytes)> {
        match &self.0.get(at)?.edit {
            WhatIf::Replace(MessageName { pipeline, .. }, frame, times)
            | WhatIf::PutIn { pipeline, frame, times, .. } => {
                Some((*pipeline, frame.repeat(*times).into()))
            }
            WhatIf::LeaveOut(_) | WhatIf::SetState { .. } => None,
        }
    }
}

/// The message that does not enter as it did.
fn message(edit: &WhatIf) -> Option<MessageName> {
    match edit {
        WhatIf::LeaveOut(name) | WhatIf::Replace(name, ..) => Some(*name),
        WhatIf::PutIn { .. } | WhatIf::SetState { .. } => None,
    }
}

fn is_of_the_same(one: &WhatIf, other: &WhatIf) -> bool {
    match (one, other) {
        (
            WhatIf::SetState { at, state, key, .. },
            WhatIf::SetState { at: other_at, state: other_state, key: other_key, .. },
        ) => (at, state, key) == (other_at, other_state, other_key),
        _ => message(one).is_some() && message(one) == message(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::Key;
    use crate::core::numbers::SequenceNumber;
    use crate::session::what_if::Spot;

    fn change(edit: WhatIf) -> Change {
        Change { edit, text: String::new(), typed: String::new() }
    }

    #[test]
    fn a_message_and_a_state_at_a_moment_have_one_change_each() {
        let name = |sequence| MessageName {
            pipeline: PipelineIndex(0),
            sequence: SequenceNumber(sequence),
        };
        let state = |at, json: &str| WhatIf::SetState {
            at,
            state: "s".into(),
            key: Key::from("a"),
            json: json.to_owned(),
        };
        let put_in = || WhatIf::PutIn {
            at: Spot::End,
            pipeline: PipelineIndex(0),
            frame: Bytes::from_static(b"ab"),
            times: 2,
        };
        let mut changes = Changes::default();
        let edits = [
            (WhatIf::LeaveOut(name(1)), 0),
            (WhatIf::LeaveOut(name(2)), 1),
            (WhatIf::Replace(name(1), Bytes::from_static(b"x"), 1), 0),
            (state(Spot::End, "1"), 2),
            (state(Spot::Beginning, "2"), 3),
            (state(Spot::End, "3"), 2),
            (put_in(), 4),
            (put_in(), 5),
        ];
        for (edit, at) in edits {
            assert_eq!(changes.add(change(edit.clone())), Some(at));
            assert_eq!(changes.edits().get(at), Some(&edit));
        }
        assert_eq!(changes.frames(0), Some((PipelineIndex(0), Bytes::from_static(b"x"))));
        assert_eq!(changes.frames(5), Some((PipelineIndex(0), Bytes::from_static(b"abab"))));
        assert_eq!((changes.frames(1), changes.frames(2), changes.frames(6)), (None, None, None));
        changes.remove(0);
        changes.remove(9);
        assert_eq!(changes.all().len(), 5);
    }
}
