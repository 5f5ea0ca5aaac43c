//! The line in which is typed what is to be found in the past: what is wrong with it below its character, and what can be
//! typed.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Padding, Widget};

use super::detail::wrapping::wrapped;
use crate::expression::{Rows, When};
use crate::workbench::state::Workbench;
use crate::workbench::words;

/// The max columns of the window.
const MAX_WIDTH: u16 = 110;

/// The max rows below the line.
const MAX_ROWS: usize = 6;

/// What stands before the text.
const PROMPT: &str = "> ";

pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let (theme, seeking) = (workbench.theme, &workbench.seeking);
    let width = area.width.saturating_sub(4).min(MAX_WIDTH);
    let columns = usize::from(width.saturating_sub(4));
    let room = columns.saturating_sub(PROMPT.len() + 1);
    let shown = seeking.line.shown(room);
    let mut below: Vec<Line<'_>> = Vec::new();
    if let Some(error) = &seeking.error {
        let caret = PROMPT.len() + seeking.line.column_of(error.column, room);
        below.push(Line::styled(format!("{:>caret$}^", ""), theme.bad()));
        below.extend(text(&error.sentence, columns, theme.bad()));
    } else {
        below.push(Line::default());
        let offer = if seeking.became_true().is_some() {
            "Tab asks where it has become true: where it holds of the state, and did not before."
        } else {
            "The last message is found at one of whose steps it holds."
        };
        below.extend(text(offer, columns, theme.text()));
        let known = format!("About {}", Rows::Steps(When::Replayed).known());
        below.extend(text(&known, columns, theme.quiet()));
    }
    below.truncate(MAX_ROWS);
    let height = u16::try_from(below.len() + 3).unwrap_or(area.height).min(area.height);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 3,
        width,
        height,
    };
    let [before, after] = workbench.keys_of_finding();
    let keys = format!(" Enter: the last   {before} {after}: before, after   Esc closes ");
    Clear.render(place, buffer);
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .padding(Padding::horizontal(1))
        .title_top(Line::styled(" Find in the past ", theme.accent()))
        .title_bottom(Line::styled(theme.fit(&keys, columns + 2), theme.quiet()).right_aligned());
    let inner = block.inner(place);
    block.render(place, buffer);
    let mut rows = inner.rows();
    let row = rows.next()?;
    let prompt = vec![Span::styled(PROMPT, theme.accent()), Span::raw(shown.text)];
    Line::from(prompt).render(row, buffer);
    if seeking.line.text().is_empty() {
        let example = "state.votes > 100 && key == \"a\"";
        let hint = Rect { x: row.x + 3, width: row.width.saturating_sub(3), ..row };
        Line::styled(format!("for example: {example}"), theme.quiet()).render(hint, buffer);
    }
    for (line, row) in below.into_iter().zip(rows) {
        line.render(row, buffer);
    }
    let column = u16::try_from(PROMPT.len() + shown.cursor).unwrap_or(u16::MAX);
    Some(Position { x: row.x.saturating_add(column).min(row.right().saturating_sub(1)), y: row.y })
}

/// A text in lines.
fn text(
    text: &str,
    columns: usize,
    style: ratatui::style::Style,
) -> impl Iterator<Item = Line<'static>> {
    let spans = [Span::styled(words::one_line(text).into_owned(), style)];
    wrapped(&spans, columns).into_iter().map(Line::from)
}
