//! The palette: commands by name, from the table of commands.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use crate::workbench::panes::lists::rows;
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
    let line = inner.rows().next()?;
    let typed = palette.line.shown(usize::from(line.width).saturating_sub(3));
    let prompt = Line::from(vec![Span::styled(": ", theme.accent()), Span::raw(typed.text)]);
    prompt.render(line, buffer);
    let list = Rect { y: line.bottom(), height: inner.height - 1, ..inner };
    for (is_selected, entry, row) in rows(palette.matching(), palette.selected, list) {
        Line::from(vec![
            Span::styled(format!("{:<14} ", entry.name), theme.title()),
            Span::styled(format!("{:<14} ", entry.all_keys()), theme.key()),
            Span::raw(entry.about),
        ])
        .style(theme.row(is_selected))
        .render(row, buffer);
    }
    let column = u16::try_from(typed.cursor).unwrap_or(u16::MAX);
    Some(Position {
        x: line.x.saturating_add(column.saturating_add(2)).min(line.right().saturating_sub(1)),
        y: line.y,
    })
}
