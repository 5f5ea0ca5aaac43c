//! What happened to one message, in one line.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::core::frames::trace::{Hop, HopEvent, Trace};
use crate::workbench::panes::frame::quoted;
use crate::workbench::state::Workbench;
use crate::workbench::theme::Theme;
use crate::workbench::words;

/// Draws a message's way in one line: as much as fits of number, source, frame, message, key, worker,
/// change and output; the time is at the end.
pub(super) fn render(workbench: &Workbench, trace: &Trace, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let hops = trace.hops();
    let time = match hops.last().filter(|hop| is_end(&hop.event)) {
        Some(last) => {
            let time = words::duration(last.at.since(trace.read_at));
            Line::raw(format!(" {time}"))
        }
        None => Line::styled(theme.symbol(" …", " .."), theme.warning()),
    };
    let width = u16::try_from(time.width()).unwrap_or(area.width).min(area.width);
    let [way, end] =
        area.layout(&Layout::horizontal([Constraint::Fill(1), Constraint::Length(width)]));
    let mut spans = origin(workbench, trace, area.width >= 100);
    spans.extend(way_of(theme, &hops));
    Line::from(spans).render(way, buffer);
    time.render(end, buffer);
}

/// The message's number and source; its pipeline if there are several; its frame if it fits.
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
        let frame = words::frame(&trace.frame, plan.source.framing.wrapping());
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
