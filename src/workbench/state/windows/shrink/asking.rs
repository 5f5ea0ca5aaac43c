//! The condition that is typed for a smallest input: whether it is right is known after each key.

use crossterm::event::KeyEvent;

use crate::expression::{ExpressionError, Fields, Rows, StepCondition, When};
use crate::workbench::state::typing::input_line::InputLine;

/// The max length of a condition, in bytes.
const MAX_LENGTH: usize = 1024;

/// A condition that is being typed.
pub struct Asking {
    line: InputLine,
    /// What it was made of, in words; `None` if it was not made of what is selected.
    pub of: Option<String>,
    fields: Fields,
    error: Option<ExpressionError>,
}

impl Asking {
    /// Begins with this text. `fields` are those that states and messages are known to have.
    #[must_use]
    pub fn new(text: String, of: Option<String>, fields: Fields) -> Self {
        let mut line = InputLine::with_limit(MAX_LENGTH);
        line.set(text);
        let mut asking = Self { line, of, fields, error: None };
        asking.judge();
        asking
    }

    /// The line.
    #[must_use]
    pub fn line(&self) -> &InputLine {
        &self.line
    }

    /// What is wrong; `None` also while nothing is typed.
    #[must_use]
    pub fn error(&self) -> Option<&ExpressionError> {
        self.error.as_ref()
    }

    /// The condition, if it is right.
    #[must_use]
    pub fn condition(&self) -> Option<&str> {
        let text = self.line.text().trim();
        (self.error.is_none() && !text.is_empty()).then_some(text)
    }

    /// The names that a condition may use.
    #[must_use]
    pub fn known() -> String {
        Rows::Steps(When::Replayed).known()
    }

    /// Takes a key.
    pub fn key(&mut self, event: KeyEvent) {
        // A key that there is no room for changes nothing.
        let _ = self.line.key(event);
        self.judge();
    }

    /// Inserts pasted text. What there is no room for is left out.
    pub fn paste(&mut self, text: &str) {
        let _ = self.line.insert(text);
        self.judge();
    }

    fn judge(&mut self) {
        let text = self.line.text();
        let is_empty = text.trim().is_empty();
        let compiled = (!is_empty)
            .then(|| StepCondition::compile(text, When::Replayed, &self.fields))
            .transpose();
        self.error = compiled.err();
    }
}
