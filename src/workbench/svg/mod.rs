//! A picture of the terminal: draws a ratatui [`Buffer`] as an SVG.
//!
//! Invariants: the same buffer gives the same bytes, so a screenshot can be compared with a stored
//! one; and every glyph has its own coordinate on the cell grid, so nothing drifts with the font
//! that the viewer falls back to. Lines and blocks are shapes and need no font at all.

mod animation;
mod colors;
mod paths;
mod row;
mod shapes;
#[cfg(test)]
mod tests;
mod window;

use ratatui::buffer::Buffer;

pub use animation::{Scene, animation};
use window::{opening, row_at};

/// Draws `buffer` as a terminal window with this title, as an SVG document.
///
/// The document is complete in itself: no scripts, no styles, nothing to load. Each row of the
/// terminal that shows something is one group, so that a change of the screen is a short diff.
///
/// ```
/// use ratatui::{buffer::Buffer, layout::Rect, style::Style};
/// use wallaroo::workbench::svg::svg;
///
/// let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 3));
/// buffer.set_string(0, 1, "a => 10", Style::new());
/// let picture = svg(&buffer, "wallaroo-tui");
/// assert!(picture.starts_with("<svg ") && picture.contains(">a =&gt; 10</text>"));
/// ```
pub fn svg(buffer: &Buffer, title: &str) -> String {
    let area = buffer.area;
    let mut out = opening(area, title);
    for y in area.top()..area.bottom() {
        let content = row::row(buffer, y);
        if !content.is_empty() {
            out += &row_at(y - area.top(), "", &content);
        }
    }
    out.push_str("</svg>\n");
    out
}
