//! The filter of a pane: what is typed after `/`, and applies while it is typed. A text is looked for as it is. A
//! filter that begins with `=` is a condition about the rows, if the pane's rows have names for it.
//!
//! While a condition is wrong, the last filter that was right stays in effect.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};

use crate::expression::{Expression, ExpressionError, Rows};
use crate::workbench::state::typing::input_line::InputLine;
use crate::workbench::terminal::keys::Key as TerminalKey;

/// The longest filter in bytes.
const MAX_LENGTH: usize = 1024;

/// What a condition begins with.
const CONDITION: char = '=';

/// What a text rarely has, and a condition nearly always.
const OPERATORS: [&str; 6] = ["==", "!=", "&&", "||", " > ", " < "];

/// What rows are filtered by.
#[derive(Debug)]
pub enum Filter {
    /// Only those that contain this; all if it is empty.
    Text(String),
    /// Only those of which this holds.
    Expression(Arc<Expression>),
}

/// What there is to say of a filter.
#[derive(Debug, PartialEq, Eq)]
pub enum Note {
    /// It is wrong at this character of its text.
    Wrong(usize, String),
    /// It is right, and yet can be said of no row.
    Trouble(String),
    /// What can be typed.
    Hint(String),
}

/// The filter of a pane.
#[derive(Debug)]
pub struct FilterLine {
    text: String,
    /// Counts the changes of the text.
    revision: u64,
    editing: Option<InputLine>,
    /// What conditions are about; `None` if there are none here.
    rows: Option<Rows>,
    /// What is in effect.
    filter: Filter,
    error: Option<ExpressionError>,
}

impl Default for FilterLine {
    fn default() -> Self {
        let (text, filter) = (String::new(), Filter::Text(String::new()));
        Self { text, revision: 0, editing: None, rows: None, filter, error: None }
    }
}

impl FilterLine {
    /// A filter of rows about which there are conditions.
    #[must_use]
    pub fn over(rows: Rows) -> Self {
        Self { rows: Some(rows), ..Self::default() }
    }

    /// The filter as it was typed; empty if there is none.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A number that is another one whenever another filter may be in effect.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// What is in effect.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Whether it can be a condition.
    #[must_use]
    pub fn has_conditions(&self) -> bool {
        self.rows.is_some()
    }

    /// What there is to say of it.
    #[must_use]
    pub fn note(&self) -> Option<Note> {
        let rows = self.rows?;
        if let Some(error) = &self.error {
            // After the sign.
            return Some(Note::Wrong(error.column + 1, error.sentence.clone()));
        }
        match &self.filter {
            Filter::Expression(expression) => {
                expression.trouble().map(|why| Note::Trouble(why.to_owned()))
            }
            Filter::Text(_) if self.editing.is_none() => None,
            Filter::Text(_) if self.text.starts_with(CONDITION) => {
                Some(Note::Hint(format!("about {}", rows.known())))
            }
            Filter::Text(text) if OPERATORS.iter().any(|operator| text.contains(operator)) => {
                Some(Note::Hint("this text is looked for; begin with = for a condition".to_owned()))
            }
            Filter::Text(_) => None,
        }
    }

    /// The line in which it is being typed.
    #[must_use]
    pub fn editing(&self) -> Option<&InputLine> {
        self.editing.as_ref()
    }

    /// Begins to type it, or to change it.
    pub fn begin(&mut self) {
        let mut line = InputLine::with_limit(MAX_LENGTH);
        line.set(self.text.clone());
        self.editing = Some(line);
    }

    /// Takes a key while it is being typed.
    pub fn key(&mut self, key: TerminalKey, event: KeyEvent) {
        let Some(line) = &mut self.editing else { return };
        match key.code {
            // A wrong condition stays open: there is nothing to keep.
            KeyCode::Enter if self.error.is_some() => {}
            KeyCode::Enter => self.editing = None,
            KeyCode::Esc => {
                self.editing = None;
                self.take(String::new());
            }
            _ => {
                // A key that there is no room for changes nothing.
                let _ = line.key(event);
                let text = line.text().to_owned();
                self.take(text);
            }
        }
    }

    /// Sets it, as if it had been typed.
    pub fn set(&mut self, text: &str) {
        self.editing = None;
        self.take(text.to_owned());
    }

    /// Inserts pasted text while it is being typed. What there is no room for is left out.
    pub fn paste(&mut self, text: &str) {
        if let Some(line) = &mut self.editing {
            let _ = line.insert(text);
            let text = line.text().to_owned();
            self.take(text);
        }
    }

    /// Takes the filter away. False if there is none.
    pub fn clear(&mut self) -> bool {
        let had = !self.text.is_empty();
        self.take(String::new());
        had
    }

    /// Takes a changed text, and puts it into effect if it is right.
    fn take(&mut self, text: String) {
        if text == self.text {
            return;
        }
        let condition = self.rows.zip(text.strip_prefix(CONDITION));
        self.error = None;
        match condition {
            None => self.filter = Filter::Text(text.clone()),
            // Nothing to judge by yet.
            Some((_, rest)) if rest.trim().is_empty() => self.filter = Filter::Text(String::new()),
            Some((rows, rest)) => match Expression::compile(rest, rows) {
                Ok(expression) => self.filter = Filter::Expression(Arc::new(expression)),
                Err(error) => self.error = Some(error),
            },
        }
        self.text = text;
        self.revision += 1;
    }
}
