//! What the empty screen says to type first.

use ratatui::text::{Line, Span};

use crate::workbench::state::Workbench;
use crate::workbench::words;

/// What can be typed first: the application's own example, many of it, a part of it, and nonsense.
pub(super) fn lines(workbench: &Workbench) -> Vec<Line<'static>> {
    let theme = workbench.theme;
    let source = workbench.target().map(|(_, source)| source);
    let Some((source, typed)) = source.and_then(|source| Some((source, source.typed.as_ref()?)))
    else {
        return Vec::new();
    };
    let example = typed.example();
    let whole = typed.parse(example).ok().and_then(|payload| source.framing.frame(&payload).ok());
    let half = whole.map(|whole| {
        let half = whole.get(..whole.len().div_ceil(2)).unwrap_or_default();
        (format!("0x {}", words::hex(half)), "half a frame: a dead letter")
    });
    let all = [
        Some((example.to_owned(), "a message")),
        Some((format!("{example} x1000"), "a thousand of them")),
        half,
        Some(("nonsense".to_owned(), "with Ctrl-X: sent as it is, to see what becomes of it")),
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
