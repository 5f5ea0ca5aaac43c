//! The window with all of one thing: its place, its rules, and the lines that are in sight. It covers the
//! panes from edge to edge, and its top stays where it is when it grows.

mod branches;
mod changed;
mod dead_letter;
mod difference;
mod hex;
mod log_line;
mod message;
mod output;
mod partition;
mod sheet;
mod sparkline;
mod told;
mod tree;
pub(super) mod wrapping;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Clear, Widget};
use unicode_width::UnicodeWidthStr;

use crate::session::past::Travel;
use crate::workbench::panes::frame;
use crate::workbench::state::Workbench;
use crate::workbench::state::windows::detail::folds::{Branch, Folds};
use crate::workbench::state::windows::detail::view::{Extent, View};
use crate::workbench::state::windows::detail::{Detail, Opens, Subject};
use crate::workbench::words;
use sheet::{Laid, Sheet, Target};

/// The footer below the window, and its two rules.
const BELOW: u16 = 3;

/// The rows above the window: the header, and the moment of the past if there is one.
fn above(workbench: &Workbench) -> u16 {
    1 + u16::from(workbench.is_past())
}

/// How many lines there is room for on a screen.
fn most_lines(workbench: &Workbench, area: Rect) -> usize {
    usize::from(area.height.saturating_sub(BELOW + above(workbench)))
}

pub(super) fn render(workbench: &Workbench, detail: &Detail, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let Sheet { title, keys, live, parts } = sheet(workbench, detail);
    let laid = Laid::new(theme, parts, columns(area));
    let most = most_lines(workbench, area);
    let extent = laid.extent(most);
    let view = detail.view.within(&extent);
    let lines = if live { most } else { extent.lines.min(most) };
    let height = u16::try_from(lines).unwrap_or(area.height).saturating_add(2);
    let y = area.y.saturating_add(above(workbench));
    let place = Rect { y, height, ..area }.intersection(area);
    Clear.render(place, buffer);
    let width = usize::from(place.width).saturating_sub(4);
    let has_cursor = laid.has_cursor(most);
    // The window may cover where notices are said otherwise.
    let notice = workbench.notices.shown().map(|notice| notice.text.clone());
    let told = notice.or_else(|| laid.told(&view)).or_else(|| {
        (extent.lines > most).then(|| {
            let [line, lines] = [view.cursor + 1, extent.lines].map(|at| words::exact(at as u64));
            format!("line {line} of {lines}")
        })
    });
    let told = theme.fit(&told.unwrap_or_default(), width);
    let room = width.saturating_sub(told.width() + 4);
    let branch = laid.branch(view.cursor);
    let folds = branch.map(|branch| if branch.folded { "Enter unfolds" } else { "Enter folds" });
    let enter = laid.target(view.cursor).map(Target::hint).or(folds);
    let keys = theme.fit(&hint(workbench, &keys, enter, room), room);
    let framed = |text: &str| if text.is_empty() { String::new() } else { format!(" {text} ") };
    let block = Block::new()
        .borders(Borders::TOP | Borders::BOTTOM)
        .border_set(theme.border_set())
        .border_style(theme.border(true))
        .title_top(Line::styled(format!(" {} ", theme.fit(&title, width)), theme.accent()))
        .title_bottom(Line::styled(framed(&told), theme.text()))
        .title_bottom(Line::styled(framed(&keys), theme.quiet()).right_aligned());
    let inner = block.inner(place);
    block.render(place, buffer);
    for (at, row) in (view.top..extent.lines).zip(inner.rows()) {
        let selected = has_cursor && at == view.cursor;
        workbench.spots.row(row, None, selected);
        let text = Rect { x: row.x + 1, width: row.width.saturating_sub(2), ..row };
        laid.line(at, &view).render(text, buffer);
        if selected {
            theme.select(row, buffer);
        }
    }
}

