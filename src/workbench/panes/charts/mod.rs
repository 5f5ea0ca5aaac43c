//! Figures over time and their distribution, as bars.

pub(super) mod bars;
pub(super) mod latency;
pub(super) mod throughput;

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::workbench::commands::Command;
use crate::workbench::state::Workbench;

/// The first of these titles beside which there is room for the time that the chart is of, and that time. The key
/// that changes it is there if there is room for it too.
fn titles<const N: usize>(
    workbench: &Workbench,
    titles: [Line<'static>; N],
    area: Rect,
) -> (Line<'static>, Line<'static>) {
    let theme = workbench.theme;
    let key = workbench.keymap.shown_key(Command::Window, Some(workbench.pane));
    let key = key.map(|key| Span::styled(format!("{key} "), theme.key()));
    let name = Line::styled(format!(" {} ", workbench.window.name()), theme.quiet());
    // The blank columns at both ends, and the rule between the two.
    let room = |title: &Line<'_>| usize::from(area.width).saturating_sub(title.width() + 4);
    let fits = |title: &&Line<'_>| name.width() <= room(title);
    let title = titles.iter().find(fits).or(titles.last()).cloned().unwrap_or_default();
    let key = key.filter(|key| name.width() + key.width() <= room(&title));
    let right = name.spans.iter().cloned().chain(key).collect::<Line<'_>>();
    (title, right.style(name.style))
}
