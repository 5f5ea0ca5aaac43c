//! The log, newest first: what happens to sources and sinks, and what an author says.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::rows;
use crate::telemetry::LogLevel;
use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;
use crate::workbench::theme::Theme;
use crate::workbench::words;

pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, log) = (workbench.theme, &workbench.snapshot.log);
    if log.lines.is_empty() {
        let hint = "What happens to sources and sinks appears here.";
        return Line::styled(hint, theme.quiet()).render(area, buffer);
    }
    let shown = workbench.shown_log();
    let selected = workbench.log_line.place(&shown);
    let focused = workbench.pane == Pane::Log;
    for (is_selected, line, row) in rows(&*shown, selected, focused, area) {
        workbench.spots.row(row, Some(Pane::Log), is_selected);
        let mut spans =
            vec![Span::styled(format!("{} ", words::clock(line.since_start)), theme.quiet())];
        let room = usize::from(row.width).saturating_sub(spans.iter().map(Span::width).sum());
        spans.push(Span::styled(theme.fit(&line.text, room), style_of(theme, line.level)));
        Line::from(spans).render(row, buffer);
        if focused && is_selected {
            theme.select_in_pane(row, buffer);
        }
    }
}

/// The style of a level's lines.
pub(in crate::workbench::panes) fn style_of(theme: Theme, level: LogLevel) -> Style {
    match level {
        LogLevel::Error => theme.bad(),
        LogLevel::Warn => theme.warning(),
        LogLevel::Info => theme.text(),
        LogLevel::Debug => theme.quiet(),
    }
}
