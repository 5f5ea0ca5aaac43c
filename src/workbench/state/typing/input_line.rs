//! A line of text that is being edited, with a history.
//!
//! Invariants: the text is never longer than a limit; what a line costs to show does not depend on its
//! length, and what a key or a paste costs grows with it no faster than in proportion.

use crossterm::event::{Event, KeyEvent};
use thiserror::Error;
use tui_input::backend::crossterm::EventHandler;
use tui_input::{Input, InputRequest};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::workbench::words::one_line;

/// How many lines the history keeps.
const HISTORY: usize = 500;

/// The longest line in bytes: as long as the longest frame, unless that is set to more. `send` sends longer
/// ones from a file.
const MAX_LENGTH: usize = 16 * 1024 * 1024;

/// The max size of all lines of the history together, in bytes.
const HISTORY_BYTES: usize = 2 * MAX_LENGTH;

/// The longest line that is worth to be kept for the next run, in bytes.
pub(in crate::workbench) const LONGEST_KEPT: usize = 1024;

/// How many characters one column may be made of: a letter may carry any number of marks.
pub(crate) const CHARACTERS_PER_COLUMN: usize = 32;

/// The text is too long for the line, which is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "the line would have {length} bytes, and {limit} are the most: `wallaroo-tui send` sends longer messages from a file"
)]
pub struct TooLong {
    /// How long the line would be, in bytes.
    pub length: usize,
    /// How long it may be, in bytes.
    pub limit: usize,
}

/// A line of text that is being edited, with a history.
#[derive(Debug)]
pub struct InputLine {
    input: Input,
    /// How long the text may be, in bytes.
    limit: usize,
    /// Counts the changes of the text.
    revision: u64,
    history: Vec<String>,
    /// Lines of it that were sent and that nobody has asked for yet.
    fresh: Vec<String>,
    /// Whether the newest line of the history was never sent.
    aside: bool,
    /// The place of the line in the history, and the text that was typed before.
    browsing: Option<(usize, String)>,
}

/// The part of a line that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The text, which does nothing to a terminal.
    pub text: String,
    /// The column of the cursor.
    pub cursor: usize,
}

impl Default for InputLine {
    fn default() -> Self {
        Self {
            input: Input::default(),
            limit: MAX_LENGTH,
            revision: 0,
            history: Vec::new(),
            fresh: Vec::new(),
            aside: false,
            browsing: None,
        }
    }
}

impl InputLine {
    /// An empty line with a max length in bytes.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// A number that is another one whenever the text has changed.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The part around the cursor that fits the columns. The cursor is in one of them, or directly after
    /// the last.
    #[must_use]
    pub fn shown(&self, columns: usize) -> Shown {
        let (before, after) = self.text().split_at(self.cursor_byte());
        // Only a part of the text is looked at, however long it is.
        let most = columns.saturating_mul(CHARACTERS_PER_COLUMN);
        let start = before.char_indices().rev().nth(most).map_or(0, |(at, _)| at);
        let mut cursor = 0;
        let mut shown: Vec<_> = before
            .get(start..)
            .unwrap_or_default()
            .graphemes(true)
            .rev()
            .map(one_line)
            .take_while(|grapheme| {
                cursor += grapheme.width();
                cursor <= columns
            })
            .collect();
        shown.reverse();
        let cursor = shown.iter().map(|grapheme| grapheme.width()).sum();
        let end = after.char_indices().nth(most).map_or(after.len(), |(at, _)| at);
        let mut used = cursor;
        shown.extend(
            after.get(..end).unwrap_or_default().graphemes(true).map(one_line).take_while(
                |grapheme| {
                    used += grapheme.width();
                    used <= columns
                },
            ),
        );
        Shown { text: shown.concat(), cursor }
    }

    /// The column of a character, counted from 0 in the text, in the part that is [shown](Self::shown) in so many columns: the
    /// first or the last one if it is out of sight.
    #[must_use]
    pub fn column_of(&self, character: usize, columns: usize) -> usize {
        let shown = self.shown(columns);
        let out_of_sight = self.shown(usize::MAX).cursor.saturating_sub(shown.cursor);
        let before: String = self.text().chars().take(character).collect();
        one_line(&before).width().saturating_sub(out_of_sight).min(columns)
    }

