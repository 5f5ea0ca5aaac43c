//! The border around a pane, and the window of an overlay.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Padding, Paragraph, Widget, Wrap};

use crate::workbench::theme::Theme;

/// Draws a pane's border and title; returns the area inside.
pub(super) fn pane(
    theme: Theme,
    title: Line<'_>,
    right: Line<'_>,
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
) -> Rect {
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.border(focused))
        .title_top(title)
        .title_top(right.right_aligned());
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

/// A pane's title: its name, and what it counts.
pub(super) fn title(theme: Theme, name: &str, focused: bool, count: String) -> Line<'static> {
    let style = if focused { theme.accent() } else { theme.title() };
    let mut spans = vec![Span::styled(format!(" {name} "), style)];
    if !count.is_empty() {
        spans.push(Span::styled(format!("{count} "), theme.quiet()));
    }
    Line::from(spans)
}

/// Draws an overlay's window in the middle of the screen, as high as its lines need.
pub(super) fn window(
    theme: Theme,
    title: &str,
    bottom: &str,
    lines: Vec<Line<'_>>,
    area: Rect,
    buffer: &mut Buffer,
) {
    let width = area.width.saturating_sub(4).min(110);
    let inner_width = usize::from(width.saturating_sub(4)).max(1);
    let wanted = u16::try_from(rows_needed(&lines, inner_width)).unwrap_or(u16::MAX);
    let paragraph = Paragraph::new(lines).wrap(Wrap { trim: false });
    let height = wanted.saturating_add(2).min(area.height.saturating_sub(2));
    let place = area.centered(Constraint::Length(width), Constraint::Length(height));
    Clear.render(place, buffer);
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .padding(Padding::horizontal(1))
        .title_top(Line::styled(format!(" {title} "), theme.accent()))
        .title_bottom(Line::styled(format!(" {bottom} "), theme.quiet()).right_aligned());
    let inner = block.inner(place);
    block.render(place, buffer);
    paragraph.render(inner, buffer);
}

/// How many rows lines need at the most when they are wrapped between words.
fn rows_needed(lines: &[Line<'_>], width: usize) -> usize {
    let rows = |line: &Line<'_>| match line.width().div_ceil(width) {
        0 | 1 => 1,
        // A word that does not fit at the end of a row may cost another one.
        rows => rows + 1,
    };
    lines.iter().map(rows).sum()
}
