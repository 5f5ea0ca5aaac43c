//! A line of text that is being edited, with a history.

use crossterm::event::{Event, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

/// How many lines the history keeps.
const HISTORY: usize = 500;

/// A line of text that is being edited, with a history.
#[derive(Debug, Default)]
pub struct InputLine {
    input: Input,
    history: Vec<String>,
    /// Where in the history the line is from, and what was typed before.
    browsing: Option<(usize, String)>,
}

impl InputLine {
    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// Where the cursor stands, in columns.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.input.visual_cursor()
    }

    /// How many columns are out of sight on the left where `width` columns are shown.
    #[must_use]
    pub fn scroll(&self, width: usize) -> usize {
        self.input.visual_scroll(width)
    }

    /// Edits the text with a key.
    pub fn key(&mut self, key: KeyEvent) {
        self.input.handle_event(&Event::Key(key));
    }

    /// Puts text where the cursor stands. Control characters are left out.
    pub fn insert(&mut self, text: &str) {
        for character in text.chars().filter(|character| !character.is_control()) {
            self.input.handle(tui_input::InputRequest::InsertChar(character));
        }
    }

    /// Replaces the text.
    pub fn set(&mut self, text: String) {
        self.input = Input::new(text);
    }

    /// Replaces the text by another one to be edited. The history has what was there.
    pub fn replace(&mut self, text: String) {
        self.take();
        self.set(text);
    }

    /// Takes the text into the history and begins a new line.
    pub fn take(&mut self) {
        let line = self.input.value_and_reset();
        self.browsing = None;
        if !line.is_empty() && self.history.last() != Some(&line) {
            if self.history.len() >= HISTORY {
                self.history.remove(0);
            }
            self.history.push(line);
        }
    }

    /// Brings back an older line.
    pub fn older(&mut self) {
        let (at, draft) = match self.browsing.take() {
            Some((at, draft)) => (at.saturating_sub(1), draft),
            None => (self.history.len().saturating_sub(1), self.text().to_owned()),
        };
        if let Some(line) = self.history.get(at).cloned() {
            self.browsing = Some((at, draft));
            self.set(line);
        }
    }

    /// Brings back a newer line, and in the end what was typed before.
    pub fn newer(&mut self) {
        let Some((at, draft)) = self.browsing.take() else { return };
        match self.history.get(at + 1).cloned() {
            Some(line) => {
                self.browsing = Some((at + 1, draft));
                self.set(line);
            }
            None => self.set(draft),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_brings_back_lines_and_the_draft() {
        let mut line = InputLine::default();
        for text in ["a 1", "b 2", "b 2"] {
            line.set(text.to_owned());
            line.take();
        }
        line.insert("dra\nft");
        line.older();
        assert_eq!(line.text(), "b 2");
        line.older();
        line.older();
        assert_eq!(line.text(), "a 1");
        line.newer();
        line.newer();
        assert_eq!(line.text(), "draft");
        line.newer();
        assert_eq!(line.text(), "draft");
    }

    #[test]
    fn what_is_replaced_is_in_the_history() {
        let mut line = InputLine::default();
        line.insert("draft");
        line.replace("0x 61".to_owned());
        assert_eq!(line.text(), "0x 61");
        line.older();
        assert_eq!(line.text(), "draft");
        line.newer();
        assert_eq!(line.text(), "0x 61");
    }

    #[test]
    fn an_empty_history_changes_nothing() {
        let mut line = InputLine::default();
        line.insert("x");
        line.older();
        line.newer();
        assert_eq!(line.text(), "x");
    }
}
