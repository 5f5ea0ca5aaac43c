//! Figures over time and their distribution, as bars.

pub(super) mod bars;
pub(super) mod latency;
pub(super) mod throughput;

use ratatui::text::{Line, Span};

use crate::workbench::commands::Command;
use crate::workbench::state::Workbench;

/// The time that a chart is of, and the key that changes it.
fn window_key(workbench: &Workbench) -> Line<'static> {
    let theme = workbench.theme;
    let key = workbench.keymap.shown_key(Command::Window, Some(workbench.pane));
    let key = key.map(|key| Span::styled(format!("{key} "), theme.key()));
    let name = Span::styled(format!(" {} ", workbench.window.name()), theme.quiet());
    [Some(name), key].into_iter().flatten().collect()
}
