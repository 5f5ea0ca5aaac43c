//! Moves from pane to pane and from row to row, and opens the selected row.

use std::sync::Arc;
use std::time::Duration;

use super::super::commands::Command;
use super::super::layout::Pane;
use super::Workbench;
use super::lists::filters::filter_line::FilterLine;
use super::sideways::{ChartCursor, Sideways};
use super::windows::detail::Subject;
use crate::core::frames::trace::Trace;
use crate::core::numbers::Timestamp;
use crate::workbench::configuration::Windows;

impl Workbench {
    /// Shows what a user wants to see at the start, as far as the application has it.
    pub fn arrange(&mut self, windows: Windows) {
        self.window = windows.time;
        self.go_to(windows.list);
        self.go_to(Pane::Input);
        self.go_to(windows.pane);
        self.zoomed = windows.zoomed && self.pane == windows.pane;
        if let Some(command) = windows.open.filter(|command| self.refusal(*command).is_none()) {
            self.do_now(command);
        }
    }

    pub(super) fn leave_input(&mut self) {
        let stateful = !self.topology.states().is_empty();
        self.go_to(if stateful { Pane::Partitions } else { Pane::Messages });
    }

    /// Goes to the next pane, or back to the one before.
    pub(super) fn next_pane(&mut self, back: bool) {
        let stateful = !self.topology.states().is_empty();
        let stops = |pane: &&Pane| pane.has_rows() && (stateful || **pane != Pane::Partitions);
        let (before, after) = Pane::ALL.split_at(self.pane.number());
        let next = if back {
            before.iter().rev().chain(after.iter().rev()).find(stops)
        } else {
            after.iter().skip(1).chain(before).find(stops)
        };
        if let Some(pane) = next {
            self.go_to(*pane);
        }
    }

    /// Goes to a pane.
    pub(super) fn go_to(&mut self, pane: Pane) {
        if pane == Pane::Partitions && self.topology.states().is_empty() {
            return;
        }
        self.pane = pane;
        self.visited.retain(|visited| *visited != pane);
        self.visited.insert(0, pane);
        self.zoomed &= pane != Pane::Input;
        self.note_seen();
    }

    pub(super) fn move_selection(&mut self, command: Command) {
        let height =
            self.places().and_then(|places| places.of(self.pane)).map_or(1, |area| area.height);
        // The rule, and the names of the columns.
        let above = if matches!(self.pane, Pane::Partitions | Pane::Messages) { 2 } else { 1 };
        let page = usize::from(height.saturating_sub(above)).max(1);
        match self.pane {
            Pane::Partitions => self.partitions.go(command, page, &self.snapshot.partitions),
            Pane::Messages => {
                let shown = self.shown_traces().into_owned();
                self.trace.go(command, page, &shown);
            }
            Pane::DeadLetters => self.letters.go(command, page, &self.snapshot.dead_letters),
            Pane::Log => {
                let shown = self.shown_log().into_owned();
                self.log_line.go(command, page, &shown);
            }
            Pane::Outputs => {
                let shown = self.shown_outputs().into_owned();
                self.output.go(command, page, &shown);
            }
            Pane::Input | Pane::Flow | Pane::Throughput | Pane::Latency => {}
        }
    }

    /// The place of the selected row in a list that grows at its beginning; 0 in other panes.
    pub(in crate::workbench) fn selected_place(&self, pane: Pane) -> usize {
        match pane {
            Pane::Messages => self.trace.place(&self.shown_traces()),
            Pane::DeadLetters => {
                self.letters.place(&self.letters.shown(&self.snapshot.dead_letters))
            }
            Pane::Log => self.log_line.place(&self.shown_log()),
            Pane::Outputs => self.output.place(&self.shown_outputs()),
            Pane::Input | Pane::Flow | Pane::Partitions | Pane::Throughput | Pane::Latency => 0,
        }
    }

