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
    let about = Span::styled(format!(" {} ", about(past)), theme.text());
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
    let bar = Span::styled(bar_of(theme, past, bar), theme.warning());
    let spans = [first, bar, last, about].into_iter();
    let spans = spans.chain(hints.into_iter().flat_map(|hint| hint.spans));
    beginning(theme, spans.collect(), columns).render(area, buffer);
}

/// The recording, with the moment on it.
fn bar_of(theme: Theme, past: &PastShown, columns: usize) -> String {
    let place = place(past, columns);
    let symbol = |at| match at {
        at if at == place => theme.symbol("●", "O"),
        0 => theme.symbol("├", "|"),
        at if at + 1 == columns => theme.symbol("┤", "|"),
        _ => theme.symbol("─", "-"),
    };
    (0..columns).map(symbol).collect()
}

/// The column of the moment.
fn place(past: &PastShown, columns: usize) -> usize {
    let (at, all) = (past.message.saturating_sub(past.first), past.last.saturating_sub(past.first));
    let columns = columns.saturating_sub(1);
    let place = u128::from(at) * columns as u128 / u128::from(all.max(1));
    usize::try_from(place).unwrap_or(columns).min(columns)
}

/// What the moment is.
fn about(past: &PastShown) -> String {
    match &past.trace {
        None => "before the first message".to_owned(),
        Some(trace) => {
            let since_start = words::moment(Duration::from_nanos(trace.read_at.0));
            format!("after {} of {} at {since_start}", trace.sequence, trace.pipeline)
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
    hints.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_end_are_at_the_ends_of_the_bar() {
        let past = |message| PastShown {
            message,
            first: 10,
            last: u64::MAX,
            trace: None,
            letters_known: true,
        };
        assert_eq!(place(&past(10), 20), 0);
        assert_eq!(place(&past(u64::MAX), 20), 19);
        assert_eq!(place(&past(u64::MAX / 2), 21), 9);
        let empty = PastShown { last: 10, ..past(10) };
        assert_eq!((place(&empty, 20), place(&empty, 0)), (0, 0));
    }
}
