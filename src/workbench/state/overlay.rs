//! The window over the panes, until it is closed.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};

use super::input_line::InputLine;
use crate::application::Key;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::{HOP_LIMIT, Trace};
use crate::telemetry::{LogLine, ShownRow};
use crate::workbench::commands::{COMMANDS, Command, Entry};
use crate::workbench::layout::Pane;
use crate::workbench::terminal::keys::Key as TerminalKey;

/// The window over the panes, until it is closed.
pub enum Overlay {
    /// All commands.
    Help {
        /// How many lines are out of sight above.
        scroll: usize,
    },
    /// Commands by name.
    Palette(Palette),
    /// What happened to a message, hop by hop.
    Trace {
        /// The message's trace.
        trace: Arc<Trace>,
        /// How many lines are out of sight above.
        scroll: usize,
    },
    /// A message that could not be processed.
    DeadLetter(Arc<DeadLetter>),
    /// A line of the log.
    LogLine(Arc<LogLine>),
    /// Everything has just been lost, and comes back.
    Crashing,
    /// What is saved, lost and recovered.
    Safety,
    /// A partition: its state and its recent messages.
    Partition {
        /// The partition's key.
        key: Key,
        /// How it was seen last.
        last: ShownRow,
    },
}

impl Overlay {
    /// The pane whose keys work here: what can be done in a pane can be done with what was opened there.
    #[must_use]
    pub fn pane(&self) -> Option<Pane> {
        match self {
            Self::Help { .. } | Self::Palette(_) | Self::Crashing | Self::Safety => None,
            Self::Trace { .. } => Some(Pane::Routing),
            Self::LogLine(_) => Some(Pane::Log),
            Self::DeadLetter(_) => Some(Pane::DeadLetters),
            Self::Partition { .. } => Some(Pane::Partitions),
        }
    }

    /// The overlay after a command that moves.
    #[must_use]
    pub fn scrolled(self, command: Command) -> Self {
        match self {
            Self::Help { scroll } => {
                Self::Help { scroll: super::rows::moved(scroll, command, 10, COMMANDS.len()) }
            }
            Self::Trace { trace, scroll } => Self::Trace {
                trace,
                scroll: super::rows::moved(scroll, command, 10, 2 * HOP_LIMIT),
            },
            other => other,
        }
    }
}

/// The max length of the typed name in bytes: longer than the name of any command.
const MAX_NAME_LENGTH: usize = 256;

/// Commands by name.
pub struct Palette {
    /// What is typed.
    pub line: InputLine,
    /// Which of the matching commands is selected.
    pub selected: usize,
    pane: Pane,
}

impl Palette {
    /// A palette of the commands that apply in a pane.
    #[must_use]
    pub fn new(pane: Pane) -> Self {
        Self { line: InputLine::with_limit(MAX_NAME_LENGTH), selected: 0, pane }
    }

    /// The commands whose name contains what is typed.
    pub fn matching(&self) -> impl Iterator<Item = &'static Entry> {
        let typed = self.line.text().to_lowercase();
        COMMANDS
            .iter()
            .filter(|entry| entry.applies(Some(self.pane)) && entry.command != Command::Palette)
            .filter(move |entry| entry.name.contains(&typed))
    }

    /// The selected command.
    #[must_use]
    pub fn chosen(&self) -> Option<Command> {
        self.matching().nth(self.selected).map(|entry| entry.command)
    }

    /// Takes a key.
    pub fn key(&mut self, key: TerminalKey, event: KeyEvent) {
        let last = self.matching().count().saturating_sub(1);
        match key.code {
            KeyCode::Up => self.selected = self.selected.saturating_sub(1),
            KeyCode::Down | KeyCode::Tab => self.selected = (self.selected + 1).min(last),
            _ => {
                // A key that there is no room for changes nothing.
                let _ = self.line.key(event);
                self.selected = 0;
            }
        }
    }
}
