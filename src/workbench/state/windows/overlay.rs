//! The window over the panes, until it is closed.

use super::breakpoints::BreakpointsWindow;
use super::detail::Detail;
use super::help::Help;
use super::load::LoadRow;
use super::palette::Palette;
use super::question::Question;
use super::shrink::Shrink;
use super::themes::Themes;
use super::what_if::WhatIfWindow;
use crate::workbench::layout::Pane;
use crate::workbench::state::typing::pasted_lines::PastedLines;

/// The window over the panes, until it is closed.
pub enum Overlay {
    /// All commands.
    Help(Help),
    /// Everything that can be done.
    Palette(Palette),
    /// The breakpoints.
    Breakpoints(BreakpointsWindow),
    /// The message that a breakpoint holds.
    Held,
    /// Other colours.
    Themes(Themes),
    /// The load; which of its settings is selected.
    Load(LoadRow),
    /// Whether something is to be done that cannot be taken back.
    Question(Question),
    /// The smallest input with which something still happens.
    Shrink(Shrink),
    /// Several pasted lines, before they are sent.
    Pasted(PastedLines),
    /// What is to be found in the past, while it is typed.
    Seek,
    /// What a branch of the recording does differently.
    WhatIf(WhatIfWindow),
    /// All of one thing.
    Detail(Detail),
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
            | Self::Breakpoints(_)
            | Self::Held
            | Self::Themes(_)
            | Self::Load(_)
            | Self::Question(_)
            | Self::Pasted(_)
            | Self::Seek
            | Self::WhatIf(_)
            | Self::Crashing
            | Self::Safety => None,
            // Its messages can be sent and edited as those of that pane.
            Self::Shrink(_) => Some(Pane::Messages),
            Self::Detail(detail) => detail.subject.pane(),
        }
    }
}
