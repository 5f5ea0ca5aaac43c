//! The selected row of lists whose rows come, go and change places.
//!
//! A selection is of the row itself and not of its place, so that live rows do not move under it.

use std::sync::{Arc, Weak};

use crossterm::event::KeyEvent;

use super::columns::{is_number, orders};
use super::filters::filter_line::{Filter, FilterLine};
use super::widths::Widths;
use crate::application::Key;
use crate::core::partitions::query::{Condition, RowFilter, RowQuery, SortBy};
use crate::core::text::has;
use crate::expression::{PartitionCondition, Rows};
use crate::telemetry::{PartitionName, PartitionView, PartitionsShown, ShownRow};
use crate::workbench::commands::Command;
use crate::workbench::terminal::keys::Key as TerminalKey;

/// A place after a command that moves, between 0 and `last`.
#[must_use]
pub fn moved(place: usize, command: Command, page: usize, last: usize) -> usize {
    match command {
        Command::Up => place.saturating_sub(1),
        Command::Down => place.saturating_add(1).min(last),
        Command::PageUp => place.saturating_sub(page),
        Command::PageDown => place.saturating_add(page).min(last),
        Command::First => 0,
        Command::Last => last,
        _ => place,
    }
}

/// The selected row of a list that grows at its beginning. Without a choice it is the newest row.
pub struct SelectedRow<T> {
    row: Weak<T>,
}

impl<T> Default for SelectedRow<T> {
    fn default() -> Self {
        Self { row: Weak::new() }
    }
}

impl<T> SelectedRow<T> {
    /// The place of the selected row; the first if it is gone.
    #[must_use]
    pub fn place(&self, rows: &[Arc<T>]) -> usize {
        let selected = self.row.as_ptr();
        rows.iter().position(|row| std::ptr::eq(Arc::as_ptr(row), selected)).unwrap_or(0)
    }

    /// The selected row.
    #[must_use]
    pub fn of<'a>(&self, rows: &'a [Arc<T>]) -> Option<&'a Arc<T>> {
        rows.get(self.place(rows))
    }

    /// Selects the first of these rows that is meant; if none is, the newest one.
    pub fn of_one(rows: &[Arc<T>], is_meant: impl Fn(&T) -> bool) -> Self {
        let place = rows.iter().position(|row| is_meant(row)).filter(|place| *place > 0);
        let row = place.and_then(|place| rows.get(place));
        Self { row: row.map(Arc::downgrade).unwrap_or_default() }
    }

    /// Moves the selection. At the first row it follows the newest.
    pub fn go(&mut self, command: Command, page: usize, rows: &[Arc<T>]) {
        let place = moved(self.place(rows), command, page, rows.len().saturating_sub(1));
        self.row = match place {
            0 => Weak::new(),
            _ => rows.get(place).map(Arc::downgrade).unwrap_or_default(),
        };
    }
}

/// The rows of the partitions pane: which are shown, in which order, and which is selected.
pub struct PartitionRows {
    state: usize,
    sort: SortBy,
    descending: bool,
    filter: FilterLine,
    /// The same, as the workers take it.
    row_filter: RowFilter,
    /// The condition in it, if it is one.
    condition: Option<Arc<PartitionCondition>>,
    offset: usize,
    selected: Option<Key>,
    /// The place of a row that was chosen before it was shown.
    pending: Option<usize>,
    widths: Widths,
}

impl Default for PartitionRows {
    /// Those with the most messages a second first.
    fn default() -> Self {
        Self {
            state: 0,
            sort: SortBy::Rate,
            descending: true,
            filter: FilterLine::over(Rows::Partitions),
            row_filter: RowFilter::default(),
            condition: None,
            offset: 0,
            selected: None,
            pending: None,
            widths: Widths::default(),
        }
    }
}

impl PartitionRows {
    /// The query for this many rows, the pinned ones first.
    #[must_use]
    pub fn view(&self, limit: usize, pinned: Vec<Key>) -> PartitionView {
        let query = RowQuery {
            sort: self.sort.clone(),
            descending: self.descending,
            filter: self.row_filter.clone(),
            offset: self.offset,
            from_end: false,
            limit,
            pinned,
        };
        PartitionView { state: self.state, query, ..PartitionView::default() }
    }

    /// Whether the rows are sorted by this column.
    #[must_use]
    pub fn is_sorted_by(&self, column: &SortBy) -> bool {
        self.sort == *column
    }

    /// The filter.
    #[must_use]
    pub fn filter(&self) -> &FilterLine {
        &self.filter
    }

