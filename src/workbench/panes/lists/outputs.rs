//! What the sinks were given, newest first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::rows;
use crate::application::text_of_bytes;
use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;

pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    if workbench.snapshot.outputs.is_empty() {
        return Line::styled("What leaves appears here.", theme.quiet()).render(area, buffer);
    }
    let pipelines = workbench.topology.pipelines();
    let outputs = workbench.shown_outputs();
    let selected = workbench.output.place(&outputs);
    let focused = workbench.pane == Pane::Outputs;
    for (is_selected, output, row) in rows(&*outputs, selected, focused, area) {
        workbench.spots.row(row, Some(Pane::Outputs), is_selected);
        let mut line = Line::default();
        if let Some(pipeline) = pipelines.get(output.pipeline.0).filter(|_| pipelines.len() > 1) {
            line.push_span(Span::styled(format!("{} ", pipeline.name), theme.quiet()));
        }
        let text = text_of_bytes(output.bytes.strip_suffix(b"\n").unwrap_or(&output.bytes));
        let room = usize::from(row.width).saturating_sub(line.width());
        line.push_span(Span::raw(theme.fit(&text, room)));
        line.render(row, buffer);
        if focused && is_selected {
            theme.select_in_pane(row, buffer);
        }
    }
}
