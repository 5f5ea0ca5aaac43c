//! A question before something that cannot be taken back.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::workbench::panes::frame::window;
use crate::workbench::state::Workbench;
use crate::workbench::state::windows::question::Question;

pub(super) fn render(workbench: &Workbench, question: &Question, area: Rect, buffer: &mut Buffer) {
    let (keymap, command) = (&workbench.keymap, question.command);
    let key = keymap.shown_key(command, None);
    // Some commands are not reached from a window that is no pane's.
    let key = key.filter(|key| keymap.command_of(*key, None) == Some(command));
    let key = key.map(|key| format!("{key} or ")).unwrap_or_default();
    let keys = format!("{key}Enter: yes   Esc: no");
    let lines = question.lines.iter().map(|line| Line::raw(line.clone())).collect();
    window(workbench.theme, question.title, &keys, lines, area, buffer);
}
