//! The load: its settings, and how far it is. At the bottom right, so that the flow and the charts are seen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use crate::core::text::plural;
use crate::workbench::panes::edges::load::late;
use crate::workbench::panes::lists::rows;
use crate::workbench::state::Workbench;
use crate::workbench::state::windows::load::LoadRow;
use crate::workbench::words;

/// The max columns of the window, and the columns of the names.
const MAX_WIDTH: u16 = 64;
const NAME: usize = 14;

pub(super) fn render(workbench: &Workbench, selected: LoadRow, area: Rect, buffer: &mut Buffer) {
    let (theme, settings) = (workbench.theme, &workbench.load);
    let settings_rows = LoadRow::of(settings, &workbench.topology);
    let status = status(workbench);
    let wanted = settings_rows.len() + 3 + status.len();
    let width = area.width.min(MAX_WIDTH);
    let height = u16::try_from(wanted).unwrap_or(u16::MAX).min(area.height);
    let place = Rect { x: area.right() - width, y: area.bottom() - height, width, height };
    Clear.render(place, buffer);
    let keys = if workbench.has_load() {
        " Left Right: change   Enter: end   Esc closes "
    } else {
        " Left Right: choose   Enter: begin   Esc closes "
    };
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .title_top(Line::styled(" Load ", theme.accent()))
        .title_bottom(Line::styled(keys, theme.quiet()).right_aligned());
    let inner = block.inner(place);
    block.render(place, buffer);
    let at = settings_rows.iter().position(|row| *row == selected).unwrap_or(0);
    let below = u16::try_from(status.len()).unwrap_or(u16::MAX).saturating_add(1);
    let height = inner.height.saturating_sub(below).max(1).min(inner.height);
    let list = Rect { height, ..inner };
    let arrows = (theme.symbol("‹ ", "< "), theme.symbol(" ›", " >"));
    for (is_selected, row, line) in rows(settings_rows, at, true, list) {
        workbench.spots.row(line, None, is_selected);
        let value = row.value(settings, &workbench.topology);
        let (before, after) = if is_selected { arrows } else { ("  ", "  ") };
        let room = usize::from(line.width).saturating_sub(NAME + 6);
        Line::from(vec![
            Span::styled(format!(" {:<NAME$} ", row.name()), theme.quiet()),
            Span::styled(before, theme.key()),
            Span::styled(theme.fit(&value, room), theme.text()),
            Span::styled(after, theme.key()),
        ])
        .render(line, buffer);
        if is_selected {
            theme.select(line, buffer);
        }
    }
    let lines = inner.rows().skip(usize::from(list.height) + 1);
    for (line, text) in lines.zip(status) {
        text.render(line, buffer);
    }
}

/// How far the load is, and what the last search has found.
fn status(workbench: &Workbench) -> Vec<Line<'static>> {
    let theme = workbench.theme;
    let Some(load) = &workbench.snapshot.load else {
        return vec![Line::styled(" there is no load", theme.quiet())];
    };
    let mut spans = vec![
        Span::styled(format!(" {} ", words::exact(load.sent)), theme.text()),
        Span::styled(format!("{} sent, ", plural(load.sent, "message")), theme.quiet()),
        Span::styled(words::exact(load.malformed), theme.text()),
        Span::styled(" malformed", theme.quiet()),
    ];
    if let Some(late) = late(load) {
        spans.push(Span::styled(format!(", {late} late"), theme.warning()));
    }
    let mut lines = vec![Line::from(spans)];
    if let Some(finding) = load.finding {
        let beyond = finding.beyond.map_or_else(
            || " no rate is too much".to_owned(),
            |tried| {
                let (rate, p99) = (words::exact(tried.rate), words::duration(tried.p99));
                format!(" {rate} msg/s are too much: p99 {p99}")
            },
        );
        lines.push(Line::styled(beyond, theme.warning()));
        if let Some(tried) = finding.within {
            let (rate, p99) = (words::exact(tried.rate), words::duration(tried.p99));
            lines.push(Line::styled(format!(" {rate} msg/s are not: p99 {p99}"), theme.good()));
        }
    }
    lines
}
