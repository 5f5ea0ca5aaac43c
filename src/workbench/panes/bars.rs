//! A histogram as columns with a label under each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::telemetry::Bar;
use crate::workbench::theme::Theme;

/// Draws bars over their labels. `labels` has a short text for each bar, and the last line of the
/// area is theirs; a label that would touch the one before it is left out.
pub(super) fn render(
    theme: Theme,
    style: Style,
    bars: &[Bar],
    labels: &[String],
    area: Rect,
    buffer: &mut Buffer,
) {
    let count = u16::try_from(bars.len()).unwrap_or(u16::MAX).max(1);
    let slot = area.width / count;
    if slot == 0 || area.height < 2 {
        return;
    }
    let height = area.height - 1;
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(0);
    let bar_width = slot.saturating_sub(1).max(1);
    let mut x = area.x;
    let mut free = area.x;
    for (bar, label) in bars.iter().zip(labels) {
        column(
            theme,
            style,
            bar.count,
            most,
            Rect { x, y: area.y, width: bar_width, height },
            buffer,
        );
        let quiet = if bar.count > 0 { theme.text() } else { theme.quiet() };
        let end = x.saturating_add(u16::try_from(label.width()).unwrap_or(u16::MAX));
        if x >= free && end <= area.right() {
            buffer.set_string(x, area.y + height, label, quiet);
            free = end.saturating_add(1);
        }
        x += slot;
    }
}

/// Draws one column: a value as a share of the greatest.
pub(super) fn column(
    theme: Theme,
    style: Style,
    value: u64,
    most: u64,
    area: Rect,
    buffer: &mut Buffer,
) {
    let heights = theme.heights();
    let full = u64::from(area.height) * 8;
    let scaled = u128::from(value) * u128::from(full);
    let mut eighths =
        u64::try_from(scaled.checked_div(u128::from(most)).unwrap_or(0)).unwrap_or(full);
    if value > 0 {
        // Something is never shown as nothing.
        eighths = eighths.max(1);
    }
    for row in 0..area.height {
        let below = u64::from(area.height - 1 - row) * 8;
        let level = usize::try_from(eighths.saturating_sub(below).min(8)).unwrap_or(8);
        let symbol = heights.get(level).copied().unwrap_or(" ");
        if level == 0 {
            continue;
        }
        for column in 0..area.width {
            if let Some(cell) = buffer.cell_mut((area.x + column, area.y + row)) {
                cell.set_symbol(symbol).set_style(style);
            }
        }
    }
}
