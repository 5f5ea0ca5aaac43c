//! Throughput: messages in a second, over the time that was chosen.

use std::ops::Range;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{bars, titles};
use crate::telemetry::Rates;
use crate::workbench::layout::Pane;
use crate::workbench::panes::frame::{pane, title, title_of};
use crate::workbench::state::Workbench;
use crate::workbench::state::sideways::ChartCursor;
use crate::workbench::theme::Theme;
use crate::workbench::words;

pub(in crate::workbench::panes) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let focused = workbench.pane == Pane::Throughput;
    let of_chart = |unit: &str| title_of(theme, Pane::Throughput, focused, unit);
    let short = format!("{} msg/s", Pane::Throughput.number());
    let names = [of_chart("msg/s"), of_chart(""), title(theme, &short, focused, String::new())];
    let (name, window) = titles(workbench, names, area);
    let inner = pane(theme, name, window, focused, area, buffer);
    let rates = workbench.snapshot.throughput.rates(workbench.window);
    let Some((least, median, most)) = rates.spread() else {
        let hint = "Messages in each second appear here.";
        return Line::styled(theme.fit(hint, usize::from(inner.width)), theme.quiet())
            .render(inner, buffer);
    };
    let now = rates.values.last().copied().unwrap_or_default();
    let throughput = &workbench.snapshot.throughput;
    let chosen = workbench.cursor.back(throughput, &rates).filter(|_| focused);
    let moment = workbench.snapshot.past.as_ref().and_then(|past| past.trace.as_ref());
    let moment = moment.map(|trace| ChartCursor::at(trace.read_at, throughput));
    let moment = moment.and_then(|cursor| cursor.back(throughput, &rates));
    let looked_at = chosen.or(moment);
    // The figures first, then the axis of time, if there is room for bars above them.
    let mut chart = inner;
    let mut last_row = |needed: u16| {
        let row = (chart.height > needed).then(|| chart.rows().next_back()).flatten();
        chart.height -= u16::from(row.is_some());
        row
    };
    let figures = last_row(1);
    let axis = last_row(2);
    if let Some(row) = figures {
        let first = looked_at.map_or(("now".to_owned(), now), |back| {
            let value = rates.values.iter().rev().nth(back).copied().unwrap_or_default();
            let time = rates.part * u32::try_from(back).unwrap_or(u32::MAX);
            let name = match (chosen, back) {
                (None, _) => "then".to_owned(),
                (Some(_), 0) => "now".to_owned(),
                (Some(_), _) => format!("{} ago", ago(time)),
            };
            (name, value)
        });
        let all = [(&*first.0, first.1), ("med", median), ("max", most), ("min", least)];
        figures_line(theme, &all, usize::from(row.width)).render(row, buffer);
    }
    let top = nice_maximum(most);
    let label = words::round(top);
    let gutter = u16::try_from(label.len() + 1).unwrap_or(0).min(chart.width);
    let bars = Rect { x: chart.x + gutter, width: chart.width - gutter, ..chart };
    columns(theme, &rates, top, bars, buffer);
    let end = theme.symbol("┤", "|");
    buffer.set_stringn(
        chart.x,
        chart.y,
        format!("{label}{end}"),
        usize::from(gutter),
        theme.quiet(),
    );
    for row in chart.rows().skip(1) {
        buffer.set_string(
            chart.x + gutter.saturating_sub(1),
            row.y,
            theme.symbol("│", "|"),
            theme.quiet(),
        );
    }
    if let Some(row) = axis {
        let x = row.x + gutter.saturating_sub(1);
        time_axis(theme, &rates, Rect { x, width: row.right().saturating_sub(x), ..row }, buffer);
    }
    if let Some(back) = looked_at {
        light(theme, &rates, back, bars, axis, buffer);
    }
}

