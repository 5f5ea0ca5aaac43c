//! Several pasted lines: how many, the first of them, and those that cannot be sent.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::workbench::panes::edges::ahead::sentence;
use crate::workbench::panes::frame::{inner_width, window};
use crate::workbench::state::Workbench;
use crate::workbench::state::typing::pasted_lines::{PastedLines, REVISION};
use crate::workbench::words;

pub(super) fn render(workbench: &Workbench, pasted: &PastedLines, area: Rect, buffer: &mut Buffer) {
    let (theme, width) = (workbench.theme, inner_width(area));
    let count = |number: usize| words::counted(number as u64, "line");
    let mut lines = Vec::new();
    if let Some((first, _)) = &pasted.first {
        let bytes = words::counted(pasted.bytes.len() as u64, "byte");
        lines.push(Line::raw(format!("{}, {bytes}. The first:", count(pasted.good))));
        lines.push(Line::styled(theme.fit(first, width), theme.accent()));
        if let Some(foresight) = workbench.foreseen(REVISION) {
            lines.push(sentence(workbench, foresight, None, 1, width));
        }
    }
    if pasted.wrong > 0 {
        let text = format!("{} cannot be sent:", count(pasted.wrong));
        lines.push(Line::styled(text, theme.warning()));
    }
    lines.extend(pasted.told.iter().map(|(number, reason)| {
        let number =
            Span::styled(format!("line {}: ", words::exact(*number as u64)), theme.quiet());
        let room = width.saturating_sub(number.width());
        Line::from(vec![number, Span::raw(theme.fit(reason, room))])
    }));
    if pasted.wrong > pasted.told.len() {
        let others = pasted.wrong - pasted.told.len();
        lines
            .push(Line::styled(format!("and {} more", words::exact(others as u64)), theme.quiet()));
    }
    let keys = if pasted.good > 0 { "Enter: send   Esc: drop" } else { "Esc: drop" };
    let title = format!("Send {}?", count(pasted.lines));
    window(theme, &title, keys, lines, area, buffer);
}