    /// Edits the text with a key.
    ///
    /// # Errors
    ///
    /// The key would make the line too long.
    pub fn key(&mut self, key: KeyEvent) -> Result<(), TooLong> {
        let cursor = self.input.cursor();
        let before = self.text().len();
        if self.input.handle_event(&Event::Key(key)).is_some_and(|changed| changed.value) {
            self.revision += 1;
        }
        let length = self.text().len();
        if length <= self.limit {
            return Ok(());
        }
        // What the key put in is directly before the cursor.
        let end = self.cursor_byte();
        let mut text = self.text().to_owned();
        text.replace_range(end.saturating_sub(length - before)..end, "");
        self.replace_all(text, cursor);
        Err(TooLong { length, limit: self.limit })
    }

    /// Inserts text at the cursor. Control characters are left out.
    ///
    /// # Errors
    ///
    /// The line would be too long.
    pub fn insert(&mut self, text: &str) -> Result<(), TooLong> {
        let length = self.text().len().saturating_add(text.len());
        if length > self.limit {
            return Err(TooLong { length, limit: self.limit });
        }
        let (before, after) = self.text().split_at(self.cursor_byte());
        let inserted: String = text.chars().filter(|character| !character.is_control()).collect();
        let cursor = self.input.cursor() + inserted.chars().count();
        let text = [before, &inserted, after].concat();
        self.replace_all(text, cursor);
        Ok(())
    }

    /// Replaces the text.
    pub fn set(&mut self, text: String) {
        self.replace_all(text, usize::MAX);
    }

    /// Whether there are older lines.
    #[must_use]
    pub fn has_history(&self) -> bool {
        !self.history.is_empty()
    }

    /// Replaces the text by another one to be edited. The history has what was there.
    pub fn replace(&mut self, text: String) {
        let line = self.begin_anew();
        self.aside |= self.keep(line);
        self.set(text);
    }

    /// Takes the text into the history, because it is sent, and begins a new line.
    pub fn take(&mut self) {
        let line = self.begin_anew();
        let is_short = !line.is_empty() && line.len() <= LONGEST_KEPT;
        let is_repeated = !self.aside && self.history.last() == Some(&line);
        if is_short && !is_repeated && self.fresh.len() < HISTORY {
            self.fresh.push(line.clone());
        }
        self.aside &= line.is_empty();
        self.keep(line);
    }

    fn begin_anew(&mut self) -> String {
        self.revision += 1;
        self.browsing = None;
        self.input.value_and_reset()
    }

    /// Makes a line the newest of the history. False if it is so already, or is empty.
    fn keep(&mut self, line: String) -> bool {
        let is_new = !line.is_empty() && self.history.last() != Some(&line);
        if is_new {
            self.history.push(line);
            self.shorten();
        }
        is_new
    }

    /// Begins with the history of an earlier run, the oldest line first.
    pub fn remember(&mut self, lines: Vec<String>) {
        self.history.splice(0..0, lines);
        self.shorten();
    }

    /// The lines that were sent since this was asked last, but for very long ones.
    pub fn take_fresh(&mut self) -> Vec<String> {
        std::mem::take(&mut self.fresh)
    }

    fn shorten(&mut self) {
        let mut kept = 0;
        let newest = self.history.iter().rev().take(HISTORY).take_while(|line| {
            kept += line.len();
            kept <= HISTORY_BYTES
        });
        let newest = newest.count();
        self.history.drain(..self.history.len() - newest);
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

    /// The whole text at once: the editor itself counts all characters for every one that is put in.
    fn replace_all(&mut self, text: String, cursor: usize) {
        self.revision += 1;
        self.input = std::mem::take(&mut self.input).with_value(text);
        self.input.handle(InputRequest::SetCursor(cursor));
    }

    /// How many bytes stand before the cursor.
    fn cursor_byte(&self) -> usize {
        let text = self.text();
        text.char_indices().nth(self.input.cursor()).map_or(text.len(), |(at, _)| at)
    }
}

#[cfg(test)]
mod tests;
