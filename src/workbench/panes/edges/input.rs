//! The input pane: what is typed, and the bytes that it means.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::core::topology::SourcePlan;
use crate::core::typed::Typed;
use crate::workbench::layout::Pane;
use crate::workbench::panes::frame::{pane, title};
use crate::workbench::state::Workbench;
use crate::workbench::theme::Theme;
use crate::workbench::words;

/// The text before the typed text.
const PROMPT: &str = "> ";

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

fn format_of(source: &SourcePlan) -> String {
    if source.format.is_empty() { String::new() } else { format!(" {} ", source.format) }
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
    let column = u16::try_from(shown.cursor).unwrap_or(u16::MAX);
    focused.then(|| Position {
        x: after_prompt.saturating_add(column).min(row.right().saturating_sub(1)),
        y: row.y,
    })
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

/// The bytes of what is typed, or what is wrong with it; a notice goes first.
fn meaning(workbench: &Workbench, width: usize) -> Line<'static> {
    let theme = workbench.theme;
    if let Some(notice) = &workbench.notice {
        let style = if notice.bad { theme.bad() } else { theme.good() };
        let mut line = Line::styled(notice.text.clone(), style);
        if matches!(*workbench.typed(), Typed::Wrong { anyway: Some(_), .. }) {
            line.push_span(Span::styled("   Ctrl-X sends it anyway", theme.quiet()));
        }
        return line;
    }
    // A byte takes three columns, and the words around them some more.
    let most = (width.saturating_sub(24) / 3).clamp(8, 32);
    match &*workbench.typed() {
        Typed::Nothing => {
            Line::styled("0x.. raw bytes   x1000 repeats   Up history", theme.quiet())
        }
        Typed::Frames { frame, wrapping, times } => {
            let (header, payload, _) = wrapping.split(frame);
            let room = most.saturating_sub(header.len());
            let mut spans = vec![
                Span::styled("frame ", theme.quiet()),
                Span::styled(words::hex(header), theme.second_bar()),
                Span::raw(" "),
                Span::styled(words::hex(payload.get(..room).unwrap_or(payload)), theme.good()),
            ];
            if payload.len() > room {
                spans.push(Span::styled(format!(" .. {} bytes", frame.len()), theme.quiet()));
            }
            spans.extend(repeated(theme, *times));
            Line::from(spans)
        }
        Typed::Raw { bytes, note, whole, times } => {
            let style = if *whole { theme.good() } else { theme.warning() };
            let room = (width.saturating_sub(note.len() + 28) / 3).clamp(2, most);
            let more = if bytes.len() > room { " .." } else { "" };
            let hex = words::hex(bytes.get(..room).unwrap_or(bytes));
            let mut spans = vec![
                Span::styled("bytes ", theme.quiet()),
                Span::styled(format!("{hex}{more}  {note}"), style),
            ];
            if !*whole {
                spans.push(Span::styled(": a dead letter", theme.quiet()));
            }
            spans.extend(repeated(theme, *times));
            Line::from(spans)
        }
        Typed::Wrong { reason, anyway } => {
            let mut line = Line::styled(reason.clone(), theme.warning());
            if anyway.is_some() {
                line.push_span(Span::styled("   Ctrl-X sends it anyway", theme.quiet()));
            }
            line
        }
    }
}

fn repeated(theme: Theme, times: usize) -> Option<Span<'static>> {
    (times > 1).then(|| {
        let cross = theme.symbol("×", "x");
        Span::styled(format!("  {cross}{}", words::grouped(times as u64)), theme.accent())
    })
}
