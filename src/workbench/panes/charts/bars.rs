//! A histogram as columns with a label under each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::telemetry::Bar;
use crate::workbench::theme::Theme;

/// Draws bars over their labels, the area's last line. If not all labels fit, only every second
/// or third is written.
pub(super) fn render(
    theme: Theme,
    style: Style,
    bars: &[Bar],
    labels: &[&str],
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
    let longest = labels.iter().map(|label| label.len()).max().unwrap_or(0);
    let every = (longest + 1).div_ceil(usize::from(slot)).max(1);
    let mut x = area.x;
    for (at, (bar, label)) in bars.iter().zip(labels).enumerate() {
        let place = Rect { x, y: area.y, width: bar_width, height };
        column(theme, style, bar.count, most, place, buffer);
        if at.is_multiple_of(every) {
            let style = if bar.count > 0 { theme.text() } else { theme.quiet() };
            let room = usize::from(area.right().saturating_sub(x));
            buffer.set_stringn(x, area.y + height, label, room, style);
        }
        x += slot;
    }
}

/// Values in one line, each as high as its share of the greatest.
pub(in crate::workbench::panes) fn line(theme: Theme, values: &[u64], most: u64) -> String {
    let height = |value: u64| {
        let eighths = (u128::from(value) * 8).checked_div(u128::from(most)).unwrap_or(0);
        // More than nothing is seen.
        let eighths = usize::try_from(eighths).unwrap_or(8).clamp(usize::from(value > 0), 8);
        theme.heights().get(eighths).copied().unwrap_or(" ")
    };
    values.iter().map(|value| height(*value)).collect()
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
        // More than nothing is at least an eighth of a cell.
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
