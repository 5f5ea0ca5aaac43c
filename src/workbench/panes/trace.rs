//! What happened to one message: in one line, and hop by hop.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::frame::window;
use crate::application::text_of_bytes;
use crate::core::frames::trace::{Hop, HopEvent, Trace};
use crate::workbench::state::Workbench;
use crate::workbench::theme::Theme;
use crate::workbench::words;

/// Draws a message's way in one line: as much as fits of number, source, frame, message, key, worker,
/// change and output; the time stands at the end.
pub(super) fn render_line(
    workbench: &Workbench,
    trace: &Trace,
    style: Style,
    area: Rect,
    buffer: &mut Buffer,
) {
    let theme = workbench.theme;
    buffer.set_style(area, style);
    let hops = trace.hops();
    let time = match hops.last().filter(|hop| is_end(&hop.event)) {
        Some(last) => {
            let time = words::duration(last.at.since(trace.read_at));
            Line::styled(format!(" {time}"), theme.accent())
        }
        None => Line::styled(theme.symbol(" …", " .."), theme.warning()),
    };
    let width = u16::try_from(time.width()).unwrap_or(area.width).min(area.width);
    let [way, end] =
        area.layout(&Layout::horizontal([Constraint::Fill(1), Constraint::Length(width)]));
    let mut spans = origin(workbench, trace, area.width >= 100);
    spans.extend(way_of(theme, &hops));
    Line::from(spans).style(style).render(way, buffer);
    time.style(style).render(end, buffer);
}

/// The message's number and source, its pipeline where there are several, and, where there is room,
/// its frame.
fn origin(workbench: &Workbench, trace: &Trace, roomy: bool) -> Vec<Span<'static>> {
    let theme = workbench.theme;
    let pipelines = workbench.topology.pipelines();
    let number = trace.sequence.to_string();
    let mut spans = vec![Span::styled(format!("{number:<5} "), theme.quiet())];
    if pipelines.len() > 1 {
        spans.push(Span::styled(format!("{} ", trace.pipeline), theme.title()));
    }
    spans.push(Span::styled(theme.fit(&trace.source, 21), theme.text()));
    let plan = pipelines.iter().find(|plan| plan.name == trace.pipeline);
    if let Some(plan) = plan.filter(|_| roomy) {
        let frame = words::frame(&trace.frame, plan.source.framing.header_length());
        spans.push(Span::styled(format!("  {}", theme.fit(&frame, 26)), theme.quiet()));
    }
    spans
}

/// What happened, hop by hop.
fn way_of(theme: Theme, hops: &[Hop]) -> Vec<Span<'static>> {
    let arrow = theme.symbol(" → ", " > ");
    let mut spans = Vec::new();
    let mut last_step = None;
    for hop in hops {
        // What a state computation sends on is nearly always its state: the change says it.
        let same_step = last_step.replace(&hop.step) == Some(&hop.step);
        let (text, style) = match &hop.event {
            HopEvent::Decoded(message) => (theme.fit(&words::message(message), 28), theme.text()),
            HopEvent::Filtered => ("filtered".to_owned(), theme.warning()),
            HopEvent::Partitioned { key, owner } => {
                let key = theme.fit(&words::key(key), 16);
                spans.push(Span::styled(arrow, theme.quiet()));
                spans.push(Span::styled(key, theme.title()));
                (format!("worker {owner}"), theme.worker(owner.0))
            }
            HopEvent::StateChanged { created, before, after, .. } => {
                let change = theme.fit(&words::change(before, after, arrow.trim()), 30);
                let text = match (*created, change.as_str()) {
                    (true, words::UNCHANGED) => "new".to_owned(),
                    (true, _) => format!("new: {change}"),
                    (false, _) => change,
                };
                (text, theme.good())
            }
            HopEvent::Encoded(bytes) => (quoted(theme, bytes, 24), theme.text()),
            HopEvent::DeadLetter(reason) => (theme.fit(reason, 60), theme.bad()),
            HopEvent::Computed(messages) if !same_step => match messages.as_slice() {
                [] => ("nothing".to_owned(), theme.quiet()),
                [message] => (theme.fit(&words::message(message), 28), theme.text()),
                messages => (format!("{} messages", messages.len()), theme.second_bar()),
            },
            HopEvent::Computed(_) | HopEvent::Written(_) => continue,
        };
        spans.push(Span::styled(arrow, theme.quiet()));
        spans.push(Span::styled(text, style));
    }
    spans
}

/// Whether nothing comes after this.
fn is_end(event: &HopEvent) -> bool {
    match event {
        // A pipeline without a sink ends with its last state change or computation.
        HopEvent::Written(_)
        | HopEvent::Filtered
        | HopEvent::DeadLetter(_)
        | HopEvent::Computed(_)
        | HopEvent::StateChanged { .. } => true,
        HopEvent::Decoded(_) | HopEvent::Partitioned { .. } | HopEvent::Encoded(_) => false,
    }
}

fn quoted(theme: Theme, bytes: &[u8], columns: usize) -> String {
    let text = text_of_bytes(bytes).replace("\\x0a", "\\n");
    format!("\"{}\"", theme.fit(&text, columns))
}

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
