//! The last line: the keys that work here, from the table of commands. When not all fit, the most
//! important ones stay.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::runtime::RunState;
use crate::workbench::commands::{COMMANDS, Command, Context, Entry};
use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;
use crate::workbench::state::lists::filters::filter_line::FilterLine;

pub(in crate::workbench::panes) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, pane) = (workbench.theme, Some(workbench.pane));
    let keymap = &workbench.keymap;
    if workbench.is_searching() {
        return searching(workbench, area, buffer);
    }
    let shown = COMMANDS.iter().filter(|entry| entry.applies(pane) && is_useful(workbench, entry));
    let mut keys: Vec<_> = shown
        .filter_map(|entry| {
            let (key, name) =
                (keymap.shown_key(entry.command, pane)?.to_string(), name(workbench, entry));
            let width = key.chars().count() + name.chars().count() + 3;
            Some((rank(entry), false, width, key, name))
        })
        .collect();
    // The most important ones take the room first; they are shown in the order of the table.
    let mut room = usize::from(area.width).saturating_sub(1);
    for rank in [Rank::Always, Rank::OfPane, Rank::Everywhere] {
        for (_, fits, width, ..) in keys.iter_mut().filter(|key| key.0 == rank) {
            *fits = *width <= room;
            room -= if *fits { *width } else { 0 };
        }
    }
    let mut spans = vec![Span::raw(" ")];
    for (.., key, name) in keys.into_iter().filter(|key| key.1) {
        spans.push(Span::styled(key, theme.key()));
        spans.push(Span::styled(format!(" {name}  "), theme.quiet()));
    }
    Line::from(spans).render(area, buffer);
}

/// The keys while a filter is typed: letters are text then.
fn searching(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let has_conditions =
        workbench.filter_of(workbench.pane).is_some_and(FilterLine::has_conditions);
    let condition = has_conditions.then_some(("=", condition_about(workbench.pane)));
    let keys = [("Enter", "keep the filter"), ("Esc", "take it away"), ("Ctrl-C", "quit")];
    let spans = keys.into_iter().chain(condition).flat_map(|(key, name)| {
        [
            Span::styled(format!(" {key}"), theme.key()),
            Span::styled(format!(" {name} "), theme.quiet()),
        ]
    });
    spans.collect::<Line<'_>>().render(area, buffer);
}

/// How a condition begins, and an example of one.
fn condition_about(pane: Pane) -> &'static str {
    match pane {
        Pane::Partitions => "condition, =messages>9",
        _ => "condition, =latency>2.5",
    }
}

/// Whether the footer names a command: one that repairs something only where it can, and the key that makes
/// a frozen screen live again.
fn is_useful(workbench: &Workbench, entry: &Entry) -> bool {
    match entry.command {
        Command::Freeze => workbench.frozen,
        Command::Live => workbench.is_past(),
        _ => entry.in_footer && workbench.refusal(entry.command).is_none(),
    }
}

/// How important it is that a command is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rank {
    /// On the narrowest screen too: help, quit, and what repairs a failure.
    Always,
    /// It works only here.
    OfPane,
    Everywhere,
}

fn rank(entry: &Entry) -> Rank {
    match (entry.command, entry.context) {
        (
            Command::Help
            | Command::Quit
            | Command::Revive
            | Command::EditFrame
            | Command::Freeze
            | Command::Live,
            _,
        ) => Rank::Always,
        (_, Context::Everywhere) => Rank::Everywhere,
        _ => Rank::OfPane,
    }
}

/// What the key would do now.
fn name(workbench: &Workbench, entry: &Entry) -> &'static str {
    match (entry.command, workbench.snapshot.run_state) {
        (Command::Pause, RunState::Running) if workbench.held().is_some() => "let it go",
        (Command::Pause, RunState::Running) => "pause",
        (Command::Pause, _) => "resume",
        (Command::Freeze, _) => "show it live",
        (Command::Live, _) => "now",
        _ => entry.name,
    }
}
