//! The window over the panes, until it is closed.

use std::sync::Arc;

use super::help::Help;
use super::load::LoadRow;
use super::palette::Palette;
use super::question::Question;
use super::themes::Themes;
use crate::application::Key;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::{HOP_LIMIT, Trace};
use crate::telemetry::{LogLine, ShownRow};
use crate::workbench::commands::Command;
use crate::workbench::layout::Pane;
use crate::workbench::state::typing::pasted_lines::PastedLines;

/// The window over the panes, until it is closed.
pub enum Overlay {
    /// All commands.
    Help(Help),
    /// Everything that can be done.
    Palette(Palette),
    /// Other colours.
    Themes(Themes),
    /// The load; which of its settings is selected.
    Load(LoadRow),
    /// Whether something is to be done that cannot be taken back.
    Question(Question),
    /// Several pasted lines, before they are sent.
    Pasted(PastedLines),
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
            Self::Help(_)
            | Self::Palette(_)
            | Self::Themes(_)
            | Self::Load(_)
            | Self::Question(_)
            | Self::Pasted(_)
            | Self::Crashing
            | Self::Safety => None,
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
            Self::Help(mut help) => {
                help.scroll(command);
                Self::Help(help)
            }
            Self::Trace { trace, scroll } => Self::Trace {
                trace,
                scroll: crate::workbench::state::lists::rows::moved(
                    scroll,
                    command,
                    10,
                    2 * HOP_LIMIT,
                ),
            },
            other => other,
        }
    }
}
