//! Latency: from a frame's reading to its output's writing.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::bars;
use crate::workbench::panes::frame::{pane, title};
use crate::workbench::state::Workbench;
use crate::workbench::words;

/// The upper bounds of the bars.
const LABELS: [&str; 12] =
    ["1us", "4us", "16us", "64us", "256us", "1ms", "4ms", "16ms", "64ms", "256ms", "1s", ">1s"];

pub(in crate::workbench::panes) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let right = if snapshot.latency.count == 0 {
        Line::default()
    } else {
        Line::styled(
            format!(" {} ", words::plural(snapshot.latency.count, "output")),
            theme.quiet(),
        )
    };
    let name = title(theme, "Latency", false, String::new());
    let inner = pane(theme, name, right, false, area, buffer);
    let [chart, figures] =
        inner.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(1)]));
    bars::render(theme, theme.second_bar(), &snapshot.latency_bars, &LABELS, chart, buffer);

    let latency = snapshot.latency;
    if latency.count == 0 {
        Line::styled("frame read to output written", theme.quiet()).render(figures, buffer);
        return;
    }
    let percentiles = [
        ("p50", latency.p50),
        ("p90", latency.p90),
        ("p99", latency.p99),
        ("p99.9", latency.p999),
        ("max", latency.max),
    ];
    // When not all fit, the middle ones are left out first.
    let width = |left_out: &[&str]| {
        let kept = percentiles.iter().filter(|(name, _)| !left_out.contains(name));
        kept.map(|(name, value)| name.len() + words::latency(*value).len() + 3).sum::<usize>()
    };
    let choices: [&[&str]; 4] = [&[], &["p90"], &["p90", "p99.9"], &["p90", "p99.9", "max"]];
    let fits = choices.into_iter().find(|left_out| width(left_out) <= usize::from(inner.width) + 2);
    let left_out = fits.unwrap_or(&["p90", "p99.9", "max"]);
    let mut spans = Vec::new();
    for (name, value) in percentiles.into_iter().filter(|(name, _)| !left_out.contains(name)) {
        spans.push(Span::styled(format!("{name} "), theme.quiet()));
        spans.push(Span::raw(format!("{}  ", words::latency(value))));
    }
    Line::from(spans).render(figures, buffer);
}
