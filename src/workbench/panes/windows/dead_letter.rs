//! One dead letter: all that is known of it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::application::text_of_bytes;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::preview::preview_bytes;
use crate::core::numbers::Timestamp;
use crate::workbench::commands::Command;
use crate::workbench::layout::Pane;
use crate::workbench::panes::frame::{field, window};
use crate::workbench::state::Workbench;
use crate::workbench::words;

/// When the engine started.
const START: Timestamp = Timestamp(0);

pub(super) fn render(workbench: &Workbench, letter: &DeadLetter, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let line = |name: &str, text: String| field(theme, name, 9, text);
    let bytes = preview_bytes(&letter.bytes);
    let mut lines = vec![
        field(theme, "reason", 9, Span::styled(letter.reason.clone(), theme.bad())),
        line("step", letter.step.to_string()),
        line("pipeline", letter.pipeline.to_string()),
        line("source", letter.source.to_string()),
        line("position", position(letter)),
        line("time", format!("{} after the start", words::moment(letter.at.since(START)))),
    ];
    if let Some(key) = &letter.key {
        lines.push(line("key", words::key(key)));
    }
    lines.push(line("length", format!("{} bytes", words::grouped(letter.bytes.len() as u64))));
    if !letter.header.is_empty() {
        lines.push(line("header", words::hex(&preview_bytes(&letter.header))));
    }
    lines.push(line("bytes", words::hex(&bytes)));
    lines.push(line("text", text_of_bytes(&bytes)));
    let title = format!("Dead letter {}", letter.sequence);
    let keys =
        workbench.keymap.hint(&[Command::EditLetter, Command::SendLetter], Some(Pane::DeadLetters));
    window(theme, &title, &keys, lines, area, buffer);
}

/// The place of the message in its source and in its pipeline.
fn position(letter: &DeadLetter) -> String {
    let what = if letter.header.is_empty() { "bytes" } else { "frame" };
    let offset = words::grouped(letter.offset);
    format!("{what} at byte {offset} of the source, {} of the pipeline", letter.sequence)
}
