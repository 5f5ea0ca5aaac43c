//! Breakpoints: what opens their window, what its keys do, and what is selected where the engine has stopped.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};

use super::lists::rows::SelectedRow;
use super::windows::breakpoints::BreakpointsWindow;
use super::windows::detail::{Detail, Subject};
use super::windows::overlay::Overlay;
use super::{Effect, Workbench};
use crate::core::frames::trace::Trace;
use crate::session::orders::{BreakpointOrder, Order};
use crate::telemetry::Snapshot;
use crate::workbench::commands::Command;
use crate::workbench::layout::Pane;
use crate::workbench::terminal::keys::Key as TerminalKey;

impl Workbench {
    /// Opens the window. The line begins with what is at hand.
    pub(super) fn open_breakpoints(&mut self) {
        let window = BreakpointsWindow::new(self.known_fields(), self.condition_at_hand());
        self.beneath.extend(self.overlay.take());
        self.overlay = Some(Overlay::Breakpoints(window));
    }

    /// The condition that is most likely meant where the window is opened: the next dead letter of the step of a dead
    /// letter, or the partition.
    fn condition_at_hand(&self) -> String {
        let letter = match &self.overlay {
            Some(Overlay::Detail(Detail { subject: Subject::DeadLetter(letter), .. })) => {
                Some(Arc::clone(letter))
            }
            None if self.pane == Pane::DeadLetters => self.selected_letter(),
            Some(_) | None => None,
        };
        let of_partition = || {
            let is_open = matches!(
                &self.overlay,
                Some(Overlay::Detail(Detail { subject: Subject::Partition { .. }, .. }))
            );
            let is_here = self.overlay.is_none() && self.pane == Pane::Partitions;
            let row = self.partition_at_hand().filter(|_| is_open || is_here)?;
            Some(format!("key == {}", quoted(&row.row.key.to_string())))
        };
        let of_letter = letter.map(|letter| format!("dead && step == {}", quoted(&letter.step)));
        of_letter.or_else(of_partition).unwrap_or_default()
    }

    /// Takes a key. The window has been taken off, and is put back if it stays.
    pub(super) fn key_of_breakpoints(
        &mut self,
        mut window: BreakpointsWindow,
        key: TerminalKey,
        event: KeyEvent,
    ) -> Option<Effect> {
        let snapshot = Arc::clone(&self.snapshot);
        let all = snapshot.breakpoints.all.as_slice();
        let place = window.place(all);
        let command =
            self.keymap.command_of(key, if place.is_none() { Some(Pane::Input) } else { None });
        let effect = match (key.code, place) {
            (KeyCode::Esc, _) => {
                self.overlay = self.beneath.pop();
                return None;
            }
            (KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown, _) => {
                let moves = match key.code {
                    KeyCode::Up => Command::Up,
                    KeyCode::Down => Command::Down,
                    KeyCode::PageUp => Command::PageUp,
                    _ => Command::PageDown,
                };
                window.go(moves, all);
                None
            }
            (KeyCode::Enter, None) => {
                let set =
                    if window.holds { BreakpointOrder::SetHold } else { BreakpointOrder::Set };
                window.set_typed().map(set)
            }
            (KeyCode::Tab, None) => {
                window.holds = !window.holds;
                None
            }
            (KeyCode::Char('h'), Some(place)) => {
                let number = all.get(place).map(|one| one.number);
                number.map(BreakpointOrder::SwitchHold)
            }
            (KeyCode::Enter, Some(place)) => {
                let number = all.get(place).map(|one| one.number);
                number.map(BreakpointOrder::Switch)
            }
            (KeyCode::Delete | KeyCode::Backspace, Some(place)) => {
                let number = all.get(place).map(|one| one.number);
                // The next one is selected, so that several can be removed.
                let next = all.get(place + 1).or_else(|| all.get(place.checked_sub(1)?));
                window.selected = next.map(|one| one.number);
                number.map(BreakpointOrder::Remove)
            }
            (_, None) if key.is_text() || command.is_none() => {
                // A key that there is no room for changes nothing.
                let _ = window.line.key(event);
                window.typed();
                None
            }
            // It is open.
            (_, Some(_)) if command == Some(Command::Breakpoints) => None,
            (_, _) => {
                return self.key_of_window(Overlay::Breakpoints(window), key, command);
            }
        };
        self.overlay = Some(Overlay::Breakpoints(window));
        effect.map(|order| Effect::Order(Order::Breakpoint(order)))
    }

    /// Takes note of a stop at a breakpoint: its message, and its partition, are selected.
    pub(super) fn note_hit(&mut self, snapshot: &Snapshot) {
        let before = self.snapshot.breakpoints.hit.as_ref().map(|hit| hit.number);
        let Some(hit) = snapshot.breakpoints.hit.as_ref().filter(|hit| Some(hit.number) != before)
        else {
            return;
        };
        self.frozen = false;
        self.remark(hit.to_string(), hit.unjudged.is_some());
        // In the past, the newest message is the one at which the engine has stopped.
        let name = |trace: &Trace| (Arc::clone(&trace.pipeline), trace.sequence);
        self.trace = SelectedRow::of_one(&snapshot.traces, |trace| name(trace) == name(&hit.trace));
        self.spotlight = true;
        if let Some(key) = &hit.key {
            self.partitions.select_key(key.clone());
        }
    }
}

/// A text as a condition has it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
