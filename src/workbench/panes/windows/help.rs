//! All commands and their keys, from the table of commands.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::workbench::panes::frame::{filter, window};
use crate::workbench::state::Workbench;
use crate::workbench::state::windows::help::Help;

pub(super) fn render(
    workbench: &Workbench,
    help: &Help,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let theme = workbench.theme;
    let mut lines = Vec::new();
    for (title, entries) in help.parts(&workbench.keymap) {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(title, theme.title()));
        for entry in entries {
            let keys = workbench.keymap.all_keys(entry.command);
            lines.push(Line::from(vec![
                Span::styled(format!("  {keys:<18} "), theme.key()),
                Span::styled(entry.about, theme.text()),
            ]));
        }
    }
    if lines.is_empty() {
        lines.push(Line::styled("No command is called so, or does that.", theme.quiet()));
    }
    // The last lines stay in sight.
    let height = usize::from(area.height.saturating_sub(4)).max(1);
    let scroll = help.scroll.min(lines.len().saturating_sub(height));
    let lines: Vec<Line<'_>> = lines.into_iter().skip(scroll).collect();
    let search = filter(theme, &help.search, usize::from(area.width)).map(|line| line.to_string());
    let keys = search.unwrap_or_else(|| "/ searches   Up and Down scroll   Esc closes".to_owned());
    window(theme, "Help", keys.trim(), lines, area, buffer);
    None
}
