//! A line in a row of an area.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;

/// A line in its row, if the area has that row.
pub(super) fn at_row(line: &Line<'_>, area: Rect, row: u16, buffer: &mut Buffer) {
    if let Some(place) = area.rows().nth(usize::from(row)) {
        line.render(place, buffer);
    }
}
