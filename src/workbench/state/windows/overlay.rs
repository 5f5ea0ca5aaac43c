//! The window over the panes, until it is closed.

use super::detail::Detail;
use super::help::Help;
use super::load::LoadRow;
use super::palette::Palette;
use super::question::Question;
use super::themes::Themes;
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
    /// All of one thing.
    Detail(Detail),
    /// Several pasted lines, before they are sent.
    Pasted(PastedLines),
    /// Everything has just been lost, and comes back.
    Crashing,
    /// What is saved, lost and recovered.
    Safety,
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
            Self::Detail(detail) => Some(detail.subject.pane()),
        }
    }
}
