//! Other colours: a small window at the top right, so that the rest of the screen is seen in them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use crate::workbench::panes::lists::rows;
use crate::workbench::state::Workbench;
use crate::workbench::state::windows::themes::Themes;
use crate::workbench::theme::{Look, Theme};

pub(super) fn render(workbench: &Workbench, themes: &Themes, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let width = area.width.min(58);
    let height = area.height.min(8);
    let place = Rect { x: area.right() - width, y: area.y, width, height };
    Clear.render(place, buffer);
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .title_top(Line::styled(" Theme ", theme.accent()))
        .title_bottom(
            Line::styled(" Enter keeps it   Esc: as it was ", theme.quiet()).right_aligned(),
        );
    let inner = block.inner(place);
    block.render(place, buffer);
    for (is_selected, look, row) in rows(Look::ALL, themes.selected, true, inner) {
        workbench.spots.row(row, None, is_selected);
        Line::from(vec![
            Span::styled(format!(" {:<6} ", look.name()), theme.title()),
            Span::styled(look.about(), theme.quiet()),
        ])
        .render(row, buffer);
        if is_selected {
            theme.select(row, buffer);
        }
    }
    if let Some(row) = inner.rows().nth(Look::ALL.len() + 1) {
        samples(theme).render(row, buffer);
    }
}

/// Each role in its colour.
fn samples(theme: Theme) -> Line<'static> {
    let roles = [
        (" accent ", theme.accent()),
        ("good ", theme.good()),
        ("warning ", theme.warning()),
        ("bad ", theme.bad()),
        ("quiet ", theme.quiet()),
    ];
    let workers = (0..6).map(|worker| Span::styled(format!("w{worker} "), theme.worker(worker)));
    roles.into_iter().map(|(name, style)| Span::styled(name, style)).chain(workers).collect()
}
