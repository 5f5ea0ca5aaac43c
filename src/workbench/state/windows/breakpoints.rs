//! The window of the breakpoints: a line in which a condition is typed, and those that are set.

use crate::expression::{ExpressionError, Fields, StepCondition};
use crate::telemetry::BreakpointShown;
use crate::workbench::commands::Command;
use crate::workbench::state::lists::rows::moved;
use crate::workbench::state::typing::input_line::InputLine;

/// The max length of what is typed, in bytes: more than a condition may have.
const MAX_LENGTH: usize = 1024;

/// How far the list moves at once.
const PAGE: usize = 10;

/// The window of the breakpoints.
pub struct BreakpointsWindow {
    /// What is typed.
    pub line: InputLine,
    /// What is wrong with it; `None` if nothing is, or nothing is typed.
    pub error: Option<ExpressionError>,
    /// The number of the selected breakpoint; `None` while a condition is typed.
    pub selected: Option<u64>,
    /// Whether what is typed will hold messages before they enter.
    pub holds: bool,
    /// The fields that the application is known to have.
    fields: Fields,
}

impl BreakpointsWindow {
    /// A window whose line begins with this text. `fields` are those that the application is known to have.
    #[must_use]
    pub fn new(fields: Fields, text: String) -> Self {
        let mut line = InputLine::with_limit(MAX_LENGTH);
        line.set(text);
        let mut window = Self { line, error: None, selected: None, holds: false, fields };
        window.typed();
        window
    }

    /// Another text is typed.
    pub fn typed(&mut self) {
        let text = self.line.text();
        self.error = match text.trim() {
            "" => None,
            _ => StepCondition::of_breakpoint(text, &self.fields).err(),
        };
    }

    /// Takes the typed condition, and empties the line. `None` if it is wrong, or nothing is typed.
    pub fn set_typed(&mut self) -> Option<String> {
        if self.error.is_some() || self.line.text().trim().is_empty() {
            return None;
        }
        let text = self.line.text().to_owned();
        self.line.set(String::new());
        self.typed();
        Some(text)
    }

    /// What can be typed.
    #[must_use]
    pub fn known() -> String {
        format!("about {}", StepCondition::names_of_breakpoints())
    }

    /// Inserts pasted text. What there is no room for is left out.
    pub fn paste(&mut self, text: &str) {
        let _ = self.line.insert(text);
        self.selected = None;
        self.typed();
    }

    /// The selected breakpoint, as its place among all.
    #[must_use]
    pub fn place(&self, all: &[BreakpointShown]) -> Option<usize> {
        all.iter().position(|one| Some(one.number) == self.selected)
    }

    /// Moves the selection. Above the first breakpoint is the line.
    pub fn go(&mut self, command: Command, all: &[BreakpointShown]) {
        let place = self.place(all).map_or(0, |place| place + 1);
        let place = moved(place, command, PAGE, all.len());
        self.selected = place.checked_sub(1).and_then(|at| all.get(at)).map(|one| one.number);
    }
}
