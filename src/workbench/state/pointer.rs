//! The mouse: what a click or the wheel does. Nothing needs it.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::spots::{Spot, message_at};
use super::windows::overlay::Overlay;
use super::{Effect, Workbench};
use crate::core::partitions::query::SortBy;
use crate::session::past::Travel;
use crate::workbench::commands::Command;
use crate::workbench::layout::Pane;

/// How many rows the wheel moves at a time.
const WHEEL: usize = 3;

impl Workbench {
    pub(super) fn mouse(&mut self, event: MouseEvent) -> Option<Effect> {
        let position = Position::new(event.column, event.row);
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) => self.click(position),
            MouseEventKind::ScrollUp => self.wheel(position, Command::Up),
            MouseEventKind::ScrollDown => self.wheel(position, Command::Down),
            _ => None,
        }
    }

    fn click(&mut self, position: Position) -> Option<Effect> {
        let (place, spot) = self.spots.at(position)?;
        let of_window = matches!(spot, Spot::Row { pane: None, .. });
        if let Spot::Recording { first, last } = spot {
            // A window about one thing stays open: it shows that of then.
            let reached = matches!(self.overlay, None | Some(Overlay::Detail(_)));
            let column = usize::from(position.x.saturating_sub(place.x));
            let message = message_at(column, (first, last), usize::from(place.width));
            self.frozen &= !reached;
            return reached.then_some(Effect::Travel(Travel::To(message)));
        }
        // What lies under a window is out of reach.
        if self.overlay.is_some() != of_window {
            return None;
        }
        match spot {
            Spot::Pane(pane) => self.go_to(pane),
            Spot::Row { pane, selected } => {
                if let Some(pane) = pane {
                    let focused = self.pane == pane;
                    self.go_to(pane);
                    if selected && focused {
                        return self.command(Command::Open);
                    }
                }
                let distance = self.spots.distance(place, pane)?;
                let command = if distance < 0 { Command::Up } else { Command::Down };
                for _ in 0..distance.unsigned_abs() {
                    self.step_rows(command);
                }
                self.spots.select(place, pane);
                if selected && pane.is_none() {
                    return self.choose_in_window();
                }
            }
            Spot::Column(column) => {
                self.go_to(Pane::Partitions);
                self.sort_by(&column);
            }
            Spot::Recording { .. } => {}
        }
        None
    }

    fn wheel(&mut self, position: Position, command: Command) -> Option<Effect> {
        if self.overlay.is_none() {
            let pane = match self.spots.at(position)?.1 {
                Spot::Pane(pane) | Spot::Row { pane: Some(pane), .. } => pane,
                Spot::Column(_) => Pane::Partitions,
                Spot::Row { pane: None, .. } | Spot::Recording { .. } => return None,
            };
            self.go_to(pane);
        }
        for _ in 0..WHEEL {
            self.step_rows(command);
        }
        None
    }

    /// One row up or down in the window, or in the focused pane.
    fn step_rows(&mut self, command: Command) {
        match self.overlay.take() {
            None => self.move_selection(command),
            Some(Overlay::Palette(mut palette)) => {
                palette.go(command);
                self.overlay = Some(Overlay::Palette(palette));
            }
            Some(Overlay::Themes(mut themes)) => {
                self.theme = self.theme.with_look(themes.go(command));
                self.overlay = Some(Overlay::Themes(themes));
            }
            Some(Overlay::Load(row)) => {
                self.overlay = Some(Overlay::Load(self.load_row(row, command)));
            }
            Some(Overlay::WhatIf(mut window)) => {
                self.move_in_changes(&mut window, command);
                self.overlay = Some(Overlay::WhatIf(window));
            }
            Some(Overlay::Detail(detail)) => self.move_in_detail(detail, command),
            Some(Overlay::Help(mut help)) => {
                help.scroll(command);
                self.overlay = Some(Overlay::Help(help));
            }
            Some(Overlay::Shrink(mut shrink)) => {
                shrink.go(command, self.found_input().as_deref());
                self.overlay = Some(Overlay::Shrink(shrink));
            }
            other => self.overlay = other,
        }
    }

    /// Sorts by a column, or turns the order around if it is sorted by that one.
    fn sort_by(&mut self, column: &SortBy) {
        let shown = &self.snapshot.partitions;
        if self.partitions.is_sorted_by(column) {
            return self.partitions.reverse();
        }
        self.partitions.sort_by(column.clone(), shown);
    }
}
