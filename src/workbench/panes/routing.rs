//! Routing: the flow with its counts, the workers' shares, and what happened to recent messages.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::frame::{pane, title};
use super::partitions::percent;
use super::trace::render_line;
use crate::telemetry::{PipelineShown, Snapshot};
use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;
use crate::workbench::theme::Theme;
use crate::workbench::words;

pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let focused = workbench.pane == Pane::Routing;
    let name = title(theme, "Routing", focused, String::new());
    let inner = pane(theme, name, aside(workbench, focused), focused, area, buffer);
    let flows = u16::try_from(snapshot.pipelines.len()).unwrap_or(1);
    let stateful = u16::from(!workbench.topology.states().is_empty());
    let [flow_area, workers_area, traces_area] = inner.layout(&Layout::vertical([
        Constraint::Length(flows),
        Constraint::Length(stateful),
        Constraint::Fill(1),
    ]));
    for (pipeline, row) in snapshot.pipelines.iter().zip(flow_area.rows()) {
        flow(theme, pipeline, snapshot.pipelines.len() > 1).render(row, buffer);
    }
    workers(theme, snapshot, workers_area.width).render(workers_area, buffer);
    traces(workbench, traces_area, buffer);
}

/// What stands at the right of the title: what Enter does, or what last happened to an endpoint.
fn aside(workbench: &Workbench, focused: bool) -> Line<'static> {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    if focused && !snapshot.traces.is_empty() {
        return Line::styled(" Enter opens a message ", theme.quiet());
    }
    match snapshot.events.first() {
        None => Line::default(),
        Some(event) => {
            let style = if event.bad { theme.bad() } else { theme.quiet() };
            Line::styled(format!(" {} ", words::fit(&event.text, 60)), style)
        }
    }
}

/// A pipeline's steps, each with the number of messages that it gave.
fn flow(theme: Theme, pipeline: &PipelineShown, named: bool) -> Line<'static> {
    let arrow = theme.symbol(" → ", " > ");
    let mut spans = Vec::new();
    if named {
        spans.push(Span::styled(format!("{}: ", pipeline.name), theme.title()));
    }
    let mut step = |name: &str, count: u64| {
        if !spans.is_empty()
            && spans.last().is_none_or(|span: &Span<'_>| !span.content.ends_with(": "))
        {
            spans.push(Span::styled(arrow, theme.quiet()));
        }
        spans.push(Span::raw(format!("{name} ")));
        spans.push(Span::styled(words::count(count), theme.accent()));
    };
    match &pipeline.listening {
        // Where to connect to is not known otherwise when the system chose the port.
        Some(address) => step(address, pipeline.messages_in),
        None => step("source", pipeline.messages_in),
    }
    for (plan, count) in &pipeline.steps {
        step(&plan.name, *count);
    }
    if pipeline.has_sink {
        step("sink", pipeline.messages_out);
    }
    Line::from(spans)
}

/// The workers' shares of the messages, and how far the greatest is from an equal share.
#[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
fn workers(theme: Theme, snapshot: &Snapshot, width: u16) -> Line<'static> {
    let total: u64 = snapshot.workers.iter().map(|worker| worker.messages).sum();
    let count = snapshot.workers.len();
    // The bars share what the texts leave: about 26 columns a worker.
    let bar = (usize::from(width) / count.max(1)).saturating_sub(28).clamp(0, 24);
    let mut spans = Vec::new();
    let mut greatest = 0.0_f64;
    for worker in &snapshot.workers {
        let share = worker.messages as f64 / total.max(1) as f64;
        greatest = greatest.max(share);
        spans.push(Span::styled(
            format!("worker {} ", worker.worker),
            theme.worker(worker.worker.0),
        ));
        if bar > 0 {
            let drawn = theme.horizontal_bar(share, bar);
            spans.push(Span::styled(format!("{drawn:<bar$} "), theme.worker(worker.worker.0)));
        }
        let partitions = words::plural(worker.partitions as u64, "partition");
        spans.push(Span::raw(percent(share)));
        spans.push(Span::styled(format!(", {partitions}   "), theme.quiet()));
    }
    if count > 1 && total > 0 {
        let skew = greatest * count as f64;
        let style = if skew > 1.5 { theme.warning() } else { theme.quiet() };
        spans.push(Span::styled(format!("skew {skew:.1}"), style));
    }
    Line::from(spans)
}

fn traces(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    if snapshot.traces.is_empty() {
        let hint = "A message's way appears here: frame, key, worker, state, output, time.";
        return Line::styled(hint, theme.quiet()).render(area, buffer);
    }
    let focused = workbench.pane == Pane::Routing;
    let selected = workbench.trace.place(&snapshot.traces);
    let height = usize::from(area.height).max(1);
    let first = (selected + 1).saturating_sub(height);
    let shown = snapshot.traces.iter().enumerate().skip(first).take(height);
    for ((at, trace), row) in shown.zip(area.rows()) {
        let style = if focused && at == selected { theme.selected() } else { theme.text() };
        let plan = workbench.topology.pipelines().iter().find(|plan| plan.name == trace.pipeline);
        let header_length = plan.map_or(0, |plan| plan.source.framing.header_length());
        render_line(theme, trace, header_length, style, row, buffer);
    }
}
