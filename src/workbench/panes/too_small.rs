//! What a screen shows that is too small for the panes: what it needs, and that the engine goes on.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget};

use crate::workbench::layout::{MIN_HEIGHT, MIN_WIDTH};
use crate::workbench::state::Workbench;
use crate::workbench::words;

pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let cross = theme.symbol("×", "x");
    let totals = snapshot.totals;
    // The first lines matter most: a tiny screen shows only them.
    let lines = vec![
        Line::styled(format!("{MIN_WIDTH}{cross}{MIN_HEIGHT} needed"), theme.warning()),
        Line::from(vec![
            Span::styled("this is ", theme.quiet()),
            Span::raw(format!("{}{cross}{}", area.width, area.height)),
        ]),
        Line::styled(snapshot.application.to_string(), theme.accent()),
        Line::raw(format!(
            "{} in, {} out",
            words::short(totals.messages_in),
            words::short(totals.messages_out)
        )),
        Line::raw(format!("{} msg/s", words::short(snapshot.throughput.last()))),
        Line::styled("Ctrl-C quits", theme.quiet()),
    ];
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
    let place = area.centered(Constraint::Length(area.width), Constraint::Length(height));
    Paragraph::new(Text::from(lines)).centered().render(place, buffer);
}
