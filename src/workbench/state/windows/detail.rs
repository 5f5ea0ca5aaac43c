//! The window with all of one thing: what it is about, and where one looks in it.

pub(in crate::workbench) mod folds;
mod in_detail;
pub(in crate::workbench) mod view;

use std::sync::Arc;

use crate::application::Key;
use crate::core::foresight::FrameField;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::session::past::Travel;
use crate::telemetry::{LogLine, OutputShown, ShownRow};
use crate::workbench::layout::Pane;
use folds::Folds;
use view::View;

/// What a window shows all of.
#[derive(Clone)]
pub enum Subject {
    /// What happened to a message.
    Message(Arc<Trace>),
    /// A message that could not be processed.
    DeadLetter(Arc<DeadLetter>),
    /// A line of the log.
    LogLine(Arc<LogLine>),
    /// What a sink was given.
    Output(Arc<OutputShown>),
    /// What a branch of the recording makes different, or how far it is.
    Branch,
    /// A partition: its state and its recent messages.
    Partition {
        /// Its state's place in the topology.
        state: usize,
        /// Its key.
        key: Key,
        /// How it was seen last; `None` if it has not been seen yet.
        last: Option<Box<ShownRow>>,
    },
}

impl Subject {
    /// The pane whose keys work here: what can be done in a pane can be done with what was opened there. `None` if it was
    /// opened in none.
    #[must_use]
    pub fn pane(&self) -> Option<Pane> {
        match self {
            Self::Message(_) => Some(Pane::Messages),
            Self::DeadLetter(_) => Some(Pane::DeadLetters),
            Self::LogLine(_) => Some(Pane::Log),
            Self::Output(_) => Some(Pane::Outputs),
            Self::Partition { .. } => Some(Pane::Partitions),
            Self::Branch => None,
        }
    }
}

/// What a line of a window leads to.
pub enum Opens {
    /// Another window.
    Window(Subject),
    /// Something of the past, seen in this window.
    Moment(Travel),
}

/// A window with all of one thing.
#[derive(Clone)]
pub struct Detail {
    /// What it is about.
    pub subject: Subject,
    /// Where one looks in it.
    pub view: View,
    /// Which branches of its trees are folded.
    pub folds: Folds,
    /// What is known of the bytes of its frame. It is found once: the decoder is tried for it.
    pub fields: Vec<FrameField>,
}
