//! All commands and their keys, from the table of commands.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::detail::wrapping::wrapped;
use crate::workbench::panes::frame::{filter, inner_width, window};
use crate::workbench::state::Workbench;
use crate::workbench::state::windows::help::Help;

/// The columns of the keys: what they do stands beside them.
const KEYS: usize = 21;

pub(super) fn render(
    workbench: &Workbench,
    help: &Help,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let theme = workbench.theme;
    let room = inner_width(area).saturating_sub(KEYS);
    let mut lines = Vec::new();
    for (title, entries) in help.parts(&workbench.keymap) {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(title, theme.title()));
        for entry in entries {
            let mut keys = format!("  {:<18} ", workbench.keymap.all_keys(entry.command));
            for about in wrapped(&[Span::styled(entry.about, theme.text())], room) {
                let mut line = Line::styled(std::mem::take(&mut keys), theme.key());
                line.spans.extend(about);
                lines.push(line);
                keys = " ".repeat(KEYS);
            }
        }
    }
    if lines.is_empty() {
        lines.push(Line::styled("No command is called so, or does that.", theme.quiet()));
    }
    // The last lines stay in sight.
    let height = usize::from(area.height.saturating_sub(4)).max(1);
    help.furthest.set(lines.len().saturating_sub(height));
    let scroll = help.scroll.min(help.furthest.get());
    let lines: Vec<Line<'_>> = lines.into_iter().skip(scroll).take(height).collect();
    let search = filter(theme, &help.search, usize::from(area.width)).map(|line| line.to_string());
    let keys = search.unwrap_or_else(|| "/ searches   Up and Down scroll   Esc closes".to_owned());
    window(theme, "Help", keys.trim(), lines, area, buffer);
    None
}
