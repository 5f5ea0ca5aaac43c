//! The windows over the panes.

mod dead_letter;
mod help;
mod load;
mod log_line;
mod palette;
mod partition;
mod pasted;
mod question;
mod safety;
mod themes;
mod trace;

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
        Overlay::Help(help) => return help::render(workbench, help, area, buffer),
        Overlay::Themes(themes) => themes::render(workbench, themes, area, buffer),
        Overlay::Load(row) => load::render(workbench, *row, area, buffer),
        Overlay::Question(question) => question::render(workbench, question, area, buffer),
        Overlay::Pasted(pasted) => pasted::render(workbench, pasted, area, buffer),
        Overlay::Trace { trace, scroll } => trace::render(workbench, trace, *scroll, area, buffer),
        Overlay::DeadLetter(letter) => dead_letter::render(workbench, letter, area, buffer),
        Overlay::LogLine(line) => log_line::render(workbench, line, area, buffer),
        Overlay::Crashing => safety::render(workbench, true, area, buffer),
        Overlay::Safety => safety::render(workbench, false, area, buffer),
        Overlay::Partition { key, last } => {
            partition::render(workbench, key, last, area, buffer);
        }
    }
    None
}
