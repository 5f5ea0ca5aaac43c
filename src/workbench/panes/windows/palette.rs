//! The palette: everything that can be done, with the letters that were found lit.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use crate::workbench::panes::lists::rows;
use crate::workbench::state::Workbench;
use crate::workbench::state::windows::palette::{Found, Palette};
use crate::workbench::theme::Theme;

/// The max columns of the window.
const MAX_WIDTH: u16 = 110;

/// The columns of names and of keys.
const NAME: usize = 22;
const KEYS: usize = 14;

pub(super) fn render(
    workbench: &Workbench,
    palette: &Palette,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let theme = workbench.theme;
    let width = area.width.saturating_sub(4).min(MAX_WIDTH);
    let height = area.height.saturating_sub(4).min(18);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 3,
        width,
        height,
    };
    let found = palette.found();
    let looking = if workbench.is_looking_for_keys(palette) {
        theme.symbol("looking for keys… ", "looking for keys.. ")
    } else {
        ""
    };
    Clear.render(place, buffer);
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .title_top(Line::styled(" Commands ", theme.accent()))
        .title_top(
            Line::styled(format!(" {looking}{} ", found.len()), theme.quiet()).right_aligned(),
        )
        .title_bottom(Line::styled(" Enter does it, Esc closes ", theme.quiet()).right_aligned());
    let inner = block.inner(place);
    block.render(place, buffer);
    let line = inner.rows().next()?;
    let typed = palette.line.shown(usize::from(line.width).saturating_sub(3));
    let prompt = Line::from(vec![Span::styled(": ", theme.accent()), Span::raw(typed.text)]);
    prompt.render(line, buffer);
    let list = Rect { y: line.bottom(), height: inner.height - 1, ..inner };
    if found.is_empty() {
        let hint = "  Nothing has these letters in its name, or this word in what it does.";
        Line::styled(hint, theme.quiet()).render(list, buffer);
    }
    for (is_selected, found, row) in rows(found, palette.selected, true, list) {
        workbench.spots.row(row, None, is_selected);
        item(theme, &found, usize::from(row.width)).render(row, buffer);
        if is_selected {
            theme.select(row, buffer);
        }
    }
    let column = u16::try_from(typed.cursor).unwrap_or(u16::MAX);
    Some(Position {
        x: line.x.saturating_add(column.saturating_add(2)).min(line.right().saturating_sub(1)),
        y: line.y,
    })
}

/// A row: the name, the keys, and what it does or why it cannot.
fn item(theme: Theme, found: &Found<'_>, width: usize) -> Line<'static> {
    let item = found.item;
    let (name, words) = match &item.refusal {
        None => (theme.title(), theme.text()),
        Some(_) => (theme.quiet(), theme.warning()),
    };
    let mut spans = vec![Span::raw(" ")];
    let fitted = theme.fit(&item.name, NAME);
    for (at, character) in (0_u32..).zip(fitted.chars()) {
        let style = if found.marks.contains(&at) { theme.accent() } else { name };
        spans.push(Span::styled(character.to_string(), style));
    }
    let used: usize = spans.iter().map(Span::width).sum();
    spans.push(Span::raw(" ".repeat((NAME + 2).saturating_sub(used))));
    let keys = theme.fit(&item.keys, KEYS);
    spans.push(Span::styled(format!("{keys:<KEYS$} "), theme.key()));
    let room = width.saturating_sub(NAME + KEYS + 4);
    let text = match &item.refusal {
        None => item.about.clone(),
        Some(reason) => format!("not now: {reason}"),
    };
    spans.push(Span::styled(theme.fit(&text, room), words));
    Line::from(spans)
}
