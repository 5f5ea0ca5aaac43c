//! Which fields the states and messages of an application have, as far as some of them were seen.

use serde_json::Value;

use super::names::nearest_first;
use crate::core::seen::{Shown, StepSeen};

/// How many fields of states, or of messages, may be known. What has more is a table whose names are data.
const MOST: usize = 64;

/// The fields of an application's states and messages.
///
/// They are known of values only. Where none was seen, any field may be meant.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    state: Known,
    message: Known,
}

#[derive(Debug, Clone, Default)]
struct Known {
    names: Vec<String>,
    /// Whether there are too many to know them.
    is_open: bool,
}

impl Fields {
    /// Adds the fields of a state.
    pub fn add_state(&mut self, state: &Value) {
        self.state.add(state);
    }

    /// Adds the fields of what was seen at a step.
    pub fn add(&mut self, seen: &StepSeen) {
        let shown = [&seen.before, &seen.state].into_iter().flatten();
        shown.for_each(|state| self.state.add_shown(state));
        seen.message.iter().for_each(|message| self.message.add_shown(message));
    }

    /// Why a field cannot be meant; `None` if it can.
    pub(super) fn refuse(&self, name: &str, field: &str) -> Option<String> {
        let known = match name {
            "state" | "before" => &self.state,
            "message" => &self.message,
            _ => return None,
        };
        if known.is_open || known.names.is_empty() || known.names.iter().any(|one| one == field) {
            return None;
        }
        let names = known.names.iter().map(|one| (one.as_str(), format!("{name}.{one}")));
        let known = nearest_first(field, names);
        Some(format!(
            "no {name} so far has a field `{field}`: use {known}; or {name}[\"{field}\"], if it comes later"
        ))
    }
}

impl Known {
    fn add_shown(&mut self, shown: &Shown) {
        match shown {
            Shown::Whole(value) => self.add(value),
            // There are others behind the cut.
            Shown::Cut(_) => self.is_open = true,
            Shown::Unreadable(_) => {}
        }
    }

    fn add(&mut self, value: &Value) {
        for name in value.as_object().into_iter().flat_map(|fields| fields.keys()) {
            if self.names.contains(name) {
                continue;
            }
            if self.names.len() == MOST {
                self.is_open = true;
                return;
            }
            self.names.push(name.clone());
        }
    }
}