/// Lights the bar at which somebody looks, and the place below it.
fn light(
    theme: Theme,
    rates: &Rates,
    back: usize,
    bars: Rect,
    axis: Option<Rect>,
    buffer: &mut Buffer,
) {
    let part = rates.parts.saturating_sub(back + 1);
    for (column, x) in (bars.x..bars.right()).enumerate() {
        if !parts_of(rates, column, usize::from(bars.width)).contains(&part) {
            continue;
        }
        buffer.set_style(Rect { x, width: 1, ..bars }, theme.accent());
        if let Some(axis) = axis {
            buffer.set_string(x, axis.y, theme.symbol("▲", "^"), theme.accent());
        }
    }
}

/// The parts of the time that a column shows.
fn parts_of(rates: &Rates, column: usize, width: usize) -> Range<usize> {
    let first = column * rates.parts / width.max(1);
    first..((column + 1) * rates.parts / width.max(1)).max(first + 1)
}

/// The figures that fit, the first ones first.
fn figures_line(theme: Theme, all: &[(&str, u64)], width: usize) -> Line<'static> {
    let mut line = Line::default();
    for (name, value) in all {
        let figure = Line::from(vec![
            Span::styled(format!("{name} "), theme.quiet()),
            Span::raw(format!("{}  ", words::short(*value))),
        ]);
        if line.width() + figure.width() <= width + 2 {
            line.extend(figure);
        }
    }
    line
}

/// One column for each part of the time; if there are more parts than columns, the greatest of several.
fn columns(theme: Theme, rates: &Rates, top: u64, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width);
    let missing = rates.parts.saturating_sub(rates.values.len());
    for column in 0..width {
        let parts = parts_of(rates, column, width);
        let values = parts.start.max(missing)..parts.end.max(missing);
        let values = values.filter_map(|part| rates.values.get(part - missing));
        let x = area.x + u16::try_from(column).unwrap_or(u16::MAX);
        let place = Rect { x, width: 1, ..area };
        bars::column(theme, theme.bar(), values.max().copied().unwrap_or(0), top, place, buffer);
    }
}

/// How long ago the beginning and the middle are.
fn time_axis(theme: Theme, rates: &Rates, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width);
    let line = theme.symbol("─", "-").repeat(width.saturating_sub(1));
    let line = format!("{}{line}", theme.symbol("└", "+"));
    buffer.set_stringn(area.x, area.y, line, width, theme.quiet());
    let whole = rates.part * u32::try_from(rates.parts).unwrap_or(u32::MAX);
    let (begin, middle, now) = (ago(whole), ago(whole / 2), "now");
    let x = |at: usize| area.x.saturating_add(u16::try_from(at).unwrap_or(u16::MAX));
    if begin.len() + middle.len() + now.len() + 8 <= width {
        buffer.set_string(x(width / 2 - middle.len() / 2), area.y, middle, theme.quiet());
    }
    if begin.len() + now.len() + 4 <= width {
        buffer.set_string(x(1), area.y, begin, theme.quiet());
        buffer.set_string(x(width - now.len()), area.y, now, theme.quiet());
    }
}

fn ago(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds}s"),
        seconds if seconds % 60 == 0 && seconds < 3600 => format!("{}min", seconds / 60),
        _ => words::clock(time),
    }
}

/// The least round number that is not less than the greatest value: the axis seldom changes.
fn nice_maximum(greatest: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for step in [1, 2, 3, 4, 5, 6, 8] {
            let nice = power.saturating_mul(step);
            if nice >= greatest || nice == u64::MAX {
                return if greatest == 0 { 0 } else { nice };
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_at_a_round_number() {
        let nice: Vec<u64> = [0, 1, 3, 7, 10, 11, 200_000, 1_234_567].map(nice_maximum).to_vec();
        assert_eq!(nice, [0, 1, 3, 8, 10, 20, 200_000, 2_000_000]);
        assert_eq!(nice_maximum(u64::MAX), u64::MAX);
    }

    #[test]
    fn the_axis_says_how_long_ago_its_beginning_is() {
        let ago = |seconds| ago(Duration::from_secs(seconds));
        assert_eq!([ago(5), ago(60), ago(150), ago(300)], ["5s", "60s", "0:02:30", "5min"]);
    }
}
