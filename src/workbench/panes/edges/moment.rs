//! Where the moment that is shown is in the recording, and what it is: one line below the header.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::telemetry::PastShown;
use crate::workbench::commands::Command;
use crate::workbench::panes::frame::beginning;
use crate::workbench::state::Workbench;
use crate::workbench::state::spots::{Spot, column_of};
use crate::workbench::theme::Theme;
use crate::workbench::words;

/// The least columns of the bar.
const LEAST_BAR: usize = 12;

/// The most columns of it: a longer one shows no more.
const MOST_BAR: usize = 60;

pub(in crate::workbench::panes) fn render(
    workbench: &Workbench,
    past: &PastShown,
    area: Rect,
    buffer: &mut Buffer,
) {
    let (theme, columns) = (workbench.theme, usize::from(area.width));
    let ends = [past.first, past.last].map(|end| format!(" {} ", words::exact(end)));
    let about = Span::styled(format!(" {} ", about(workbench, past)), theme.text());
    let used = ends.iter().map(String::len).sum::<usize>() + about.width();
    let hints: Vec<_> = hints(workbench).into_iter().map(|hint| (hint.width(), hint)).collect();
    // As many hints as leave room for the bar.
    let mut room = columns.saturating_sub(used + LEAST_BAR);
    let hints = hints.into_iter().map_while(|(width, hint)| {
        room = room.checked_sub(width)?;
        Some(hint)
    });
    let hints: Vec<Line<'_>> = hints.collect();
    let bar = (room + LEAST_BAR).min(columns.saturating_sub(used)).min(MOST_BAR);
    let [first, last] = ends.map(|end| Span::styled(end, theme.quiet()));
    let place = |columns: usize| u16::try_from(columns).unwrap_or(u16::MAX);
    let x = area.x.saturating_add(place(first.width()));
    let spot = Spot::Recording { first: past.first, last: past.last };
    workbench.spots.add(Rect { x, width: place(bar), ..area }.intersection(area), spot);
    let bar = Span::styled(bar_of(theme, past, bar), theme.warning());
    let spans = [first, bar, last, about].into_iter();
    let spans = spans.chain(hints.into_iter().flat_map(|hint| hint.spans));
    beginning(theme, spans.collect(), columns).render(area, buffer);
}

/// The recording, with the moment on it.
fn bar_of(theme: Theme, past: &PastShown, columns: usize) -> String {
    let place = column_of(past.message, (past.first, past.last), columns);
    let symbol = |at| match at {
        at if at == place => theme.symbol("●", "O"),
        0 => theme.symbol("├", "|"),
        at if at + 1 == columns => theme.symbol("┤", "|"),
        _ => theme.symbol("─", "-"),
    };
    (0..columns).map(symbol).collect()
}

/// What the moment is.
fn about(workbench: &Workbench, past: &PastShown) -> String {
    match &past.trace {
        None => "before the first message".to_owned(),
        Some(trace) => {
            let since_start = words::moment(Duration::from_nanos(trace.read_at.0));
            let later =
                if workbench.was_taken_back(trace) { ", which was taken back later" } else { "" };
            format!("after {} of {} at {since_start}{later}", trace.sequence, trace.pipeline)
        }
    }
}

/// The keys that go somewhere else, the most important ones first.
fn hints(workbench: &Workbench) -> Vec<Line<'static>> {
    let (theme, pane) = (workbench.theme, Some(workbench.pane));
    let key = |command| workbench.keymap.shown_key(command, pane).map(|key| key.to_string());
    let pair = |one, other, name: &str| {
        let keys = format!("{} {}", key(one)?, key(other)?);
        let spans =
            [Span::styled(keys, theme.key()), Span::styled(format!(" {name}  "), theme.quiet())];
        Some(Line::from(spans.to_vec()))
    };
    let hints = [
        pair(Command::ChangeBefore, Command::ChangeAfter, "change"),
        pair(Command::MessageBefore, Command::MessageAfter, "message"),
    ];
    let find = workbench.seeking.wanted();
    let find = find.and_then(|_| pair(Command::FindBefore, Command::FindAfter, "find"));
    find.into_iter().chain(hints.into_iter().flatten()).collect()
}
