//! The lists that share a place: a rule with a tab for each, and the rows of the one that is shown.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{dead_letters, items_above, log, messages, outputs};
use crate::core::event::Level;
use crate::telemetry::{Snapshot, TracedShare, TracedShown};
use crate::workbench::layout::Pane;
use crate::workbench::panes::filter_note;
use crate::workbench::panes::frame::{filter, pane as rule};
use crate::workbench::state::Workbench;
use crate::workbench::state::spots::Spot;
use crate::workbench::words;

/// An event that is cut to less says nothing.
const SHORTEST_EVENT: usize = 30;

pub(in crate::workbench::panes) fn render(
    workbench: &Workbench,
    shown: Pane,
    tabs: &[Pane],
    area: Rect,
    buffer: &mut Buffer,
) {
    let theme = workbench.theme;
    let focused = workbench.pane == shown;
    let filter_line = workbench.filter_of(shown);
    let width = usize::from(area.width).saturating_sub(2);
    let room = width.saturating_sub(tabs_of(workbench, shown, tabs, "   ").0.width() + 2);
    let beside = width.saturating_sub(tabs_of(workbench, shown, tabs, " ").0.width() + 2);
    let right = filter_line
        .and_then(|line| filter(theme, line, beside))
        .or_else(|| newer(workbench, shown, area.height.saturating_sub(1), room))
        .unwrap_or_else(|| aside(workbench, shown, room));
    let between = if tabs_of(workbench, shown, tabs, "   ").0.width() + right.width() + 2 <= width {
        theme.symbol("───", "---")
    } else {
        theme.symbol("─", "-")
    };
    let (title, places) = tabs_of(workbench, shown, tabs, between);
    for (pane, x, columns) in places {
        let place =
            Rect { x: (area.x + 1).saturating_add(x), y: area.y, width: columns, height: 1 };
        workbench.spots.add(place.intersection(area), Spot::Pane(pane));
    }
    let title_width = title.width();
    let inner = rule(theme, title, right, focused, area, buffer);
    let inner = filter_note::below_rule(theme, filter_line, title_width, inner, buffer);
    match shown {
        Pane::Outputs => outputs::render(workbench, inner, buffer),
        Pane::DeadLetters => dead_letters::render(workbench, inner, buffer),
        Pane::Log => log::render(workbench, inner, buffer),
        _ => messages::render(workbench, inner, buffer),
    }
}

/// How many rows of the list with the keys are newer than those in sight; `None` if the newest is among them.
fn newer(workbench: &Workbench, shown: Pane, height: u16, room: usize) -> Option<Line<'static>> {
    let height = if shown == Pane::Messages { messages::height_of_rows(height) } else { height };
    let above = items_above(workbench.selected_place(shown), height);
    if workbench.pane != shown || above == 0 {
        return None;
    }
    let short = format!(" {} newer ", words::exact(above as u64));
    let text = format!("{short}above ");
    let text = if text.width() <= room { text } else { short };
    Some(Line::styled(text, workbench.theme.warning()))
}

/// What is at the right of the tabs: what Enter does, or the last event of an endpoint.
fn aside(workbench: &Workbench, shown: Pane, room: usize) -> Line<'static> {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    if shown != Pane::Messages {
        return Line::default();
    }
    let untraced = untraced(snapshot);
    if !untraced.is_empty() && untraced.width() + 2 <= room {
        return Line::styled(format!(" {untraced} "), theme.quiet());
    }
    if workbench.pane == shown && !snapshot.traces.is_empty() {
        return Line::styled(" Enter opens a message ", theme.quiet());
    }
    let is_shown = room >= SHORTEST_EVENT && !workbench.is_past();
    let Some(event) = snapshot.events.first().filter(|_| is_shown) else {
        return Line::default();
    };
    let style = match event.level() {
        Level::Warning => theme.bad(),
        Level::Detail | Level::Information => theme.quiet(),
    };
    Line::styled(format!(" {} ", theme.fit(&event.to_string(), room.saturating_sub(4))), style)
}

/// How many messages are traced, if not all are.
fn untraced(snapshot: &Snapshot) -> String {
    let TracedShown { last_second, all } = snapshot.traced;
    let part = |share: TracedShare, of: &str| {
        format!("{} of {}{of} are traced", words::exact(share.traced), words::exact(share.of))
    };
    if last_second.is_part() {
        part(last_second, " a second")
    } else if all.is_part() {
        part(all, "")
    } else {
        String::new()
    }
}

/// The tabs, and the columns of each.
fn tabs_of(
    workbench: &Workbench,
    shown: Pane,
    tabs: &[Pane],
    between: &str,
) -> (Line<'static>, Vec<(Pane, u16, u16)>) {
    let theme = workbench.theme;
    let mut line = Line::default();
    let mut places = Vec::new();
    for pane in tabs {
        if !places.is_empty() {
            line.push_span(Span::styled(between.to_owned(), theme.border(workbench.pane == shown)));
        }
        let before = line.width();
        let style = match (*pane == shown, workbench.pane == shown) {
            (true, true) => theme.accent(),
            (true, false) => theme.title(),
            (false, _) => theme.quiet(),
        };
        line.push_span(Span::styled(format!(" {} {}", pane.number(), pane.name()), style));
        if let Some((text, style)) = count(workbench, *pane) {
            line.push_span(Span::styled(text, style));
        }
        line.push_span(Span::raw(" "));
        let columns = |width: usize| u16::try_from(width).unwrap_or(u16::MAX);
        places.push((*pane, columns(before), columns(line.width() - before)));
    }
    (line, places)
}

/// What a tab counts: a badge if there is something in it that nobody has looked at.
fn count(workbench: &Workbench, pane: Pane) -> Option<(String, Style)> {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let badge = |role: Style| (workbench.unseen(pane) > 0).then(|| theme.chip(role));
    let (text, style) = match pane {
        Pane::Outputs => (words::short(snapshot.totals.messages_out), theme.quiet()),
        Pane::DeadLetters => {
            (dead_letters::count(workbench), badge(theme.bad()).unwrap_or(theme.quiet()))
        }
        Pane::Log if snapshot.log.warnings > 0 => {
            let warnings = words::short(snapshot.log.warnings);
            (warnings, badge(theme.warning()).unwrap_or(theme.quiet()))
        }
        _ => return None,
    };
    if text == "0" {
        return None;
    }
    // A reversed text needs room at both ends.
    let end = if workbench.unseen(pane) > 0 { " " } else { "" };
    Some((format!(" {text}{end}"), style))
}
