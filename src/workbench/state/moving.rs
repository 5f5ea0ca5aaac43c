//! Moves from pane to pane and from row to row, and opens the selected row.

use std::sync::Arc;

use super::super::commands::Command;
use super::super::layout::Pane;
use super::Workbench;
use super::lists::filter_line::FilterLine;
use super::lists::rows::moved;
use super::windows::detail::Subject;

impl Workbench {
    pub(super) fn leave_input(&mut self) {
        let stateful = !self.topology.states().is_empty();
        self.pane = if stateful { Pane::Partitions } else { Pane::Routing };
    }

    /// Goes to the next pane, or back to the one before.
    pub(super) fn next_pane(&mut self, back: bool) {
        let stateful = !self.topology.states().is_empty();
        let panes: Vec<Pane> =
            Pane::ALL.into_iter().filter(|pane| stateful || *pane != Pane::Partitions).collect();
        debug_assert!(panes.contains(&self.pane), "Tab reaches the pane that has the keys");
        let at = panes.iter().position(|pane| *pane == self.pane).unwrap_or(0);
        let steps = if back { panes.len() - 1 } else { 1 };
        if let Some(pane) = panes.get((at + steps) % panes.len()) {
            self.pane = *pane;
        }
        self.zoomed &= self.pane != Pane::Input;
    }

    /// Goes to a pane.
    pub(super) fn go_to(&mut self, pane: Pane) {
        if pane == Pane::Partitions && self.topology.states().is_empty() {
            return;
        }
        self.pane = pane;
        self.zoomed &= pane != Pane::Input;
    }

    pub(super) fn move_selection(&mut self, command: Command) {
        let height =
            self.places().and_then(|places| places.of(self.pane)).map_or(1, |area| area.height);
        let page = usize::from(height.saturating_sub(3)).max(1);
        match self.pane {
            Pane::Partitions => self.partitions.go(command, page, &self.snapshot.partitions),
            Pane::Routing => {
                let shown = self.shown_traces().into_owned();
                self.trace.go(command, page, &shown);
            }
            Pane::DeadLetters => self.letters.go(command, page, &self.snapshot.dead_letters),
            Pane::Log => {
                let shown = self.shown_log().into_owned();
                self.log_line.go(command, page, &shown);
            }
            Pane::Outputs => {
                let last = self.shown_outputs().len().saturating_sub(1);
                self.output_offset = moved(self.output_offset, command, page, last);
            }
            Pane::Input => {}
        }
    }

    /// Opens the window of the selected row.
    pub(super) fn open(&mut self) {
        let subject = match self.pane {
            Pane::Routing => {
                self.trace.of(&self.shown_traces()).map(Arc::clone).map(Subject::Message)
            }
            Pane::DeadLetters => self.selected_letter().map(Subject::DeadLetter),
            Pane::Log => self.log_line.of(&self.shown_log()).map(Arc::clone).map(Subject::LogLine),
            Pane::Outputs => {
                let outputs = self.shown_outputs();
                outputs.get(self.output_offset).map(Arc::clone).map(Subject::Output)
            }
            Pane::Partitions => {
                let shown = &self.snapshot.partitions;
                self.partitions.selected_row(shown).map(|row| Subject::Partition {
                    state: shown.view.state,
                    key: row.row.key.clone(),
                    last: Some(Box::new(row.clone())),
                })
            }
            Pane::Input => None,
        };
        if let Some(subject) = subject {
            self.open_detail(subject);
        }
    }

    pub(super) fn close(&mut self) {
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
