//! Moves from pane to pane and from row to row, and opens the selected row.

use std::sync::Arc;

use super::super::commands::Command;
use super::super::layout::Pane;
use super::Workbench;
use super::overlay::Overlay;
use super::rows::moved;

impl Workbench {
    pub(super) fn leave_input(&mut self) {
        let stateful = !self.topology.states().is_empty();
        self.pane = if stateful { Pane::Partitions } else { Pane::Routing };
    }

    /// Goes to the next pane, or back to the one before.
    pub(super) fn next_pane(&mut self, back: bool) {
        let stateful = !self.topology.states().is_empty();
        let panes: Vec<Pane> =
            PANES.into_iter().filter(|pane| stateful || *pane != Pane::Partitions).collect();
        debug_assert!(panes.contains(&self.pane), "Tab reaches the pane that has the keys");
        let at = panes.iter().position(|pane| *pane == self.pane).unwrap_or(0);
        let steps = if back { panes.len() - 1 } else { 1 };
        if let Some(pane) = panes.get((at + steps) % panes.len()) {
            self.pane = *pane;
        }
        self.zoomed &= self.pane != Pane::Input;
    }

    pub(super) fn move_selection(&mut self, command: Command) {
        let height =
            self.places().and_then(|places| places.of(self.pane)).map_or(1, |area| area.height);
        let page = usize::from(height.saturating_sub(3)).max(1);
        match self.pane {
            Pane::Partitions => self.partitions.go(command, page, &self.snapshot.partitions),
            Pane::Routing => self.trace.go(command, page, &self.snapshot.traces),
            Pane::DeadLetters => self.letters.go(command, page, &self.snapshot.dead_letters),
            Pane::Log => self.log_line.go(command, page, &self.snapshot.log.lines),
            Pane::Outputs => {
                let last = self.snapshot.outputs.len().saturating_sub(1);
                self.output_offset = moved(self.output_offset, command, page, last);
            }
            Pane::Input => {}
        }
    }

    pub(super) fn open(&mut self) {
        self.overlay = match self.pane {
            Pane::Routing => {
                let trace = self.trace.of(&self.snapshot.traces).map(Arc::clone);
                trace.map(|trace| Overlay::Trace { trace, scroll: 0 })
            }
            Pane::DeadLetters => self.selected_letter().map(Overlay::DeadLetter),
            Pane::Log => {
                let line = self.log_line.of(&self.snapshot.log.lines);
                line.map(|line| Overlay::LogLine(Arc::clone(line)))
            }
            Pane::Partitions => {
                let row = self.partitions.selected_row(&self.snapshot.partitions);
                row.map(|row| Overlay::Partition { key: row.row.key.clone(), last: row.clone() })
            }
            Pane::Input | Pane::Outputs => None,
        };
    }

    pub(super) fn close(&mut self) {
        // First the filter of the focused pane.
        let here = self.pane == Pane::DeadLetters && self.letters.clear_filter();
        if here || self.partitions.clear_filter() || self.letters.clear_filter() {
            return;
        }
        self.zoomed = false;
    }
}

/// The panes in the order in which Tab goes through them.
const PANES: [Pane; 6] =
    [Pane::Input, Pane::Partitions, Pane::Routing, Pane::Log, Pane::Outputs, Pane::DeadLetters];
