//! The first line: what runs, and how.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::load::{in_few_words, late};
use crate::runtime::RunState;
use crate::telemetry::{SinkState, Snapshot};
use crate::workbench::state::Workbench;
use crate::workbench::words;

pub(in crate::workbench::panes) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let dot = theme.symbol(" · ", " - ");
    let (state, style) = match snapshot.run_state {
        RunState::Running => ("running".to_owned(), theme.good()),
        RunState::Pausing => ("pausing".to_owned(), theme.warning()),
        RunState::Paused => ("paused".to_owned(), theme.warning()),
        RunState::Stepping(1) => ("waits for one message".to_owned(), theme.warning()),
        RunState::Stepping(steps) => (format!("waits for {steps} messages"), theme.warning()),
    };
    let mut left = vec![Span::raw(" ")];
    if area.width >= 90 {
        left.push(Span::styled("wallaroo-tui", theme.title()));
        left.push(Span::styled(dot, theme.quiet()));
    }
    left.extend([
        Span::styled(snapshot.application.to_string(), theme.accent()),
        Span::styled(dot, theme.quiet()),
        Span::styled(state, style),
    ]);
    if snapshot.totals.dead_letters > 0 {
        let dead = format!("{} dead", words::count(snapshot.totals.dead_letters));
        left.push(Span::styled(dot, theme.quiet()));
        left.push(Span::styled(dead, theme.bad()));
    }
    if let Some(load) = &snapshot.load {
        let style = if late(load).is_some() { theme.warning() } else { theme.accent() };
        left.push(Span::styled(dot, theme.quiet()));
        left.push(Span::styled(in_few_words(load), style));
    }
    let held_up = held_up(snapshot);
    let change = snapshot.changing_to.map(|workers| {
        let workers = words::plural(workers as u64, "worker");
        match held_up {
            None => format!("checkpoint, then {workers}"),
            Some(_) => format!("{workers} wait for the sink"),
        }
    });
    for warning in [held_up.map(str::to_owned), change].into_iter().flatten() {
        left.push(Span::styled(dot, theme.quiet()));
        left.push(Span::styled(warning, theme.warning()));
    }
    if workbench.frozen {
        left.push(Span::styled(dot, theme.quiet()));
        left.push(Span::styled("screen frozen", theme.warning()));
    }
    let left = Line::from(left);
    let room = usize::from(area.width).saturating_sub(left.width());
    let right = figures(workbench, room);
    let width = u16::try_from(right.width()).unwrap_or(area.width).min(area.width);
    left.render(area, buffer);
    right.render(Rect { x: area.right().saturating_sub(width), width, ..area }, buffer);
}

/// Why messages do not move; `None` if they do. The routing pane shows which sink it is.
fn held_up(snapshot: &Snapshot) -> Option<&'static str> {
    let sinks = snapshot.pipelines.iter().flat_map(|pipeline| &pipeline.sinks);
    let states: Vec<SinkState> = sinks.map(|sink| sink.state).collect();
    if states.contains(&SinkState::Waiting) {
        Some("no receiver")
    } else if states.contains(&SinkState::Stalled) {
        Some("sink stalled")
    } else {
        None
    }
}

/// The figures that fit; the less important ones are left out first.
fn figures(workbench: &Workbench, room: usize) -> Line<'static> {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let dot = theme.symbol(" · ", " - ");
    // The figure with the greatest number is left out first.
    let mut figures = vec![
        (3, words::plural(snapshot.workers.len() as u64, "worker")),
        (4, words::plural(snapshot.totals.messages_in, "message")),
        (0, format!("{} msg/s", words::rate(snapshot.throughput.last()))),
        (5, format!("up {}", words::uptime(snapshot.uptime))),
    ];
    if !workbench.topology.states().is_empty() {
        figures.insert(1, (1, words::plural(snapshot.partitions.total as u64, "partition")));
    }
    if snapshot.recent_latency.count > 0 {
        let at = figures.len() - 1;
        figures.insert(at, (2, format!("p99 {}", words::latency(snapshot.recent_latency.p99))));
    }
    let width = |figures: &[(u8, String)]| {
        figures.iter().map(|(_, text)| text.chars().count() + 3).sum::<usize>()
    };
    while width(&figures) > room && !figures.is_empty() {
        let least = figures.iter().map(|(rank, _)| *rank).max();
        figures.retain(|(rank, _)| Some(*rank) != least);
    }
    let mut spans = Vec::new();
    for (at, (_, text)) in figures.into_iter().enumerate() {
        if at > 0 {
            spans.push(Span::styled(dot, theme.quiet()));
        }
        spans.push(Span::raw(text));
    }
    spans.push(Span::raw(" "));
    Line::from(spans)
}
