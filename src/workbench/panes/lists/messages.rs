//! What happened to recent messages, newest first: a table whose columns stay under each other.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::message_cells::{Cells, End};
use super::{mark_more, rows};
use crate::core::frames::trace::Trace;
use crate::core::frames::wrapping::Wrapping;
use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;
use crate::workbench::theme::Theme;

/// From this height on, the columns have names.
const ROOM_FOR_NAMES: u16 = 5;

/// The columns of the time.
const TIME: usize = 7;

pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    if snapshot.traces.is_empty() {
        let hint = "A message's way appears here: frame, key, worker, state, output, time.";
        return Line::styled(hint, theme.quiet()).render(area, buffer);
    }
    let height = height_of_rows(area.height);
    let names = area.height - height;
    let below = Rect { y: area.y + names, height, ..area };
    let shown = workbench.shown_traces();
    let selected = workbench.trace.place(&shown);
    let focused = workbench.pane == Pane::Messages;
    let in_sight: Vec<_> = rows(&*shown, selected, focused, below)
        .map(|(is_selected, trace, row)| (is_selected, cells(workbench, trace), row))
        .collect();
    let table = Table::new(workbench, in_sight.iter().map(|(_, cells, _)| cells), area.width);
    if names > 0 {
        let row = Rect { height: 1, ..area };
        table.names(row, buffer);
        mark_more(theme, &workbench.message_columns, row, buffer);
    }
    for (is_selected, cells, row) in &in_sight {
        workbench.spots.row(*row, Some(Pane::Messages), *is_selected);
        table.row(cells).render(*row, buffer);
        if (focused || workbench.spotlight) && *is_selected {
            theme.select_in_pane(*row, buffer);
        }
    }
}

/// How much of a height the rows have, below the names of the columns.
pub(super) fn height_of_rows(height: u16) -> u16 {
    height - u16::from(height >= ROOM_FOR_NAMES)
}

fn cells(workbench: &Workbench, trace: &Arc<Trace>) -> Cells {
    let plan = workbench.topology.pipelines().iter().find(|plan| plan.name == trace.pipeline);
    let wrapping = plan.map_or(Wrapping::Header(0), |plan| plan.source.framing.wrapping());
    let mut cells = Cells::new(workbench.theme, trace, wrapping);
    if workbench.was_taken_back(trace) {
        cells.end = End::Output("taken back".to_owned());
    }
    cells
}

/// The columns in their order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Number,
    Pipeline,
    Source,
    Frame,
    Message,
    Key,
    Worker,
    State,
    Change,
    Output,
}

const COLUMNS: [Column; 10] = [
    Column::Number,
    Column::Pipeline,
    Column::Source,
    Column::Frame,
    Column::Message,
    Column::Key,
    Column::Worker,
    Column::State,
    Column::Change,
    Column::Output,
];

impl Column {
    fn name(self, stateful: bool) -> &'static str {
        match self {
            Self::Number => "#",
            Self::Pipeline => "pipeline",
            Self::Source => "source",
            Self::Frame => "frame",
            Self::Message => "message",
            Self::Key => "key",
            Self::Worker => "w",
            Self::State if stateful => "state",
            Self::State => "result",
            Self::Change => "change",
            Self::Output => "output",
        }
    }

    /// The most and the least columns.
    fn limits(self) -> (usize, usize) {
        match self {
            // A part of a number would be another message.
            Self::Number => (20, 6),
            Self::Pipeline | Self::Source => (12, 6),
            Self::Frame => (24, 18),
            Self::Message => (40, 12),
            Self::Key => (16, 4),
            Self::Worker => (2, 1),
            Self::State => (32, 14),
            Self::Change => (10, 6),
            Self::Output => (36, 14),
        }
    }
}

/// What is done until all fits, the first thing first: a column gets so narrow, or is left out. The output never is.
const SAVINGS: [(Column, Option<usize>); 15] = [
    (Column::Frame, Some(18)),
    (Column::Frame, None),
    (Column::Change, None),
    (Column::Source, None),
    (Column::Message, Some(24)),
    (Column::State, Some(24)),
    (Column::Output, Some(24)),
    (Column::Message, Some(12)),
    (Column::State, Some(14)),
    (Column::Key, Some(4)),
    (Column::Output, Some(14)),
    (Column::Message, None),
    (Column::Pipeline, None),
    (Column::State, Some(12)),
    (Column::State, None),
];

/// Which columns get more than they want at most where there is room, the first one first.
const GROWING: [Column; 4] = [Column::Message, Column::State, Column::Output, Column::Key];

/// The columns of an output that is longer than its column may be.
const LONG_OUTPUT: usize = 28;

/// The widths of the columns that are shown.
struct Table {
    theme: Theme,
    stateful: bool,
    columns: Vec<(Column, usize)>,
    /// The columns of the state before, so that the arrows are below each other.
    before: usize,
    width: usize,
}

