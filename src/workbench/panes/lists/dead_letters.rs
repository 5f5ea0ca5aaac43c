//! Messages that could not be processed, newest first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::rows;
use crate::workbench::layout::Pane;
use crate::workbench::panes::frame::{self, pane, title};
use crate::workbench::state::Workbench;
use crate::workbench::words;

pub(in crate::workbench::panes) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let focused = workbench.pane == Pane::DeadLetters;
    let kept = &snapshot.dead_letters;
    let shown = workbench.letters.shown(kept);
    let filter = workbench.letters.filter();
    let mut name = title(theme, "Dead letters", focused, String::new());
    let total = snapshot.totals.dead_letters;
    let style = if total > 0 { theme.bad() } else { theme.quiet() };
    name.push_span(Span::styled(count(total, shown.len(), kept.len(), filter.text()), style));
    let right = frame::filter(theme, filter).unwrap_or_default();
    let inner = pane(theme, name, right, focused, area, buffer);
    if shown.is_empty() {
        let hint = if kept.is_empty() {
            "None: all messages could be processed.".to_owned()
        } else {
            format!("None of them contains {}", filter.text())
        };
        return Line::styled(hint, theme.quiet()).render(inner, buffer);
    }
    let selected = workbench.letters.place(&shown);
    for (is_selected, letter, row) in rows(shown.iter(), selected, inner) {
        workbench.spots.row(row, Some(Pane::DeadLetters), is_selected);
        let mut line = Line::from(vec![
            Span::styled(format!("{:<5} ", letter.sequence.to_string()), theme.quiet()),
            Span::styled(format!("{} ", letter.step), theme.bad()),
        ]);
        let room = usize::from(row.width).saturating_sub(line.width());
        line.push_span(Span::raw(theme.fit(&letter.reason, room)));
        line.render(row, buffer);
        if focused && is_selected {
            theme.select_in_pane(row, buffer);
        }
    }
}

/// With a filter: how many of the kept letters match it. Without: how many there were, and how many of
/// them are kept if that is not all.
fn count(total: u64, shown: usize, kept: usize, filter: &str) -> String {
    let kept = kept as u64;
    if !filter.is_empty() {
        format!("{} of {} ", words::count(shown as u64), words::count(kept))
    } else if kept < total {
        format!("{}, newest {} ", words::count(total), words::count(kept))
    } else {
        format!("{} ", words::count(total))
    }
}
