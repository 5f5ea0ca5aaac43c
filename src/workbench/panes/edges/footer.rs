//! The last line: the keys that work here, from the table of commands. When not all fit, the most
//! important ones stay.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::runtime::RunState;
use crate::workbench::commands::{COMMANDS, Command, Entry};
use crate::workbench::state::Workbench;

pub(in crate::workbench::panes) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, pane) = (workbench.theme, Some(workbench.pane));
    let keymap = &workbench.keymap;
    if workbench.is_searching() {
        return searching(workbench, area, buffer);
    }
    let shown = COMMANDS.iter().filter(|entry| entry.applies(pane) && is_useful(workbench, entry));
    let keys: Vec<_> = shown
        .filter_map(|entry| {
            let (key, name) =
                (keymap.shown_key(entry.command, pane)?.to_string(), name(workbench, entry));
            let width = key.chars().count() + name.chars().count() + 3;
            Some((key, name, width, stays(entry)))
        })
        .collect();
    let kept: usize = keys.iter().filter(|key| key.3).map(|key| key.2).sum();
    let mut room = usize::from(area.width).saturating_sub(1 + kept);
    let mut spans = vec![Span::raw(" ")];
    for (key, name, width, stays) in keys {
        if !stays && width > room {
            continue;
        }
        if !stays {
            room -= width;
        }
        spans.push(Span::styled(key, theme.key()));
        spans.push(Span::styled(format!(" {name}  "), theme.quiet()));
    }
    Line::from(spans).render(area, buffer);
}

/// The keys while a filter is typed: letters are text then.
fn searching(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let keys = [("Enter", "keep the filter"), ("Esc", "take it away"), ("Ctrl-C", "quit")];
    let spans = keys.into_iter().flat_map(|(key, name)| {
        [
            Span::styled(format!(" {key}"), theme.key()),
            Span::styled(format!(" {name} "), theme.quiet()),
        ]
    });
    spans.collect::<Line<'_>>().render(area, buffer);
}

/// Whether the footer names a command: one that repairs something only where it can, and the key that makes
/// a frozen screen live again.
fn is_useful(workbench: &Workbench, entry: &Entry) -> bool {
    match entry.command {
        Command::Freeze => workbench.frozen,
        _ => entry.in_footer && workbench.refusal(entry.command).is_none(),
    }
}

/// Whether a command is shown on the narrowest screen too: help, quit, and what repairs a failure.
fn stays(entry: &Entry) -> bool {
    matches!(
        entry.command,
        Command::Help | Command::Quit | Command::Revive | Command::EditLetter | Command::Freeze
    )
}

/// What the key would do now.
fn name(workbench: &Workbench, entry: &Entry) -> &'static str {
    match (entry.command, workbench.snapshot.run_state) {
        (Command::Pause, RunState::Running) => "pause",
        (Command::Pause, _) => "resume",
        (Command::Freeze, _) => "show it live",
        _ => entry.name,
    }
}
