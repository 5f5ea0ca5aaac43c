//! The first line: what runs, and how.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::runtime::RunState;
use crate::workbench::state::Workbench;
use crate::workbench::words;

pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let dot = theme.symbol(" · ", " - ");
    let (state, style) = match snapshot.run_state {
        RunState::Running => ("running".to_owned(), theme.good()),
        RunState::Pausing => ("pausing".to_owned(), theme.warning()),
        RunState::Paused => ("paused".to_owned(), theme.warning()),
        RunState::Stepping(1) => ("waits for one message".to_owned(), theme.warning()),
        RunState::Stepping(steps) => (format!("waits for {steps} messages"), theme.warning()),
    };
    let mut left = vec![
        Span::styled(" wallaroo-tui", theme.title()),
        Span::styled(dot, theme.quiet()),
        Span::styled(snapshot.application.to_string(), theme.accent()),
        Span::styled(dot, theme.quiet()),
        Span::styled(state, style),
    ];
    if workbench.frozen {
        left.push(Span::styled(dot, theme.quiet()));
        left.push(Span::styled("screen frozen", theme.warning()));
    }
    let left = Line::from(left);
    let room = usize::from(area.width).saturating_sub(left.width() + 1);
    let right = figures(workbench, dot, room);
    let width = u16::try_from(right.width()).unwrap_or(area.width).min(area.width);
    left.render(area, buffer);
    let place = Rect { x: area.right().saturating_sub(width), width, ..area };
    right.render(place, buffer);
}

/// As many figures as fit; those that another pane shows too are left out first.
fn figures(workbench: &Workbench, dot: &'static str, room: usize) -> Line<'static> {
    let snapshot = &workbench.snapshot;
    // In the order of the screen, each with how early it is left out.
    let mut figures = vec![(2, words::plural(snapshot.workers.len() as u64, "worker"))];
    if !workbench.topology.states().is_empty() {
        figures.push((4, words::plural(snapshot.partitions.total as u64, "partition")));
    }
    figures.push((1, words::plural(snapshot.totals.messages_in, "message")));
    figures.push((5, format!("{} msg/s", words::rate(snapshot.throughput.last()))));
    if snapshot.recent_latency.count > 0 {
        figures.push((3, format!("p99 {}", words::latency(snapshot.recent_latency.p99))));
    }
    figures.push((0, format!("up {}", words::uptime(snapshot.uptime))));
    for rank in 0..=5 {
        let texts: usize = figures.iter().map(|(_, text)| text.chars().count()).sum();
        if texts + figures.len().saturating_sub(1) * dot.chars().count() < room {
            break;
        }
        figures.retain(|(figure, _)| *figure != rank);
    }
    let mut spans = Vec::new();
    for (_, text) in figures {
        if !spans.is_empty() {
            spans.push(Span::styled(dot, workbench.theme.quiet()));
        }
        spans.push(Span::raw(text));
    }
    spans.push(Span::raw(" "));
    Line::from(spans)
}
