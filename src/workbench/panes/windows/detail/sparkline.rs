//! How a number has changed in the last minute: a small chart that holds each value until the next one.

use ratatui::text::Span;

use super::sheet::{Flow, Row};
use crate::core::numbers::Timestamp;
use crate::workbench::theme::Theme;

/// How many seconds are shown: one a column.
pub(super) const SECONDS: usize = 60;

/// How many lines high it is.
const HEIGHT: usize = 3;

/// The lines of the chart, with the greatest and the smallest value beside the first and the last.
pub(super) fn rows(theme: Theme, values: &[(Timestamp, f64)], now: Timestamp) -> Vec<Row> {
    let columns: Vec<Option<f64>> =
        (0..SECONDS).map(|column| value_at(values, now, column)).collect();
    let shown = || columns.iter().flatten().copied();
    let (least, most) =
        (shown().fold(f64::INFINITY, f64::min), shown().fold(f64::NEG_INFINITY, f64::max));
    let labels = [text(most), text(least)];
    let width = labels.iter().map(String::len).max().unwrap_or(0);
    let heights = theme.heights();
    let eighths = HEIGHT * 8;
    let line = |row: usize| {
        let label = match row {
            0 => labels[0].as_str(),
            _ if row + 1 == HEIGHT => labels[1].as_str(),
            _ => "",
        };
        let below = (HEIGHT - 1 - row) * 8;
        let chart: String = columns
            .iter()
            .map(|value| {
                let level = value.map_or(0, |value| level(value, least, most, eighths));
                heights.get(level.saturating_sub(below).min(8)).copied().unwrap_or(" ")
            })
            .collect();
        let head = Span::styled(format!("{label:>width$} "), theme.quiet());
        Row::new(vec![head], vec![Span::styled(chart, theme.bar())], Flow::Scroll)
    };
    (0..HEIGHT).map(line).collect()
}

/// The value that held at the end of a second; the last column is now.
fn value_at(values: &[(Timestamp, f64)], now: Timestamp, column: usize) -> Option<f64> {
    let back = (SECONDS - 1 - column) as u64 * 1_000_000_000;
    let moment = now.0.checked_sub(back)?;
    let held = values.iter().rev().find(|(at, _)| at.0 <= moment);
    held.map(|(_, value)| *value)
}

/// How many eighths of a line a value is high: the smallest is one eighth.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a few lines"
)]
fn level(value: f64, least: f64, most: f64, eighths: usize) -> usize {
    let share = if most > least { (value - least) / (most - least) } else { 1.0 };
    1 + (share * (eighths - 1) as f64).round() as usize
}

fn text(value: f64) -> String {
    // Whole numbers have no point.
    if value.is_finite() { format!("{value}") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_value_holds_until_the_next_one() {
        let values = [(Timestamp(10 * SECOND), 1.0), (Timestamp(50 * SECOND), 5.0)];
        let at = |column| value_at(&values, Timestamp(65 * SECOND), column);
        // Column 0 is 59 seconds ago.
        assert_eq!(at(0), None);
        assert_eq!((at(4), at(43), at(44), at(59)), (Some(1.0), Some(1.0), Some(5.0), Some(5.0)));
    }

    #[test]
    fn the_smallest_value_is_seen_and_the_greatest_is_full() {
        assert_eq!((level(1.0, 1.0, 5.0, 24), level(5.0, 1.0, 5.0, 24)), (1, 24));
        assert_eq!(level(3.0, 3.0, 3.0, 24), 24);
    }
}