impl Table {
    fn new<'a>(
        workbench: &Workbench,
        rows: impl Iterator<Item = &'a Cells> + Clone,
        width: u16,
    ) -> Self {
        let stateful = !workbench.topology.states().is_empty();
        let several = workbench.topology.pipelines().len() > 1;
        let pairs = rows.clone().filter(|cells| !cells.state.1.is_empty());
        let before = pairs.map(|cells| cells.state.0.width()).max().unwrap_or(0);
        let mut table = Self {
            theme: workbench.theme,
            stateful,
            columns: Vec::new(),
            before: before.min(Column::State.limits().0 / 2),
            width: usize::from(width),
        };
        let longest = |column: Column| {
            let texts = rows.clone().map(|cells| table.text(column, cells).width());
            texts.max().unwrap_or(0).max(column.name(stateful).width())
        };
        let wanted = |column: Column| {
            let ((limit, least), longest) = (column.limits(), longest(column));
            // What is narrow now may not be so with the next message.
            match column {
                // One that is cut in any case leaves room to the others.
                Column::Output if longest > limit => LONG_OUTPUT,
                _ => longest.clamp(least, limit),
            }
        };
        let shown = COLUMNS.into_iter().filter(|column| match column {
            Column::Pipeline => several,
            Column::Key | Column::Worker | Column::Change => stateful,
            _ => true,
        });
        let columns: Vec<_> = shown.map(|column| (column, wanted(column))).collect();
        let full = GROWING.map(|column| (column, longest(column)));
        table.columns.clone_from(&columns);
        table.fit();
        let (fitting, room) = (table.columns, table.width.saturating_sub(TIME));
        let sideways = &workbench.message_columns;
        table.columns = sideways.choose(columns, fitting, room, |(_, width)| width + 2);
        table.grow(full);
        table
    }

    /// Gives what is left of the width to the columns that would be cut.
    fn grow(&mut self, full: [(Column, usize); GROWING.len()]) {
        for (growing, full) in full {
            let left = self.width.saturating_sub(self.needed());
            let mut columns = self.columns.iter_mut();
            if let Some((_, width)) = columns.find(|(column, _)| *column == growing) {
                *width += full.saturating_sub(*width).min(left);
            }
        }
    }

    fn needed(&self) -> usize {
        self.columns.iter().map(|(_, width)| width + 2).sum::<usize>() + TIME
    }

    fn fit(&mut self) {
        for (column, narrow) in SAVINGS {
            let over = self.needed().saturating_sub(self.width);
            let mut columns = self.columns.iter_mut();
            match (narrow, columns.find(|(shown, _)| *shown == column)) {
                _ if over == 0 => break,
                (Some(least), Some((_, width))) => {
                    *width = width.saturating_sub(over).max(least.min(*width));
                }
                (None, Some(_)) => self.columns.retain(|(shown, _)| *shown != column),
                (_, None) => {}
            }
        }
    }

    fn text(&self, column: Column, cells: &Cells) -> String {
        match column {
            Column::Number => cells.number.clone(),
            Column::Pipeline => cells.pipeline.to_string(),
            Column::Source => cells.source.clone(),
            Column::Frame => cells.frame.clone(),
            Column::Message => cells.message.clone(),
            Column::Key => cells.key.clone(),
            Column::Worker => cells.worker.map(|worker| worker.to_string()).unwrap_or_default(),
            Column::State => match &cells.state {
                (text, after) if after.is_empty() => text.clone(),
                (before, after) => {
                    let arrow = self.theme.symbol("→", ">");
                    format!("{before:>width$} {arrow} {after}", width = self.before)
                }
            },
            Column::Change => cells.change.clone(),
            Column::Output => match &cells.end {
                End::Output(text) => text.clone(),
                End::Refused(_) | End::Filtered(_) => String::new(),
            },
        }
    }

    fn style(&self, column: Column, cells: &Cells) -> Style {
        let theme = self.theme;
        match column {
            Column::Number | Column::Frame | Column::Source => theme.quiet(),
            Column::Key | Column::Pipeline => theme.title(),
            Column::Worker => cells.worker.map_or(theme.text(), |worker| theme.worker(worker.0)),
            Column::Change => theme.good(),
            Column::Message | Column::State | Column::Output => theme.text(),
        }
    }

    fn names(&self, row: Rect, buffer: &mut Buffer) {
        let cell = |(column, width): &(Column, usize)| {
            self.cell(*column, column.name(self.stateful), *width)
        };
        let names: String = self.columns.iter().map(cell).collect();
        let rest = self.width.saturating_sub(names.width());
        Line::styled(format!("{names}{:>rest$}", "time"), self.theme.quiet()).render(row, buffer);
    }

    /// A text in its column, and the gap after it.
    fn cell(&self, column: Column, text: &str, width: usize) -> String {
        let text = self.theme.fit(text, width);
        let blank = " ".repeat(width.saturating_sub(text.width()));
        match column {
            Column::Change => format!("{blank}{text}  "),
            _ => format!("{text}{blank}  "),
        }
    }

    fn row(&self, cells: &Cells) -> Line<'static> {
        let theme = self.theme;
        let mut line = Line::default();
        let end = self.width.saturating_sub(TIME + 1);
        let early = match &cells.end {
            End::Refused(reason) => Some((reason, theme.bad())),
            End::Filtered(text) => Some((text, theme.warning())),
            End::Output(_) => None,
        };
        // What ended early says so over all the columns that have nothing to show.
        let last = match (cells.message.is_empty(), cells.key.is_empty()) {
            (true, _) => Column::Frame,
            (false, true) => Column::Message,
            (false, false) => Column::Worker,
        };
        for (column, width) in &self.columns {
            if let Some((text, style)) = early.filter(|_| *column > last) {
                let room = end.saturating_sub(line.width());
                line.push_span(Span::styled(theme.fit(text, room), style));
                break;
            }
            let text = self.cell(*column, &self.text(*column, cells), *width);
            line.push_span(Span::styled(text, self.style(*column, cells)));
        }
        let (time, style) = match &cells.time {
            Some(time) => (time.clone(), theme.text()),
            None => (theme.symbol("…", "..").to_owned(), theme.warning()),
        };
        let rest = self.width.saturating_sub(line.width());
        line.push_span(Span::styled(format!("{time:>rest$}"), style));
        line
    }
}
