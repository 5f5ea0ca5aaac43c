//! One line of the log: all of its text.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::telemetry::LogLine;
use crate::workbench::panes::frame::{field, window};
use crate::workbench::panes::lists::log::style_of;
use crate::workbench::state::Workbench;
use crate::workbench::words;

pub(super) fn render(workbench: &Workbench, line: &LogLine, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let level = Span::styled(line.level.to_string(), style_of(theme, line.level));
    let lines = vec![
        field(theme, "after", 7, words::clock(line.since_start)),
        field(theme, "level", 7, level),
        field(theme, "text", 7, line.text.clone()),
    ];
    window(theme, "Line of the log", "Esc closes", lines, area, buffer);
}
