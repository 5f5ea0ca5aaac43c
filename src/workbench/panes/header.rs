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
    if workbench.frozen {
        left.push(Span::styled(dot, theme.quiet()));
        left.push(Span::styled("screen frozen", theme.warning()));
    }
    let mut right = Vec::new();
    let mut push = |text: String| {
        if !right.is_empty() {
            right.push(Span::styled(dot, theme.quiet()));
        }
        right.push(Span::raw(text));
    };
    push(plural(snapshot.workers.len() as u64, "worker"));
    if !workbench.topology.states().is_empty() {
        push(plural(snapshot.partitions.total as u64, "partition"));
    }
    if area.width >= 90 {
        push(plural(snapshot.totals.messages_in, "message"));
    }
    push(format!("{} msg/s", words::rate(snapshot.throughput.last())));
    if snapshot.recent_latency.count > 0 {
        push(format!("p99 {}", words::latency(snapshot.recent_latency.p99)));
    }
    if area.width >= 100 {
        push(format!("up {}", words::uptime(snapshot.uptime)));
    }
    right.push(Span::raw(" "));
    let right = Line::from(right);
    let width = u16::try_from(right.width()).unwrap_or(area.width).min(area.width);
    Line::from(left).render(area, buffer);
    // Drawn second: where both do not fit, the figures matter more.
    let place = Rect { x: area.right().saturating_sub(width), width, ..area };
    right.render(place, buffer);
}

/// A count and the word for what is counted: `1 worker`, `2 workers`.
fn plural(count: u64, word: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {word}{ending}", words::count(count))
}
