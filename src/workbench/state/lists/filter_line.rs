//! The filter of a pane: a text that is typed after `/`, and applies while it is typed.

use crossterm::event::{KeyCode, KeyEvent};

use crate::workbench::state::typing::input_line::InputLine;
use crate::workbench::terminal::keys::Key as TerminalKey;

/// The longest filter in bytes.
const MAX_LENGTH: usize = 1024;

/// The filter of a pane.
#[derive(Debug, Default)]
pub struct FilterLine {
    text: String,
    editing: Option<InputLine>,
}

impl FilterLine {
    /// The filter; empty if there is none.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
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
            KeyCode::Enter => self.editing = None,
            KeyCode::Esc => {
                self.editing = None;
                self.text.clear();
            }
            _ => {
                // A key that there is no room for changes nothing.
                let _ = line.key(event);
                line.text().clone_into(&mut self.text);
            }
        }
    }

    /// Sets it, as if it had been typed.
    pub fn set(&mut self, text: &str) {
        self.editing = None;
        text.clone_into(&mut self.text);
    }

    /// Inserts pasted text while it is being typed. What there is no room for is left out.
    pub fn paste(&mut self, text: &str) {
        if let Some(line) = &mut self.editing {
            let _ = line.insert(text);
            line.text().clone_into(&mut self.text);
        }
    }

    /// Takes the filter away. False if there is none.
    pub fn clear(&mut self) -> bool {
        let had = !self.text.is_empty();
        self.text.clear();
        had
    }
}
