//! Latency: from a frame's reading to its output's writing.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::bars;
use super::frame::{pane, title};
use crate::workbench::state::Workbench;
use crate::workbench::words;

/// What the bars are named: the upper bounds.
const LABELS: [&str; 12] =
    ["1us", "4us", "16us", "64us", "¼ms", "1ms", "4ms", "16ms", "64ms", "¼s", "1s", ">1s"];

pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let right = if snapshot.latency.count == 0 {
        Line::default()
    } else {
        Line::styled(format!(" {} outputs ", words::count(snapshot.latency.count)), theme.quiet())
    };
    let name = title(theme, "Latency", false, String::new());
    let inner = pane(theme, name, right, false, area, buffer);
    let [chart, figures] =
        inner.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(1)]));
    let narrow = chart.width / 12 < 4;
    let labels = LABELS.map(|label| short(label, narrow).replace('¼', theme.symbol("¼", ".2")));
    bars::render(theme, theme.second_bar(), &snapshot.latency_bars, &labels, chart, buffer);

    let latency = snapshot.latency;
    if latency.count == 0 {
        Line::styled("from frame read to output written", theme.quiet()).render(figures, buffer);
        return;
    }
    let percentiles = [
        ("p50", latency.p50),
        ("p90", latency.p90),
        ("p99", latency.p99),
        ("p99.9", latency.p999),
        ("max", latency.max),
    ];
    // Where not all fit, the middle ones matter least.
    let leave_out: &[&str] = match inner.width {
        ..32 => &["p90", "p99.9"],
        32..42 => &["p90"],
        _ => &[],
    };
    let mut spans = Vec::new();
    for (name, value) in percentiles.into_iter().filter(|(name, _)| !leave_out.contains(name)) {
        spans.push(Span::styled(format!("{name} "), theme.quiet()));
        spans.push(Span::raw(format!("{} ", words::latency(value))));
    }
    Line::from(spans).render(figures, buffer);
}

/// A label in two columns, where there are only three for a bar.
fn short(label: &str, narrow: bool) -> &str {
    if narrow { label.trim_end_matches('s') } else { label }
}
