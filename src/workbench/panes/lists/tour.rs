//! What the empty screen says to type first.

use ratatui::text::{Line, Span};

use crate::core::frames::wrapping::Wrapping;
use crate::workbench::state::Workbench;
use crate::workbench::words;

/// What can be typed first: the application's own example, many of it, a part of it, and nonsense.
pub(super) fn lines(workbench: &Workbench) -> Vec<Line<'static>> {
    let theme = workbench.theme;
    let Some((_, source)) = workbench.target() else { return Vec::new() };
    if source.is_typed_as_it_is() {
        return vec![Line::styled("Type a line, and Enter: it is sent as it is.", theme.quiet())];
    }
    let Some(typed) = &source.typed else { return Vec::new() };
    let example = typed.example();
    let whole = typed.parse(example).ok().and_then(|payload| source.framing.frame(&payload).ok());
    let half = whole.map(|whole| {
        // The beginning of a line is a line.
        if source.framing.wrapping() == Wrapping::Line {
            return ("0x 0a".to_owned(), "an empty line");
        }
        let half = whole.get(..whole.len().div_ceil(2)).unwrap_or_default();
        (format!("0x {}", words::hex(half)), "half a frame: a dead letter")
    });
    let all = [
        Some((example.to_owned(), "a message")),
        Some((format!("{example} x1000"), "a thousand of them")),
        half,
        typed.parse("nonsense").is_err().then(|| {
            ("nonsense".to_owned(), "with Ctrl-X: sent as it is, to see what becomes of it")
        }),
    ];
    let lines = all.into_iter().flatten().map(|(text, what)| {
        Line::from(vec![
            Span::styled(format!("{text}  "), theme.accent()),
            Span::styled(what, theme.quiet()),
        ])
    });
    [Line::styled("Type one of these, and Enter:", theme.quiet())]
        .into_iter()
        .chain(lines)
        .collect()
}
