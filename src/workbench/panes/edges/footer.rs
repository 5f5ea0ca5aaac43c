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
    let shown = COMMANDS
        .iter()
        .filter(|entry| entry.in_footer && entry.applies(pane) && is_useful(workbench, entry));
    let keys: Vec<_> = shown
        .filter_map(|entry| {
            let (key, name) = (entry.shown_key(pane)?.to_string(), name(workbench, entry));
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

/// Whether a command does anything in this application.
fn is_useful(workbench: &Workbench, entry: &Entry) -> bool {
    match entry.command {
        Command::NextPipeline => workbench.topology.pipelines().len() > 1,
        Command::NextState => workbench.topology.states().len() > 1,
        Command::Revive => workbench.partition_at_hand().is_some_and(|row| row.row.poisoned),
        Command::EditLetter | Command::SendLetter => workbench.selected_letter().is_some(),
        _ => true,
    }
}

/// Whether a command is shown on the narrowest screen too: help, quit, and what repairs a failure.
fn stays(entry: &Entry) -> bool {
    matches!(entry.command, Command::Help | Command::Quit | Command::Revive | Command::EditLetter)
}

/// What the key would do now.
fn name(workbench: &Workbench, entry: &Entry) -> &'static str {
    match (entry.command, workbench.snapshot.run_state) {
        (Command::Pause, RunState::Running) => "pause",
        (Command::Pause, _) => "resume",
        _ => entry.name,
    }
}
