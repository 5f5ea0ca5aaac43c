//! All commands and their keys, from the table of commands.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::workbench::commands::{COMMANDS, Context};
use crate::workbench::panes::frame::window;
use crate::workbench::state::Workbench;

/// The parts of the help, in order.
const PARTS: [(Context, &str); 6] = [
    (Context::Input, "In the input pane"),
    (Context::Everywhere, "Everywhere (letters not while typing)"),
    (Context::Rows, "In panes with rows"),
    (Context::Filtered, "In the partitions and the dead letters"),
    (Context::Partitions, "In the partitions pane"),
    (Context::DeadLetters, "In the dead letters pane"),
];

pub(super) fn render(workbench: &Workbench, scroll: usize, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let mut lines = Vec::new();
    for (context, title) in PARTS {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(title, theme.title()));
        for entry in COMMANDS.iter().filter(|entry| entry.context == context) {
            lines.push(Line::from(vec![
                Span::styled(format!("  {:<18} ", entry.all_keys()), theme.key()),
                Span::styled(entry.about, theme.text()),
            ]));
        }
    }
    let lines: Vec<Line<'_>> = lines.into_iter().skip(scroll).collect();
    window(theme, "Help", "Up and Down scroll, Esc closes", lines, area, buffer);
}
