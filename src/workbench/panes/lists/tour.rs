//! What the empty screen says to send first, and with which keys.

use ratatui::text::{Line, Span};

use crate::workbench::commands::Command;
use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;

/// The lines of the tour, below each other: the keys, what is sent, and what it is.
pub(super) fn lines(workbench: &Workbench) -> Vec<Line<'static>> {
    let theme = workbench.theme;
    if workbench.target().is_some_and(|(_, source)| source.is_typed_as_it_is()) {
        return vec![Line::styled("Type a line, and Enter: it is sent as it is.", theme.quiet())];
    }
    let stops = workbench.tour();
    if stops.is_empty() {
        return Vec::new();
    }
    let here = workbench.pane == Pane::Partitions;
    let title = if here {
        "Press a number to send one of these, or type it:"
    } else {
        "Type one of these, or press Esc and its number:"
    };
    let load = workbench.keymap.shown_key(Command::Load, Some(workbench.pane));
    let load =
        load.map(|key| (key.to_string(), "make load".to_owned(), "many messages, at a rate"));
    let stops = (1..).zip(stops).map(|(at, stop)| (at.to_string(), stop.text, stop.about));
    let all: Vec<_> = stops.chain(load).collect();
    let keys = all.iter().map(|(key, ..)| key.chars().count()).max().unwrap_or(0);
    let texts = all.iter().map(|(_, text, _)| text.chars().count()).max().unwrap_or(0);
    let line = |(key, text, about): (String, String, &'static str)| {
        Line::from(vec![
            Span::styled(format!("{key:>keys$}  "), theme.key()),
            Span::styled(format!("{text:<texts$}  "), theme.accent()),
            Span::styled(about, theme.quiet()),
        ])
    };
    let title = Line::styled(title, theme.quiet());
    [title, Line::default()].into_iter().chain(all.into_iter().map(line)).collect()
}
