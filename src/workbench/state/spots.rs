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
    /// The bar of the recording, from the message behind which it begins to its last one.
    Recording {
        /// The message behind which it begins.
        first: u64,
        /// Its last message.
        last: u64,
    },
}

/// The column of a bar of so many columns at which a message is, between these two at its ends.
#[must_use]
pub fn column_of(message: u64, (first, last): (u64, u64), columns: usize) -> usize {
    let (at, all) = (message.saturating_sub(first), last.saturating_sub(first));
    let columns = columns.saturating_sub(1);
    let place = u128::from(at) * columns as u128 / u128::from(all.max(1));
    usize::try_from(place).unwrap_or(columns).min(columns)
}

/// The first message at a column of such a bar.
#[must_use]
pub fn message_at(column: usize, (first, last): (u64, u64), columns: usize) -> u64 {
    let all = last.saturating_sub(first);
    let columns = (columns.saturating_sub(1) as u128).max(1);
    let at = (column as u128 * u128::from(all)).div_ceil(columns);
    first.saturating_add(u64::try_from(at).unwrap_or(u64::MAX)).min(last)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_click_on_the_bar_goes_to_a_message_that_is_shown_there(
            first in 0..1000_u64,
            messages in any::<u64>(),
            columns in 1_usize..200,
            at in any::<prop::sample::Index>(),
        ) {
            let ends = (first, first.saturating_add(messages));
            let column = at.index(columns);
            let message = message_at(column, ends, columns);
            prop_assert!((ends.0..=ends.1).contains(&message));
            // Where there are fewer messages than columns, it is the nearest one to the right.
            let shown = column_of(message, ends, columns);
            prop_assert!(shown >= column || columns == 1 || message == ends.1);
            if messages >= columns as u64 {
                prop_assert_eq!(shown, column);
            }
            prop_assert!(message == first || column_of(message - 1, ends, columns) < shown.max(1));
        }
    }

    #[test]
    fn the_beginning_and_the_end_are_at_the_ends_of_the_bar() {
        let ends = (10, u64::MAX);
        assert_eq!(column_of(10, ends, 20), 0);
        assert_eq!(column_of(u64::MAX, ends, 20), 19);
        assert_eq!(column_of(u64::MAX / 2, ends, 21), 9);
        assert_eq!((column_of(10, (10, 10), 20), column_of(10, (10, 10), 0)), (0, 0));
        assert_eq!([0, 19].map(|column| message_at(column, ends, 20)), [10, u64::MAX]);
    }
}