    /// Opens the window of the selected row.
    pub(super) fn open(&mut self) {
        if let Some(subject) = self.selected_in(self.pane) {
            self.open_detail(subject);
        }
    }

    /// What a large screen has beside the lists: all of what is selected in the focused pane, or of the selected
    /// partition if nothing is selected there.
    pub(in crate::workbench) fn beside(&self) -> Option<Subject> {
        self.selected_in(self.pane).or_else(|| self.selected_in(Pane::Partitions))
    }

    /// What the selected row of a pane is about.
    fn selected_in(&self, pane: Pane) -> Option<Subject> {
        match pane {
            Pane::Messages => {
                self.trace.of(&self.shown_traces()).map(Arc::clone).map(Subject::Message)
            }
            Pane::DeadLetters => self.selected_letter().map(Subject::DeadLetter),
            Pane::Log => self.log_line.of(&self.shown_log()).map(Arc::clone).map(Subject::LogLine),
            Pane::Outputs => {
                self.output.of(&self.shown_outputs()).map(Arc::clone).map(Subject::Output)
            }
            Pane::Partitions => {
                let shown = &self.snapshot.partitions;
                self.partitions.selected_row(shown).map(|row| Subject::Partition {
                    state: shown.view.state,
                    key: row.row.key.clone(),
                    last: Some(Box::new(row.clone())),
                })
            }
            Pane::Latency => self.slowest().map(|(trace, _)| Subject::Message(trace)),
            // There is no window for these.
            Pane::Input | Pane::Flow | Pane::Throughput => None,
        }
    }

    /// The message that took longest of those that are traced and of the time of the charts, and how long it took.
    pub(in crate::workbench) fn slowest(&self) -> Option<(Arc<Trace>, Duration)> {
        let since =
            self.window.length().and_then(|length| self.snapshot.uptime.checked_sub(length));
        let since = Timestamp::default().after(since.unwrap_or_default());
        let recent = self.snapshot.traces.iter().filter(|trace| trace.read_at >= since);
        let took = recent.filter_map(|trace| Some((Arc::clone(trace), trace.took()?)));
        took.max_by_key(|(_, took)| *took)
    }

    /// How far the table of a pane is scrolled; `None` if the pane has no table with columns.
    fn sideways_of(&self, pane: Pane) -> Option<&Sideways> {
        match pane {
            Pane::Partitions => Some(&self.partition_columns),
            Pane::Messages => Some(&self.message_columns),
            _ => None,
        }
    }

    /// Does Left or Right in a pane.
    pub(super) fn go_sideways(&mut self, right: bool) {
        if self.pane == Pane::Throughput {
            self.cursor = self.cursor.moved(right, &self.snapshot.throughput, self.window);
        } else if let Some(sideways) = self.sideways_of(self.pane) {
            sideways.go(right);
        }
    }

    /// Why Left or Right can do nothing in the focused pane.
    pub(super) fn no_way_sideways(&self, command: Command) -> Option<String> {
        let right = command == Command::Right;
        let reason = match self.sideways_of(self.pane) {
            Some(sideways) if sideways.can_go(right) => return None,
            Some(_) if right => "there is no column beyond the right edge",
            Some(_) => "there is no column beyond the left edge",
            None if self.pane == Pane::Throughput => return None,
            None => "this pane has no columns",
        };
        Some(reason.to_owned())
    }

    pub(super) fn close(&mut self) {
        if self.pane == Pane::Throughput && self.cursor != ChartCursor::default() {
            self.cursor = ChartCursor::default();
            return;
        }
        // First the filter of the focused pane.
        let here = self.pane == Pane::DeadLetters && self.letters.clear_filter();
        let here = here || self.searches.of_mut(self.pane).is_some_and(FilterLine::clear);
        let anywhere = |all: &mut Self| {
            all.partitions.clear_filter() || all.letters.clear_filter() || all.searches.clear()
        };
        if here || anywhere(self) {
            return;
        }
        self.zoomed = false;
    }
}
