//! A question before something that cannot be taken back.

use crossterm::event::KeyCode;

use crate::workbench::commands::Command;
use crate::workbench::terminal::keys::Key;

/// A question, and what is done if the answer is yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The title of its window.
    pub title: &'static str,
    /// What would happen, a line each.
    pub lines: Vec<String>,
    /// What is done.
    pub command: Command,
}

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Do it.
    Yes,
    /// Leave it.
    No,
}

impl Question {
    /// Before a crash on purpose.
    #[must_use]
    pub fn crash() -> Self {
        let lines = [
            "All that is in memory is lost, as by a kill: every connection is closed, and the engine",
            "recovers from the last checkpoint and the journal.",
        ];
        let lines = lines.map(str::to_owned).to_vec();
        Self { title: "Crash?", lines, command: Command::Crash }
    }

    /// Before the last message is taken back, if its outputs leave.
    #[must_use]
    pub fn undo() -> Self {
        let lines = [
            "The last message is taken back: all partitions become as if it had never entered.",
            "What has left through a sink stays there.",
        ];
        let lines = lines.map(str::to_owned).to_vec();
        Self { title: "Take it back?", lines, command: Command::Undo }
    }

    /// The answer that a key is: Enter, `y`, or the key that asked, a second time. Any other key is no answer.
    #[must_use]
    pub fn answer(&self, key: Key, command: Option<Command>) -> Option<Answer> {
        match key.code {
            KeyCode::Enter | KeyCode::Char('y') => Some(Answer::Yes),
            _ if command == Some(self.command) => Some(Answer::Yes),
            KeyCode::Esc | KeyCode::Char('n' | 'q') => Some(Answer::No),
            _ => None,
        }
    }
}