/// Draws as much of a thing as there is room for beside the lists; Enter opens all of it.
pub(in crate::workbench::panes) fn beside(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let Some(subject) = workbench.beside() else { return };
    let theme = workbench.theme;
    let detail =
        Detail { subject, view: View::default(), fields: Vec::new(), folds: Folds::default() };
    let Sheet { title, parts, .. } = sheet(workbench, &detail);
    let title = theme.fit(&title, usize::from(area.width).saturating_sub(4));
    let title = frame::title(theme, &title, false, String::new());
    let inner = frame::pane(theme, title, Line::default(), false, area, buffer);
    let laid = Laid::new(theme, parts, usize::from(inner.width));
    let extent = laid.extent(usize::from(inner.height));
    let rows = inner.rows().zip(0..extent.lines);
    rows.for_each(|(row, at)| laid.line(at, &detail.view).render(row, buffer));
    let out_of_sight = extent.lines.saturating_sub(extent.height);
    if let Some(row) = inner.rows().next_back().filter(|_| out_of_sight > 0) {
        Clear.render(row, buffer);
        let lines = words::counted(out_of_sight as u64 + 1, "more line");
        Line::styled(lines, theme.quiet()).render(row, buffer);
    }
}

/// The columns for the lines of a window: beside them are the mark of the cursor, and nothing.
fn columns(area: Rect) -> usize {
    usize::from(area.width.saturating_sub(2))
}

/// What the keys do, as much of it as there is room for: how the window is closed in any case.
fn hint(workbench: &Workbench, keys: &str, enter: Option<&str>, room: usize) -> String {
    const GAP: &str = "   ";
    let keys = keys.split(GAP).filter(|key| !key.is_empty());
    let close = if workbench.beneath.is_empty() { "Esc closes" } else { "Esc goes back" };
    let all: Vec<&str> = enter.into_iter().chain(keys).chain([close]).collect();
    let fits = |first: &usize| all.get(*first..).is_some_and(|keys| keys.join(GAP).len() <= room);
    let first = (0..all.len()).find(fits).unwrap_or(all.len().saturating_sub(1));
    all.get(first..).unwrap_or_default().join(GAP)
}

fn sheet<'a>(workbench: &'a Workbench, detail: &'a Detail) -> Sheet<'a> {
    match &detail.subject {
        Subject::Message(trace) => message::sheet(workbench, trace, detail),
        Subject::DeadLetter(letter) => {
            dead_letter::sheet(workbench, letter, &detail.fields, &detail.folds)
        }
        Subject::LogLine(line) => log_line::sheet(workbench, line),
        Subject::Output(output) => output::sheet(workbench, output),
        Subject::Branch => difference::sheet(workbench, &detail.folds),
        Subject::Partition { state, key, last } => {
            partition::sheet(workbench, *state, key, last.as_deref(), &detail.folds)
        }
    }
}

impl Workbench {
    fn laid<'a>(&'a self, detail: &'a Detail) -> Laid<'a> {
        Laid::new(self.theme, sheet(self, detail).parts, columns(self.area))
    }

    /// How much a window has to show, and how much of it is in sight.
    pub(in crate::workbench) fn extent_of(&self, detail: &Detail) -> Extent {
        self.laid(detail).extent(most_lines(self, self.area))
    }

    /// The branch of a tree under the cursor.
    pub(in crate::workbench) fn branch_at_cursor(&self, detail: &Detail) -> Option<Branch> {
        let laid = self.laid(detail);
        let view = detail.view.within(&laid.extent(1));
        laid.branch(view.cursor).cloned()
    }

    /// The field of a partition's state under the cursor.
    pub(in crate::workbench) fn field_of(&self, detail: &Detail) -> Option<Vec<String>> {
        let laid = self.laid(detail);
        let view = detail.view.within(&laid.extent(1));
        laid.field(view.cursor).cloned()
    }

    /// What the line under the cursor opens.
    pub(in crate::workbench) fn subject_at_cursor(&self, detail: &Detail) -> Option<Opens> {
        let laid = self.laid(detail);
        let view = detail.view.within(&laid.extent(1));
        Some(match laid.target(view.cursor)?.clone() {
            Target::Message(trace) => Opens::Window(Subject::Message(trace)),
            Target::Partition(state, key) => {
                let last = self.opened_row(state, &key).cloned().map(Box::new);
                Opens::Window(Subject::Partition { state, key, last })
            }
            Target::Moment(message) => Opens::Moment(Travel::To(message)),
            Target::Changes(state, key) => Opens::Moment(Travel::Changes((state, key))),
        })
    }
}
