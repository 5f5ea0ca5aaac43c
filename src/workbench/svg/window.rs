//! The window around the rows: its frame, title bar and buttons.

use std::fmt::Write as _;

use ratatui::layout::Rect;

use super::colors::{BACKGROUND, FOREGROUND, FRAME, TITLE, TITLE_BAR};
use super::paths::{CELL_HEIGHT, CELL_WIDTH, TOP};
use super::row::escaped;

const FONT_SIZE: u16 = 15;

/// From the window's edge to the cells, left and right.
const MARGIN: f32 = 18.0;
const TITLE_HEIGHT: f32 = 34.0;
/// From the title bar to the first row, and from the last row to the edge.
const PADDING: f32 = 12.0;
/// Columns of the title bar that the buttons take on either side.
const BUTTONS: usize = 10;

/// The fonts to try. A picture must not load one: GitHub blocks it and a diff could not show it.
const FONTS: &str =
    "ui-monospace, 'JetBrains Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace";

/// The opening tag, and the window around a screen of this size.
pub(super) fn opening(area: Rect, title: &str) -> String {
    let width = f32::from(area.width) * CELL_WIDTH + 2.0 * MARGIN;
    let height = f32::from(area.height) * CELL_HEIGHT + TITLE_HEIGHT + 2.0 * PADDING;
    window(width, height, &fitting(title, usize::from(area.width)))
}

/// What a row shows, at its place; `class` is an attribute or nothing.
pub(super) fn row_at(row: u16, class: &str, content: &str) -> String {
    let baseline = f32::from(row) * CELL_HEIGHT + TITLE_HEIGHT + PADDING - TOP;
    format!("<g{class} transform=\"translate({MARGIN} {baseline})\">\n{content}</g>\n")
}

/// The opening tag and the window: its frame, title bar and buttons.
fn window(width: f32, height: f32, title: &str) -> String {
    let title = escaped(title);
    let (right, bottom) = (width - 0.5, height - 0.5);
    let bar = TITLE_HEIGHT - 0.5;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"{FONTS}\" \
         font-size=\"{FONT_SIZE}\" font-variant-ligatures=\"none\" fill=\"{FOREGROUND}\">\n\
         <title>{title}</title>\n\
         <rect x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"10\" fill=\"{BACKGROUND}\"/>\n\
         <path d=\"M.5 {bar}V10.5A10 10 0 0 1 10.5 .5H{}A10 10 0 0 1 {right} 10.5V{bar}z\" \
         fill=\"{TITLE_BAR}\"/>\n\
         <path d=\"M.5 {bar}H{right}\" stroke=\"{FRAME}\"/>\n\
         <rect x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"10\" fill=\"none\" \
         stroke=\"{FRAME}\"/>\n",
        width - 1.0,
        height - 1.0,
        right - 10.0,
        right - 0.5,
        bottom - 0.5,
    );
    for (x, color) in [(20, "#ff5f57"), (40, "#febc2e"), (60, "#28c840")] {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "<circle cx=\"{x}\" cy=\"17\" r=\"6\" fill=\"{color}\"/>");
    }
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"22\" font-size=\"13\" text-anchor=\"middle\" fill=\"{TITLE}\">{title}</text>",
        width / 2.0,
    );
    out
}

/// The title, shortened if the window is too narrow for it.
fn fitting(title: &str, columns: usize) -> String {
    let room = columns.saturating_sub(2 * BUTTONS);
    if title.chars().count() <= room {
        return title.to_owned();
    }
    let mut short: String = title.chars().take(room.saturating_sub(1)).collect();
    if room > 0 {
        short.push('…');
    }
    short
}
