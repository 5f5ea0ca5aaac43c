//! Throughput: each second of the last minute, and how many seconds had how many messages.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::bars;
use crate::telemetry::throughput_bars;
use crate::workbench::panes::frame::{pane, title};
use crate::workbench::state::Workbench;
use crate::workbench::words;

/// The max number of seconds in the chart.
const SECONDS: usize = 60;

/// The upper bounds of the bars, in messages per second.
const LABELS: [&str; 9] = ["0", "10", "100", "1k", "10k", "100k", "1M", "10M", "more"];

pub(in crate::workbench::panes) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, throughput) = (workbench.theme, &workbench.snapshot.throughput);
    let name = if area.width >= 64 { "Throughput, msg/s, last 60 s" } else { "Throughput" };
    let figures = match throughput.spread() {
        None => Line::default(),
        Some((least, median, most)) => {
            let all = [("now", throughput.last()), ("min", least), ("med", median), ("max", most)];
            let spans = all.into_iter().flat_map(|(name, value)| {
                [
                    Span::styled(format!(" {name} "), theme.quiet()),
                    Span::raw(format!("{} ", words::rate(value))),
                ]
            });
            spans.collect()
        }
    };
    let name = title(theme, name, false, String::new());
    let inner = pane(theme, name, Line::default(), false, area, buffer);
    let bottom =
        Rect { y: area.bottom().saturating_sub(1), x: area.x + 1, height: 1, width: inner.width };
    if figures.width() <= usize::from(bottom.width) {
        figures.right_aligned().render(bottom, buffer);
    }
    // One second is two columns if they fit, and else one.
    let per_second = (usize::from(inner.width) / SECONDS).clamp(1, 2);
    let shown = usize::from(inner.width) / per_second;
    let skipped = throughput.seconds().len().saturating_sub(shown);
    let seconds: Vec<u64> = throughput.seconds().skip(skipped).collect();
    let most = nice_maximum(seconds.iter().copied().max().unwrap_or(0));
    let width = u16::try_from(per_second).unwrap_or(1);
    let used = u16::try_from(seconds.len()).unwrap_or(u16::MAX).saturating_mul(width);
    let mut x = inner.right().saturating_sub(used);
    for count in seconds {
        let place = Rect { x, width, ..inner };
        bars::column(theme, theme.bar(), count, most, place, buffer);
        x += width;
    }
    if most > 0 && inner.height > 1 {
        let label = words::round(most);
        buffer.set_string(inner.x, inner.y, label, theme.quiet());
    }
}

/// The least of 1, 2, 5, 10, 20, 50, .. that is not less than the greatest value: the axis seldom changes.
fn nice_maximum(greatest: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for step in [1, 2, 5] {
            let nice = power.saturating_mul(step);
            if nice >= greatest || nice == u64::MAX {
                return if greatest == 0 { 0 } else { nice };
            }
        }
        power = power.saturating_mul(10);
    }
}

pub(in crate::workbench::panes) fn render_histogram(
    workbench: &Workbench,
    area: Rect,
    buffer: &mut Buffer,
) {
    let theme = workbench.theme;
    let bars = throughput_bars(&workbench.snapshot.throughput);
    let seconds: u64 = bars.iter().map(|bar| bar.count).sum();
    let right = if seconds == 0 {
        Line::default()
    } else {
        Line::styled(format!(" {seconds} s "), theme.quiet())
    };
    let name = title(theme, "Seconds with up to .. msg/s", false, String::new());
    let inner = pane(theme, name, right, false, area, buffer);
    bars::render(theme, theme.bar(), &bars, &LABELS, inner, buffer);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_at_a_round_number() {
        let nice: Vec<u64> = [0, 1, 3, 7, 10, 11, 1_234_567].map(nice_maximum).to_vec();
        assert_eq!(nice, [0, 1, 5, 10, 10, 20, 2_000_000]);
        assert_eq!(nice_maximum(u64::MAX), u64::MAX);
    }
}
