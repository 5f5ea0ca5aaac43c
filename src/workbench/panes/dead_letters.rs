//! Messages that could not be processed, newest first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::frame::{pane, title};
use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;
use crate::workbench::words;

pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let focused = workbench.pane == Pane::DeadLetters;
    let total = snapshot.totals.dead_letters;
    let mut name = title(theme, "Dead letters", focused, String::new());
    let style = if total > 0 { theme.bad() } else { theme.quiet() };
    name.push_span(Span::styled(format!("{} ", words::count(total)), style));
    let inner = pane(theme, name, Line::default(), focused, area, buffer);
    if snapshot.dead_letters.is_empty() {
        let hint = "None: every message could be processed.";
        return Line::styled(hint, theme.quiet()).render(inner, buffer);
    }
    let selected = workbench.dead_letter.place(&snapshot.dead_letters);
    let height = usize::from(inner.height).max(1);
    let first = (selected + 1).saturating_sub(height);
    let shown = snapshot.dead_letters.iter().enumerate().skip(first).take(height);
    for ((at, letter), row) in shown.zip(inner.rows()) {
        let style = if focused && at == selected { theme.selected() } else { theme.text() };
        let mut line = Line::from(vec![
            Span::styled(format!("{:<6}", letter.sequence.to_string()), theme.quiet()),
            Span::styled(format!("{} ", letter.step), theme.bad()),
        ]);
        let room = usize::from(row.width).saturating_sub(line.width());
        line.push_span(Span::raw(theme.fit(&letter.reason, room)));
        line.style(style).render(row, buffer);
    }
}
