//! The windows over the panes.

mod breakpoints;
pub(super) mod detail;
mod held;
mod help;
mod load;
mod palette;
mod pasted;
mod question;
mod safety;
mod seek;
mod shrink;
mod themes;
mod what_if;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::workbench::state::Workbench;
use crate::workbench::state::windows::overlay::Overlay;

/// Draws a window. Returns where the cursor is; `None` if the window shows none.
pub(super) fn render(
    workbench: &Workbench,
    overlay: &Overlay,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    match overlay {
        Overlay::Palette(palette) => return palette::render(workbench, palette, area, buffer),
        Overlay::Seek => return seek::render(workbench, area, buffer),
        Overlay::Breakpoints(window) => {
            return breakpoints::render(workbench, window, area, buffer);
        }
        Overlay::WhatIf(window) => return what_if::render(workbench, window, area, buffer),
        Overlay::Shrink(shrink) => return shrink::render(workbench, shrink, area, buffer),
        Overlay::Help(help) => return help::render(workbench, help, area, buffer),
        Overlay::Themes(themes) => themes::render(workbench, themes, area, buffer),
        Overlay::Held => held::render(workbench, area, buffer),
        Overlay::Load(row) => load::render(workbench, *row, area, buffer),
        Overlay::Question(question) => question::render(workbench, question, area, buffer),
        Overlay::Pasted(pasted) => pasted::render(workbench, pasted, area, buffer),
        Overlay::Detail(detail) => detail::render(workbench, detail, area, buffer),
        Overlay::Crashing => safety::render(workbench, true, area, buffer),
        Overlay::Safety => safety::render(workbench, false, area, buffer),
    }
    None
}
