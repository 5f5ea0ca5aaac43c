//! Messages that could not be processed, newest first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::rows;
use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;
use crate::workbench::state::lists::filters::filter_line::Filter;
use crate::workbench::words;

pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, kept) = (workbench.theme, &workbench.snapshot.dead_letters);
    let shown = workbench.letters.shown(kept);
    if shown.is_empty() {
        let hint = if kept.is_empty() {
            "None: all messages could be processed.".to_owned()
        } else {
            let filter = workbench.letters.filter();
            let words = match filter.filter() {
                Filter::Text(_) => "contains",
                Filter::Expression(_) => "is so:",
            };
            format!("None of them {words} {}", filter.text())
        };
        return Line::styled(hint, theme.quiet()).render(area, buffer);
    }
    let selected = workbench.letters.place(&shown);
    let focused = workbench.pane == Pane::DeadLetters;
    for (is_selected, letter, row) in rows(shown.iter(), selected, focused, area) {
        workbench.spots.row(row, Some(Pane::DeadLetters), is_selected);
        let mut line = Line::from(vec![
            Span::styled(format!("{:<6} ", letter.sequence.to_string()), theme.quiet()),
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
pub(super) fn count(workbench: &Workbench) -> String {
    let all = &workbench.snapshot.dead_letters;
    let (total, kept) = (workbench.snapshot.totals.dead_letters, all.len() as u64);
    if !workbench.letters.filter().text().is_empty() {
        let shown = workbench.letters.shown(all).len() as u64;
        format!("{} of {}", words::exact(shown), words::exact(kept))
    } else if kept < total {
        format!("{}, newest {}", words::short(total), words::exact(kept))
    } else {
        words::short(total)
    }
}
