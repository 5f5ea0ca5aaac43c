//! The rule above a pane, and the window of an overlay.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Padding, Paragraph, Widget, Wrap};

use super::filter_note;
use crate::application::text_of_bytes;
use crate::workbench::layout::Pane;
use crate::workbench::state::lists::filters::filter_line::FilterLine;
use crate::workbench::theme::Theme;
use crate::workbench::words::one_line;

/// A line of at most this many rows is never cut.
const MIN_ROWS: usize = 3;

/// Draws the rule above a pane, with its title and what is at the right of it; returns the area below, with
/// a blank column at each side: the mark of the selected row is in the first one.
pub(super) fn pane(
    theme: Theme,
    title: Line<'_>,
    right: Line<'_>,
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
) -> Rect {
    let Some(rule) = area.rows().next() else { return Rect::default() };
    let line = theme.symbol("─", "-").repeat(usize::from(rule.width));
    buffer.set_stringn(rule.x, rule.y, line, usize::from(rule.width), theme.border(focused));
    let inside = Rect { x: rule.x + 1, width: rule.width.saturating_sub(2), ..rule };
    let beside = usize::from(inside.width).saturating_sub(title.width() + 2);
    let right = beginning(theme, right, beside);
    title.render(inside, buffer);
    let width = u16::try_from(right.width()).unwrap_or(inside.width).min(inside.width);
    right.render(Rect { x: inside.right() - width, width, ..inside }, buffer);
    Rect { y: rule.y + 1, height: area.height - 1, ..inside }
}

/// A pane's title: its key, its name, and what it counts.
pub(super) fn title_of(theme: Theme, pane: Pane, focused: bool, count: &str) -> Line<'static> {
    let name = format!("{} {}", pane.number(), pane.name());
    title(theme, &name, focused, count.to_owned())
}

/// A title: a name, and what is counted.
pub(super) fn title(theme: Theme, name: &str, focused: bool, count: String) -> Line<'static> {
    let style = if focused { theme.accent() } else { theme.title() };
    let mut spans = vec![Span::styled(format!(" {name} "), style)];
    if !count.is_empty() {
        spans.push(Span::styled(format!("{count} "), theme.quiet()));
    }
    Line::from(spans)
}

/// A pane's filter in so many columns, while it is typed its end; `None` if there is none.
pub(super) fn filter(theme: Theme, filter: &FilterLine, columns: usize) -> Option<Line<'static>> {
    match filter.editing() {
        Some(line) => Some(Line::from(vec![
            Span::styled(" /", theme.key()),
            Span::styled(filter_note::end_of(theme, line.text(), columns).0, theme.accent()),
            Span::styled("_ ", theme.key()),
        ])),
        None if !filter.text().is_empty() => Some(Line::from(vec![
            Span::styled(" filter ", theme.quiet()),
            Span::styled(format!("{} ", filter.text()), theme.accent()),
        ])),
        None => None,
    }
}

/// A named value of a window: the name in this many columns, then the value.
pub(super) fn field<'a>(
    theme: Theme,
    name: &str,
    columns: usize,
    value: impl Into<Span<'a>>,
) -> Line<'a> {
    Line::from(vec![Span::styled(format!("{name:<columns$} "), theme.quiet()), value.into()])
}

/// Bytes as quoted text in this many columns, quotes apart.
pub(super) fn quoted(theme: Theme, bytes: &[u8], columns: usize) -> String {
    let text = text_of_bytes(bytes).replace("\\x0a", "\\n");
    format!("\"{}\"", theme.fit(&text, columns))
}

/// The columns of a window, its border included.
fn window_width(area: Rect) -> u16 {
    area.width.saturating_sub(4).min(110)
}

/// How many columns the lines of a [`window`] have.
pub(super) fn inner_width(area: Rect) -> usize {
    usize::from(window_width(area).saturating_sub(4)).max(1)
}

/// Draws an overlay's window in the middle of the screen, as high as its lines need. Long lines are cut
/// if the lines after them would not fit.
pub(super) fn window(
    theme: Theme,
    title: &str,
    bottom: &str,
    lines: Vec<Line<'_>>,
    area: Rect,
    buffer: &mut Buffer,
) {
    let (width, inner_width) = (window_width(area), inner_width(area));
    let most = usize::from(area.height.saturating_sub(4));
    let lines = shortened(theme, lines, inner_width, most);
    let needed = lines.iter().map(|line| rows_needed(line, inner_width)).sum::<usize>();
    let wanted = u16::try_from(needed).unwrap_or(u16::MAX);
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

/// The max number of rows of a line that is wrapped between words.
fn rows_needed(line: &Line<'_>, width: usize) -> usize {
    match line.width().div_ceil(width) {
        0 | 1 => 1,
        // A word that does not fit at the end of a row may cost another one.
        rows => rows + 1,
    }
}

/// The lines, the longest of them cut until all fit the rows.
fn shortened<'a>(theme: Theme, lines: Vec<Line<'a>>, width: usize, rows: usize) -> Vec<Line<'a>> {
    let lines: Vec<Line<'a>> = lines.into_iter().map(printable).collect();
    let needed: Vec<usize> = lines.iter().map(|line| rows_needed(line, width)).collect();
    let all_fit = |most: &usize| needed.iter().map(|rows| rows.min(most)).sum::<usize>() <= rows;
    let most = (MIN_ROWS..=rows).rev().find(all_fit).unwrap_or(MIN_ROWS);
    let cut = |(line, needed): (Line<'a>, usize)| {
        if needed > most { beginning(theme, line, (most - 1) * width) } else { line }
    };
    lines.into_iter().zip(needed).map(cut).collect()
}

/// A line without control characters.
fn printable(mut line: Line<'_>) -> Line<'_> {
    for span in &mut line.spans {
        if let Cow::Owned(text) = one_line(&span.content) {
            span.content = text.into();
        }
    }
    line
}

/// The beginning of a line in this many columns, with an ellipsis.
pub(super) fn beginning(theme: Theme, mut line: Line<'_>, columns: usize) -> Line<'_> {
    let mut room = columns;
    for span in &mut line.spans {
        span.content = theme.fit(&span.content, room).into();
        room = room.saturating_sub(span.width());
    }
    line
}
