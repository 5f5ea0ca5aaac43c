//! What happened to one message, hop by hop.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::core::frames::trace::{Hop, HopEvent, Trace};
use crate::workbench::panes::frame::{quoted, window};
use crate::workbench::state::Workbench;
use crate::workbench::theme::Theme;
use crate::workbench::words;

pub(super) fn render(
    workbench: &Workbench,
    trace: &Trace,
    scroll: usize,
    area: Rect,
    buffer: &mut Buffer,
) {
    let theme = workbench.theme;
    let mut lines = vec![
        row(theme, "source", theme.title(), trace.source.to_string(), ""),
        row(
            theme,
            "frame",
            theme.title(),
            format!("{}  ({} bytes)", theme.fit(&words::hex(&trace.frame), 60), trace.frame_length),
            "",
        ),
    ];
    for hop in trace.hops() {
        let time = format!("+{}", words::duration(hop.at.since(trace.read_at)));
        lines.extend(hop_lines(theme, &hop, &time));
    }
    let title = format!("Message {} of pipeline {}", trace.sequence, trace.pipeline);
    // The last line stays in sight however far one scrolls.
    let scroll = scroll.min(lines.len().saturating_sub(1));
    let rows = usize::from(area.height.saturating_sub(4));
    let hint = if lines.len() > rows { "Up and Down scroll, Esc closes" } else { "Esc closes" };
    lines.drain(..scroll);
    window(theme, &title, hint, lines, area, buffer);
}

fn hop_lines(theme: Theme, hop: &Hop, time: &str) -> Vec<Line<'static>> {
    let arrow = theme.symbol("→", "->");
    let one = |text: String, style| vec![row(theme, &hop.step, style, text, time)];
    match &hop.event {
        HopEvent::Decoded(message) => one(message.clone(), theme.text()),
        HopEvent::Filtered => one("dropped on purpose".to_owned(), theme.warning()),
        HopEvent::Computed(messages) if messages.is_empty() => {
            one("gave nothing".to_owned(), theme.quiet())
        }
        HopEvent::Computed(messages) => messages
            .iter()
            .map(|message| row(theme, &hop.step, theme.text(), format!("gave {message}"), time))
            .collect(),
        HopEvent::Partitioned { key, owner } => {
            one(format!("key {} {arrow} worker {owner}", words::key(key)), theme.worker(owner.0))
        }
        HopEvent::StateChanged { created, before, after, saved, .. } => {
            let mut lines = Vec::new();
            let mut push =
                |text: String, style| lines.push(row(theme, &hop.step, style, text, time));
            if *created {
                push(format!("creates the partition on worker {}", hop.worker), theme.good());
            }
            push(format!("state before  {before}"), theme.quiet());
            let kept = if *saved { "" } else { "  (not to be saved)" };
            push(format!("state after   {after}{kept}"), theme.good());
            lines
        }
        HopEvent::Encoded(bytes) => one(quoted(theme, bytes, 200), theme.text()),
        HopEvent::Written(sink) => one(format!("written to {sink}"), theme.text()),
        HopEvent::DeadLetter(reason) => one(format!("dead letter: {reason}"), theme.bad()),
    }
}

fn row(theme: Theme, name: &str, style: Style, text: String, time: &str) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("{time:>8}  "), theme.accent()),
        Span::styled(format!("{:<14} ", theme.fit(name, 14)), theme.quiet()),
        Span::styled(text, style),
    ])
}