    /// The selected row; the first one if none was chosen. A row that was chosen and is out of sight is not
    /// there, and no other one takes its place.
    #[must_use]
    pub fn selected_row<'a>(&self, shown: &'a PartitionsShown) -> Option<&'a ShownRow> {
        shown.rows.get(self.place(shown)?)
    }

    /// The place of the selected row among those that are shown; `None` if it is out of sight.
    #[must_use]
    pub fn place(&self, shown: &PartitionsShown) -> Option<usize> {
        match &self.selected {
            None => Some(0),
            Some(key) => shown.rows.iter().position(|row| row.row.key == *key),
        }
    }

    /// The key of the selected row, if it is out of sight.
    #[must_use]
    pub fn out_of_sight(&self, shown: &PartitionsShown) -> Option<&Key> {
        self.selected.as_ref().filter(|_| self.place(shown).is_none())
    }

    /// Selects the row that is marked, if none was chosen. Returns the state's place, and the key that is selected.
    pub fn select(&mut self, shown: &PartitionsShown) -> Option<PartitionName> {
        if self.selected.is_none() {
            self.selected = shown.rows.first().map(|row| row.row.key.clone());
        }
        Some((self.state, self.selected.clone()?))
    }

    /// Selects the row with this key, wherever it is.
    pub fn select_key(&mut self, key: Key) {
        (self.selected, self.pending) = (Some(key), None);
    }

    /// The widths of the columns.
    #[must_use]
    pub fn widths(&self) -> &Widths {
        &self.widths
    }

    /// The filter, as the workers take it.
    #[must_use]
    pub fn row_filter(&self) -> &RowFilter {
        &self.row_filter
    }

    /// Tells the condition of the filter how many messages all partitions have had.
    pub fn set_all_messages(&self, messages: u64) {
        if let Some(condition) = &self.condition {
            condition.set_all_messages(messages);
        }
    }

    /// Gives a changed filter to the workers. A key that a text does not let through is not selected any more.
    fn filtered(&mut self) {
        self.offset = 0;
        match self.filter.filter() {
            Filter::Text(text) => {
                if self.selected.as_ref().is_some_and(|key| !has(&key.to_string(), text)) {
                    self.selected = None;
                }
                (self.row_filter, self.condition) = (RowFilter::Text(text.clone()), None);
            }
            Filter::Expression(expression) => {
                let same = self.condition.as_ref().is_some_and(|now| now.is_by(expression));
                if !same {
                    let condition = Arc::new(PartitionCondition::new(Arc::clone(expression)));
                    self.row_filter = RowFilter::Condition(Arc::clone(&condition) as _);
                    self.condition = Some(condition);
                }
            }
        }
    }

    /// Moves the selection, and the window with it.
    pub fn go(&mut self, command: Command, page: usize, shown: &PartitionsShown) {
        let last = shown.matching.saturating_sub(1);
        let place = shown.view.query.offset + self.place(shown).unwrap_or(0);
        let place = moved(place, command, page, last);
        if place < self.offset {
            self.offset = place;
        } else if place >= self.offset + page {
            self.offset = place + 1 - page;
        }
        // A row that is not loaded yet is found when it is: see `settle`.
        let row = place.checked_sub(shown.view.query.offset).and_then(|at| shown.rows.get(at));
        self.selected = row.map(|row| row.row.key.clone());
        self.pending = self.selected.is_none().then_some(place);
    }

    /// Finds the row that was chosen by its place once it is shown, and keeps the window within the
    /// rows that there are.
    pub fn settle(&mut self, shown: &PartitionsShown) {
        self.widths.settle(shown);
        if let Some(place) = self.pending {
            let row = place.checked_sub(shown.view.query.offset).and_then(|at| shown.rows.get(at));
            if let Some(row) = row {
                self.selected = Some(row.row.key.clone());
                self.pending = None;
            }
        }
        if shown.view.query.offset == self.offset {
            self.offset = self.offset.min(shown.matching.saturating_sub(1));
        }
    }

    /// Sorts by the next column.
    pub fn sort_next(&mut self, shown: &PartitionsShown) {
        let columns = orders(shown);
        let at = columns.iter().position(|column| *column == self.sort).unwrap_or(0);
        self.sort_by(columns.get((at + 1) % columns.len()).cloned().unwrap_or_default(), shown);
    }

    /// What the rows are sorted by.
    #[must_use]
    pub fn sorted_by(&self) -> &SortBy {
        &self.sort
    }

    /// Sorts by a column.
    pub fn sort_by(&mut self, column: SortBy, shown: &PartitionsShown) {
        self.sort = column;
        // Numbers begin with the greatest, names and workers with the first.
        self.descending = match &self.sort {
            SortBy::Key | SortBy::Worker => false,
            SortBy::Messages | SortBy::Rate => true,
            SortBy::Field(name) => is_number(shown, name),
        };
        self.offset = 0;
    }

    /// Shows the next of this many states.
    pub fn next_state(&mut self, states: usize) {
        let state = (self.state + 1) % states.max(1);
        if state != self.state {
            *self = Self { state, ..Self::default() };
        }
    }

    /// There are other partitions now: none is selected. Order and filter stay.
    pub fn begin_anew(&mut self) {
        (self.offset, self.selected, self.pending) = (0, None, None);
    }

    /// Turns the order around.
    pub fn reverse(&mut self) {
        self.descending = !self.descending;
        self.offset = 0;
    }

    /// Begins to type a filter.
    pub fn begin_filter(&mut self) {
        self.filter.begin();
    }

    /// Sets the filter, as if it had been typed.
    pub fn filter_by(&mut self, text: &str) {
        self.filter.set(text);
        self.filtered();
    }

    /// Inserts pasted text into the filter that is being typed.
    pub fn filter_paste(&mut self, text: &str) {
        self.filter.paste(text);
        self.filtered();
    }

    /// Takes a key of the filter.
    pub fn filter_key(&mut self, key: TerminalKey, event: KeyEvent) {
        self.filter.key(key, event);
        self.filtered();
    }

    /// Takes the filter away. False if there is none.
    pub fn clear_filter(&mut self) -> bool {
        let had = self.filter.clear();
        self.filtered();
        had
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selected_key_stays_as_long_as_the_filter_shows_it() {
        let selected = |filter: &str| {
            let mut rows =
                PartitionRows { selected: Some(Key::from("Zeta")), ..Default::default() };
            rows.filter_by(filter);
            rows.selected
        };
        // A filter in lower case shows both cases.
        assert_eq!(selected("ze"), Some(Key::from("Zeta")));
        assert_eq!(selected("ZE"), None);
        assert_eq!(selected("q"), None);
    }
}
