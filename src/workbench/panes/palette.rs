//! The palette: commands by name, from the table of commands.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use crate::workbench::state::Workbench;
use crate::workbench::state::overlay::Palette;

pub(super) fn render(
    workbench: &Workbench,
    palette: &Palette,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let theme = workbench.theme;
    let width = area.width.saturating_sub(4).min(76);
    let height = area.height.saturating_sub(4).min(16);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 3,
        width,
        height,
    };
    Clear.render(place, buffer);
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .title_top(Line::styled(" Commands ", theme.accent()))
        .title_bottom(Line::styled(" Enter does it, Esc closes ", theme.quiet()).right_aligned());
    let inner = block.inner(place);
    block.render(place, buffer);
    let mut rows = inner.rows();
    let line = rows.next()?;
    let typed = palette.line.shown(usize::from(line.width).saturating_sub(3));
    let prompt = Line::from(vec![Span::styled(": ", theme.accent()), Span::raw(typed.text)]);
    prompt.render(line, buffer);
    let visible = usize::from(inner.height.saturating_sub(1)).max(1);
    let first = (palette.selected + 1).saturating_sub(visible);
    let shown = palette.matching().enumerate().skip(first);
    for ((at, entry), row) in shown.zip(rows) {
        let style = if at == palette.selected { theme.selected() } else { theme.text() };
        Line::from(vec![
            Span::styled(format!("{:<14} ", entry.name), theme.title()),
            Span::styled(format!("{:<14} ", entry.all_keys()), theme.key()),
            Span::raw(entry.about),
        ])
        .style(style)
        .render(row, buffer);
    }
    let column = u16::try_from(typed.cursor).unwrap_or(u16::MAX);
    Some(Position {
        x: line.x.saturating_add(column.saturating_add(2)).min(line.right().saturating_sub(1)),
        y: line.y,
    })
}
