//! What is looked for in the past: a condition about steps, which is typed in a line and kept for the next time.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};

use crate::expression::{ExpressionError, Fields, StepCondition, When};
use crate::session::past::Wanted;
use crate::workbench::state::typing::input_line::InputLine;
use crate::workbench::terminal::keys::Key as TerminalKey;

/// The longest condition in bytes.
const MAX_LENGTH: usize = 1024;

/// What is looked for in the past.
pub struct Seeking {
    /// The line in which it is typed.
    pub line: InputLine,
    /// Why it is no condition.
    pub error: Option<ExpressionError>,
    /// What is typed, if it is a condition.
    typed: Option<Wanted>,
    /// What was looked for last.
    wanted: Option<Wanted>,
    /// The fields that states and messages have.
    fields: Fields,
}

impl Default for Seeking {
    fn default() -> Self {
        let line = InputLine::with_limit(MAX_LENGTH);
        Self { line, error: None, typed: None, wanted: None, fields: Fields::default() }
    }
}

impl Seeking {
    /// What was looked for last.
    #[must_use]
    pub fn wanted(&self) -> Option<Wanted> {
        self.wanted.clone()
    }

    /// The condition that holds only where what is typed has become true; `None` if it says that already, or has no state.
    #[must_use]
    pub fn became_true(&self) -> Option<String> {
        let text = became_true(self.line.text().trim())?;
        StepCondition::compile(&text, When::Replayed, &self.fields).is_ok().then_some(text)
    }

    /// Begins with what was looked for last.
    pub fn begin(&mut self, fields: Fields) {
        self.fields = fields;
        let last = self.wanted.as_ref().map(|wanted| wanted.text.to_string());
        self.line.set(last.unwrap_or_default());
        self.read();
    }

    /// Inserts pasted text. What there is no room for is left out.
    pub fn paste(&mut self, text: &str) {
        let _ = self.line.insert(text);
        self.read();
    }

    /// Takes a key that is neither Enter nor Esc.
    pub fn key(&mut self, key: TerminalKey, event: KeyEvent) {
        match key.code {
            KeyCode::Up => self.line.older(),
            KeyCode::Down => self.line.newer(),
            KeyCode::Tab => {
                if let Some(text) = self.became_true() {
                    self.line.set(text);
                }
            }
            _ => {
                // A key that there is no room for changes nothing.
                let _ = self.line.key(event);
            }
        }
        self.read();
    }

    /// Understands what is typed.
    fn read(&mut self) {
        (self.error, self.typed) = (None, None);
        let text = self.line.text();
        if text.trim().is_empty() {
            return;
        }
        match StepCondition::compile(text, When::Replayed, &self.fields) {
            Ok(condition) => {
                self.typed = Some(Wanted { text: text.into(), sought: Arc::new(condition) });
            }
            Err(error) => self.error = Some(error),
        }
    }

    /// Looks for what is typed from now on; `None` if that is nothing.
    pub fn take(&mut self) -> Option<Wanted> {
        let typed = self.typed.take()?;
        self.line.take();
        self.wanted = Some(typed.clone());
        Some(typed)
    }
}

/// The condition that holds where this one has become true: it holds of the state, and did not of the one before. `None` if
/// it has no state, or speaks of the one before already.
fn became_true(text: &str) -> Option<String> {
    let (mut before, mut has_state) = (String::new(), false);
    let mut quote: Option<char> = None;
    let (mut word, mut last) = (String::new(), ' ');
    for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
        if quote.is_none() && (character.is_alphanumeric() || character == '_') {
            if word.is_empty() {
                last =
                    text.get(..at).and_then(|text| text.trim_end().chars().last()).unwrap_or(' ');
            }
            word.push(character);
            continue;
        }
        let is_name = last != '.';
        match word.as_str() {
            "before" if is_name => return None,
            "state" if is_name => {
                has_state = true;
                before.push_str("before");
            }
            // Text in which a backslash is one.
            "r" | "R" | "b" | "B" | "br" if matches!(character, '"' | '\'') => return None,
            other => before.push_str(other),
        }
        word.clear();
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            // What is behind it may be anything.
            (_, '\\') => return None,
            (None, '/') if text.get(at + 1..).is_some_and(|rest| rest.starts_with('/')) => {
                return None;
            }
            (Some(open), character) if open == character => quote = None,
            _ => {}
        }
        before.push(character);
    }
    has_state.then(|| format!("!({}) && ({text})", before.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_became_true_where_it_holds_of_the_state_and_did_not_before() {
        let became = |text: &str| became_true(text);
        for (text, expected) in [
            ("state.votes > 100", "!(before.votes > 100) && (state.votes > 100)"),
            (
                "key == 'state' && message.state == state.state",
                "!(key == 'state' && message.state == before.state) && (key == 'state' && message.state == state.state)",
            ),
            ("has(state.x)", "!(has(before.x)) && (has(state.x))"),
        ] {
            assert_eq!(became(text).as_deref(), Some(expected));
        }
        for text in
            ["dead", "before.votes < 1 && state.votes > 1", r#"r"\" == state"#, "state.x // state"]
        {
            assert_eq!(became(text), None, "{text}");
        }
    }
}
