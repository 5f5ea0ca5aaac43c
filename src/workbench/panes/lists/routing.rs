//! Routing: the flow with its counts, the workers' shares, and what happened to recent messages.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::flow::flow;
use super::partitions::percent;
use super::{rows, trace};
use crate::core::event::Level;
use crate::telemetry::{Snapshot, TracedShare, TracedShown};
use crate::workbench::layout::Pane;
use crate::workbench::panes::frame::{filter, pane, title};
use crate::workbench::state::Workbench;
use crate::workbench::theme::Theme;
use crate::workbench::words;

pub(in crate::workbench::panes) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let focused = workbench.pane == Pane::Routing;
    let name = title(theme, "Routing", focused, untraced(snapshot));
    let inner = pane(theme, name, aside(workbench, focused, area.width), focused, area, buffer);
    let flows = u16::try_from(snapshot.pipelines.len()).unwrap_or(1);
    let stateful = u16::from(!workbench.topology.states().is_empty());
    let [flow_area, workers_area, traces_area] = inner.layout(&Layout::vertical([
        Constraint::Length(flows),
        Constraint::Length(stateful),
        Constraint::Fill(1),
    ]));
    for (pipeline, row) in snapshot.pipelines.iter().zip(flow_area.rows()) {
        flow(theme, pipeline, snapshot.pipelines.len() > 1, row.width).render(row, buffer);
    }
    workers(theme, snapshot, workers_area.width).render(workers_area, buffer);
    traces(workbench, traces_area, buffer);
}

/// The text to the right of the title: what Enter does, or the last event of an endpoint.
fn aside(workbench: &Workbench, focused: bool, width: u16) -> Line<'static> {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    if let Some(search) =
        workbench.searches.of(Pane::Routing).and_then(|search| filter(theme, search))
    {
        return search;
    }
    if focused && !snapshot.traces.is_empty() {
        return Line::styled(" Enter opens a message ", theme.quiet());
    }
    match snapshot.events.first() {
        None => Line::default(),
        Some(event) => {
            let style = match event.level() {
                Level::Warning => theme.bad(),
                Level::Detail | Level::Information => theme.quiet(),
            };
            // Beside the corners, the title and the spaces around both.
            let room = usize::from(width).saturating_sub(13 + untraced(snapshot).chars().count());
            Line::styled(format!(" {} ", theme.fit(&event.to_string(), room)), style)
        }
    }
}

/// How many messages are traced, if not all are.
fn untraced(snapshot: &Snapshot) -> String {
    let TracedShown { last_second, all } = snapshot.traced;
    let part = |share: TracedShare, of: &str| {
        format!("{} of {}{of} are traced", words::count(share.traced), words::count(share.of))
    };
    if last_second.is_part() {
        part(last_second, " a second")
    } else if all.is_part() {
        part(all, "")
    } else {
        String::new()
    }
}

/// The workers' shares of the messages, and how far the greatest is from an equal share.
#[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
fn workers(theme: Theme, snapshot: &Snapshot, width: u16) -> Line<'static> {
    let total: u64 = snapshot.workers.iter().map(|worker| worker.messages).sum();
    let count = snapshot.workers.len();
    let share = |messages: u64| messages as f64 / total.max(1) as f64;
    let greatest = snapshot.workers.iter().map(|worker| share(worker.messages)).fold(0.0, f64::max);
    let skew = greatest * count as f64;
    let skew = (count > 1 && total > 0).then(|| {
        let style = if skew > 1.5 { theme.warning() } else { theme.quiet() };
        Span::styled(format!("skew {skew:.1}"), style)
    });
    let texts: Vec<(String, String)> = snapshot
        .workers
        .iter()
        .map(|worker| {
            let figures = format!(" {:>4} of messages", percent(share(worker.messages)));
            let partitions = words::plural(worker.partitions as u64, "partition");
            (format!("worker {} ", worker.worker), format!("{figures}, {partitions}   "))
        })
        .collect();
    // The bars share what the texts leave.
    let taken: usize = texts.iter().map(|(name, figures)| name.len() + figures.len()).sum();
    let skew_width = skew.as_ref().map_or(0, Span::width);
    let left = usize::from(width).saturating_sub(taken + skew_width);
    let bar = left.checked_div(count).unwrap_or(0).min(24);
    let mut spans = Vec::new();
    for (worker, (name, figures)) in snapshot.workers.iter().zip(texts) {
        let style = theme.worker(worker.worker.0);
        spans.push(Span::styled(name, style));
        let drawn = theme.horizontal_bar(share(worker.messages), bar);
        spans.push(Span::styled(format!("{drawn:<bar$}"), style));
        let figures = if left == 0 { figures.replace(" of messages", "") } else { figures };
        spans.push(Span::styled(figures, theme.quiet()));
    }
    spans.extend(skew);
    Line::from(spans)
}

fn traces(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    if snapshot.traces.is_empty() {
        let hint = "A message's way appears here: frame, key, worker, state, output, time.";
        return Line::styled(hint, theme.quiet()).render(area, buffer);
    }
    let focused = workbench.pane == Pane::Routing;
    let shown = workbench.shown_traces();
    let selected = workbench.trace.place(&shown);
    for (is_selected, trace, row) in rows(&*shown, selected, area) {
        workbench.spots.row(row, Some(Pane::Routing), is_selected);
        trace::render(workbench, trace, row, buffer);
        if focused && is_selected {
            theme.select_in_pane(row, buffer);
        }
    }
}
