//! The last line: the keys that work here, from the table of commands.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::runtime::RunState;
use crate::workbench::commands::{COMMANDS, Command, Entry};
use crate::workbench::state::Workbench;

pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, focus) = (workbench.theme, workbench.focus());
    let mut spans = vec![Span::raw(" ")];
    let mut width = 1;
    let shown = COMMANDS.iter().filter(|entry| entry.in_footer && entry.applies(focus));
    for entry in shown {
        let Some(key) = entry.shown_key(focus) else { continue };
        let (key, name) = (key.to_string(), name(workbench, entry));
        let needed = key.chars().count() + name.chars().count() + 3;
        if width + needed > usize::from(area.width) {
            continue;
        }
        width += needed;
        spans.push(Span::styled(key, theme.key()));
        spans.push(Span::styled(format!(" {name}  "), theme.quiet()));
    }
    Line::from(spans).render(area, buffer);
}

/// What the key would do now.
fn name(workbench: &Workbench, entry: &Entry) -> &'static str {
    match (entry.command, workbench.snapshot.run_state) {
        (Command::Pause, RunState::Running) => "pause",
        (Command::Pause, _) => "resume",
        _ => entry.name,
    }
}
