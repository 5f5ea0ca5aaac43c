//! The log, newest first: what happens to sources and sinks, and what an author says.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::frame::{pane, title, window};
use crate::telemetry::{LogLevel, LogLine};
use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;
use crate::workbench::theme::Theme;
use crate::workbench::words;

pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, log) = (workbench.theme, &workbench.snapshot.log);
    let focused = workbench.pane == Pane::Log;
    let mut name = title(theme, "Log", focused, String::new());
    if log.warnings > 0 {
        let warnings = words::plural(log.warnings, "warning");
        name.push_span(Span::styled(format!("{warnings} "), theme.warning()));
    }
    let inner = pane(theme, name, Line::default(), focused, area, buffer);
    if log.lines.is_empty() {
        let hint = "What happens to sources and sinks appears here.";
        return Line::styled(hint, theme.quiet()).render(inner, buffer);
    }
    let selected = workbench.log_line.place(&log.lines);
    let height = usize::from(inner.height).max(1);
    let first = (selected + 1).saturating_sub(height);
    let shown = log.lines.iter().enumerate().skip(first).take(height);
    for ((at, line), row) in shown.zip(inner.rows()) {
        let style = if focused && at == selected { theme.selected() } else { theme.text() };
        let mut spans =
            vec![Span::styled(format!("{} ", words::clock(line.since_start)), theme.quiet())];
        let room = usize::from(row.width).saturating_sub(spans.iter().map(Span::width).sum());
        spans.push(Span::styled(theme.fit(&line.text, room), style_of(theme, line.level)));
        Line::from(spans).style(style).render(row, buffer);
    }
}

/// All of one line.
pub(super) fn render_line(workbench: &Workbench, line: &LogLine, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let field = |name: &str, text: String, style: Style| {
        let name = Span::styled(format!("{name:<7} "), theme.quiet());
        Line::from(vec![name, Span::styled(text, style)])
    };
    let lines = vec![
        field("after", words::clock(line.since_start), theme.text()),
        field("level", line.level.to_string(), style_of(theme, line.level)),
        field("text", line.text.clone(), theme.text()),
    ];
    window(theme, "Line of the log", "Esc closes", lines, area, buffer);
}

fn style_of(theme: Theme, level: LogLevel) -> Style {
    match level {
        LogLevel::Error => theme.bad(),
        LogLevel::Warn => theme.warning(),
        LogLevel::Info => theme.text(),
        LogLevel::Debug => theme.quiet(),
    }
}
