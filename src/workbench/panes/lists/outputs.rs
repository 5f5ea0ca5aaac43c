//! What the sinks were given, newest first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::application::text_of_bytes;
use crate::workbench::layout::Pane;
use crate::workbench::panes::frame::{filter, pane, title};
use crate::workbench::state::Workbench;
use crate::workbench::words;

pub(in crate::workbench::panes) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let focused = workbench.pane == Pane::Outputs;
    let count = words::count(snapshot.totals.messages_out);
    let name = title(theme, "Sink output", focused, count);
    let right = workbench.searches.of(Pane::Outputs).and_then(|search| filter(theme, search));
    let inner = pane(theme, name, right.unwrap_or_default(), focused, area, buffer);
    if snapshot.outputs.is_empty() {
        return Line::styled("What leaves appears here.", theme.quiet()).render(inner, buffer);
    }
    let several = workbench.topology.pipelines().len() > 1;
    let outputs = workbench.shown_outputs();
    let shown = outputs.iter().skip(workbench.output_offset);
    for (at, (output, row)) in shown.zip(inner.rows()).enumerate() {
        workbench.spots.row(row, Some(Pane::Outputs), at == 0);
        let text = text_of_bytes(output.bytes.strip_suffix(b"\n").unwrap_or(&output.bytes));
        let newest = at == 0 && workbench.output_offset == 0;
        let style = if newest { theme.title() } else { theme.text() };
        let mut spans = Vec::new();
        let pipeline = workbench.topology.pipelines().get(output.pipeline.0);
        if let Some(pipeline) = pipeline.filter(|_| several) {
            spans.push(Span::styled(format!("{} ", pipeline.name), theme.quiet()));
        }
        spans.push(Span::styled(theme.fit(&text, usize::from(row.width)), style));
        Line::from(spans).render(row, buffer);
    }
}
