//! The input pane: what is typed, the bytes that it means, and what they will do.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::meaning::{bytes, meaning};
use crate::core::topology::SourcePlan;
use crate::workbench::layout::Pane;
use crate::workbench::panes::frame::{pane, title};
use crate::workbench::state::Workbench;

/// The text before the typed text.
const PROMPT: &str = "> ";

/// The least columns between the text and its bytes.
const GAP: usize = 3;

pub(in crate::workbench::panes) fn render(
    workbench: &Workbench,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let theme = workbench.theme;
    let focused = workbench.pane == Pane::Input;
    let format = workbench.target().map(|(_, source)| format_of(source)).unwrap_or_default();
    // With several pipelines, one must know which of them is typed for.
    let pipelines = workbench.topology.pipelines();
    let target = pipelines.get(workbench.target.0).filter(|_| pipelines.len() > 1);
    let target = target.map(|plan| plan.name.to_string()).unwrap_or_default();
    let in_place = workbench.held_in_place();
    let in_place = in_place.map(|held| format!("in the place of {}", held.sequence));
    let target = in_place.unwrap_or(target);
    let name = title(theme, "Input", focused, target);
    let room = usize::from(area.width).saturating_sub(name.width() + 4);
    let right = Line::styled(theme.fit(&format, room), theme.quiet());
    let inner = pane(theme, name, right, focused, area, buffer);
    let mut rows = inner.rows();
    let cursor = rows.next().and_then(|row| line(workbench, row, focused, buffer));
    if let Some(row) = rows.next() {
        meaning(workbench, usize::from(row.width)).render(row, buffer);
    }
    cursor
}

/// What a person types; the format of the bytes if there is no typed form.
fn format_of(source: &SourcePlan) -> String {
    match &source.typed {
        Some(form) => format!(" such as: {} ", form.example()),
        None if source.format.is_empty() => String::new(),
        None => format!(" {} ", source.format),
    }
}

fn line(workbench: &Workbench, row: Rect, focused: bool, buffer: &mut Buffer) -> Option<Position> {
    let theme = workbench.theme;
    let prompt = if focused { theme.accent() } else { theme.quiet() };
    let (after_prompt, _) =
        buffer.set_stringn(row.x, row.y, PROMPT, usize::from(row.width), prompt);
    let room = usize::from(row.right().saturating_sub(after_prompt)).saturating_sub(1);
    if workbench.input.text().is_empty() {
        let hint = hint(workbench, focused);
        buffer.set_stringn(after_prompt + 1, row.y, hint, room, theme.quiet());
    }
    let shown = workbench.input.shown(room);
    buffer.set_stringn(after_prompt, row.y, shown.text, room, theme.text());
    beside(workbench, row, after_prompt, room, buffer);
    let column = u16::try_from(shown.cursor).unwrap_or(u16::MAX);
    focused.then(|| Position {
        x: after_prompt.saturating_add(column).min(row.right().saturating_sub(1)),
        y: row.y,
    })
}

/// The bytes at the right of the text, where both have room.
fn beside(workbench: &Workbench, row: Rect, x: u16, room: usize, buffer: &mut Buffer) {
    // A long text is not measured: it leaves no room.
    let text = workbench.input.text();
    if text.len() > room {
        return;
    }
    let used = text.width() + GAP;
    if let Some(line) = bytes(workbench, room.saturating_sub(used)) {
        let width = u16::try_from(line.width()).unwrap_or(row.width);
        let place = Rect { x: row.right().saturating_sub(width).max(x), width, ..row };
        line.render(place.intersection(row), buffer);
    }
}

fn hint(workbench: &Workbench, focused: bool) -> String {
    if !focused {
        return "i: type a message".to_owned();
    }
    let form = workbench.target().and_then(|(_, source)| source.typed.as_ref());
    match form {
        Some(form) => format!("for example: {}   (Enter sends)", form.example()),
        None => "for example: 0x 00 00 00 01 61   (Enter sends)".to_owned(),
    }
}
