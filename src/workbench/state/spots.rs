//! What is where on the screen, noted while it is drawn, so that a click means what the eye sees, whatever the
//! layout is.

use std::cell::RefCell;

use ratatui::layout::{Position, Rect};

use crate::core::partitions::query::SortBy;
use crate::workbench::layout::Pane;

/// Whose the mouse is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mouse {
    /// The workbench's: clicks are commands.
    Ours,
    /// The terminal's: it marks text.
    Terminal,
}

/// Something on the screen that can be clicked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    /// A pane, or the tab that shows it.
    Pane(Pane),
    /// A row of a pane, or of the window that is open.
    Row {
        /// The pane; `None` is the window.
        pane: Option<Pane>,
        /// Whether it is the selected one.
        selected: bool,
    },
    /// The title of a column by which the partitions can be sorted.
    Column(SortBy),
}

/// What is where, as it was drawn last. What was drawn later lies on top.
#[derive(Debug, Default)]
pub struct Spots(RefCell<Vec<(Rect, Spot)>>);

impl Spots {
    /// Forgets all, because the screen is drawn again.
    pub fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    /// Notes what is in a place.
    pub fn add(&self, place: Rect, spot: Spot) {
        if !place.is_empty() {
            self.0.borrow_mut().push((place, spot));
        }
    }

    /// Notes a row of a pane; `None` is the open window.
    pub fn row(&self, place: Rect, pane: Option<Pane>, selected: bool) {
        self.add(place, Spot::Row { pane, selected });
    }

    /// What is at a position.
    pub fn at(&self, position: Position) -> Option<(Rect, Spot)> {
        let spots = self.0.borrow();
        spots.iter().rev().find(|(place, _)| place.contains(position)).cloned()
    }

    /// The row is the selected one of its list from now on: another click may come before the next frame.
    pub fn select(&self, row: Rect, of: Option<Pane>) {
        for (place, spot) in self.0.borrow_mut().iter_mut() {
            if let Spot::Row { pane, selected } = spot
                && *pane == of
            {
                *selected = *place == row;
            }
        }
    }

    /// How far a row is from the selected one of its list. Rows of a list are one line high.
    pub fn distance(&self, row: Rect, of: Option<Pane>) -> Option<isize> {
        let spots = self.0.borrow();
        let selected = spots
            .iter()
            .find(|(_, spot)| matches!(spot, Spot::Row { pane, selected: true } if *pane == of));
        let distance = i32::from(row.y) - i32::from(selected?.0.y);
        isize::try_from(distance).ok()
    }
}
