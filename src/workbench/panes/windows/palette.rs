//! The palette: everything that can be done, with the letters that were found lit.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use super::detail::wrapping::wrapped;
use crate::workbench::panes::lists::rows;
use crate::workbench::state::Workbench;
use crate::workbench::state::windows::palette::{Found, Item, Palette};
use crate::workbench::theme::Theme;

/// The max columns of the window.
const MAX_WIDTH: u16 = 110;

/// The columns of names and of keys.
const NAME: usize = 22;
const KEYS: usize = 14;

/// Where a row has fewer columns for what its item does, the last rows say it of the selected one.
const LONG: usize = 60;
/// How many rows that are, with a rule above them.
const TOLD: u16 = 3;

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
    let told = if room_beside(inner.width) < LONG { TOLD.min(list.height / 3) } else { 0 };
    let [list, told] =
        list.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(told)]));
    if let Some(selected) = found.get(palette.selected) {
        let (text, style) = does(theme, selected.item);
        let columns = usize::from(told.width.saturating_sub(2));
        // Two rows that are broken between words.
        let text = theme.fit(&text, (2 * columns).saturating_sub(16));
        let text = wrapped(&[Span::styled(text, style)], columns);
        let rule = theme.symbol("─", "-").repeat(usize::from(told.width));
        Line::styled(rule, theme.quiet()).render(told, buffer);
        for (text, row) in text.into_iter().zip(told.rows().skip(1)) {
            let row = Rect { x: row.x + 1, width: row.width.saturating_sub(1), ..row };
            text.into_iter().collect::<Line<'_>>().render(row, buffer);
        }
    }
    if found.is_empty() {
        let hint = "  Nothing has these letters in its name, or this word in what it does.";
        Line::styled(hint, theme.quiet()).render(list, buffer);
    }
    for (is_selected, found, row) in rows(found, palette.selected, true, list) {
        workbench.spots.row(row, None, is_selected);
        item(theme, &found, row.width).render(row, buffer);
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
fn item(theme: Theme, found: &Found<'_>, width: u16) -> Line<'static> {
    let item = found.item;
    let name = if item.refusal.is_none() { theme.title() } else { theme.quiet() };
    let (text, words) = does(theme, item);
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
    spans.push(Span::styled(theme.fit(&text, room_beside(width)), words));
    Line::from(spans)
}

/// What an item does, or why it cannot.
fn does(theme: Theme, item: &Item) -> (String, Style) {
    match &item.refusal {
        None => (item.about.clone(), theme.text()),
        Some(reason) => (format!("not now: {reason}"), theme.warning()),
    }
}

/// The columns beside the name and the keys.
fn room_beside(width: u16) -> usize {
    usize::from(width).saturating_sub(NAME + KEYS + 4)
}
