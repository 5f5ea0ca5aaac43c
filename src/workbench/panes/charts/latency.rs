//! Latency: from a frame's reading to its output's writing.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{bars, titles};
use crate::telemetry::LatencySummary;
use crate::workbench::layout::Pane;
use crate::workbench::panes::frame::{pane, title_of};
use crate::workbench::state::Workbench;
use crate::workbench::words;

/// The upper bounds of the bars.
const LABELS: [&str; 12] =
    ["1u", "4u", "16u", "64u", "¼m", "1m", "4m", "16m", "64m", "¼s", "1s", ">1s"];

/// The columns of the percentiles at the right of the bars.
const FIGURES: u16 = 15;

/// From this width on, the percentiles are beside the bars.
const BESIDE: u16 = 40;

/// From this height on, all five percentiles have a row of their own.
const FIVE_ROWS: u16 = 5;

pub(in crate::workbench::panes) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let focused = workbench.pane == Pane::Latency;
    let shown = workbench.snapshot.latency(workbench.window);
    let names = [title_of(theme, Pane::Latency, focused, "")];
    let (name, window) = titles(workbench, names, area);
    let inner = pane(theme, name, window, focused, area, buffer);
    if shown.summary.count == 0 {
        let hint = "The time from a frame's reading to its output's writing appears here.";
        return Line::styled(theme.fit(hint, usize::from(inner.width)), theme.quiet())
            .render(inner, buffer);
    }
    let percentiles = percentiles(&shown.summary);
    let (chart, figures) = if inner.width >= BESIDE && inner.height >= 3 {
        let [chart, figures] =
            inner.layout(&Layout::horizontal([Constraint::Fill(1), Constraint::Length(FIGURES)]));
        (chart, figures)
    } else {
        let [chart, figures] =
            inner.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(1)]));
        (chart, figures)
    };
    // The bars that are not empty, and one more at each end.
    let filled = |bar: &crate::telemetry::Bar| bar.count > 0;
    let first = shown.bars.iter().position(filled).unwrap_or(0).saturating_sub(1);
    let last = shown.bars.iter().rposition(filled).map_or(0, |last| last + 1);
    let labels = LABELS.map(|label| if theme.is_ascii() { ascii(label) } else { label });
    let range = first..=last.min(shown.bars.len().saturating_sub(1));
    if let (Some(bars), Some(labels)) = (shown.bars.get(range.clone()), labels.get(range)) {
        bars::render(theme, theme.second_bar(), bars, labels, chart, buffer);
    }
    if figures.height > 1 {
        let kept = percentiles.iter().filter(|(name, _)| {
            figures.height >= FIVE_ROWS || ["p50", "p99", "max"].contains(name)
        });
        for ((name, value), row) in kept.zip(figures.rows()) {
            Line::from(vec![
                Span::styled(format!("  {name:<6}"), theme.quiet()),
                Span::raw(format!("{:>7}", words::latency(*value))),
            ])
            .render(row, buffer);
        }
        name_slowest(workbench, figures, buffer);
    } else {
        one_line(workbench, &percentiles, figures, buffer);
    }
}

/// Names the slowest message that can be opened, below the percentiles.
fn name_slowest(workbench: &Workbench, figures: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let Some((trace, took)) = workbench.slowest() else { return };
    let mut rows = figures.rows().skip(usize::from(FIVE_ROWS));
    if let (Some(above), Some(row)) = (rows.next(), rows.next()) {
        Line::styled("  slowest trace", theme.quiet()).render(above, buffer);
        let room = usize::from(FIGURES).saturating_sub(9);
        let number = theme.fit(&trace.sequence.to_string(), room);
        Line::from(vec![
            Span::styled(format!("  {number:<room$}"), theme.title()),
            Span::raw(format!("{:>7}", words::duration(took))),
        ])
        .render(row, buffer);
    }
}

fn ascii(label: &'static str) -> &'static str {
    match label {
        "¼m" => ".2m",
        "¼s" => ".2s",
        other => other,
    }
}

fn percentiles(latency: &LatencySummary) -> [(&'static str, f64); 5] {
    [
        ("p50", latency.p50),
        ("p90", latency.p90),
        ("p99", latency.p99),
        ("p99.9", latency.p999),
        ("max", latency.max),
    ]
}

/// The percentiles in one line. When not all fit, the middle ones are left out first.
fn one_line(workbench: &Workbench, all: &[(&str, f64)], row: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let choices: [&[&str]; 4] = [&[], &["p90"], &["p90", "p99.9"], &["p90", "p99.9", "max"]];
    let lines = choices.map(|left_out| {
        let kept = all.iter().filter(|(name, _)| !left_out.contains(name));
        kept.flat_map(|(name, value)| {
            [
                Span::styled(format!("{name} "), theme.quiet()),
                Span::raw(format!("{}  ", words::latency(*value))),
            ]
        })
        .collect::<Line<'_>>()
    });
    let fits = |line: &&Line<'_>| line.width() <= usize::from(row.width) + 2;
    if let Some(line) = lines.iter().find(fits).or(lines.last()) {
        line.render(row, buffer);
    }
}
