//! The panes with rows, and how their rows are scrolled.

mod dead_letters;
pub(super) mod drawer;
pub(super) mod log;
mod message_cells;
mod messages;
mod outputs;
mod partition_columns;
pub(super) mod partitions;
mod tour;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::workbench::state::sideways::Sideways;
use crate::workbench::theme::Theme;

/// The items of a list that an area shows: whether each is the selected one, the item, and its row. A list that
/// does not have the keys shows its newest items, wherever its selection is.
pub(super) fn rows<T>(
    items: impl IntoIterator<Item = T>,
    selected: usize,
    focused: bool,
    area: Rect,
) -> impl Iterator<Item = (bool, T, Rect)> {
    let first = if focused { items_above(selected, area.height) } else { 0 };
    let shown = items.into_iter().enumerate().skip(first).zip(area.rows());
    shown.map(move |((at, item), row)| (at == selected, item, row))
}

/// Marks at the ends of the names of columns that there are more of them: Left and Right show those.
fn mark_more(theme: Theme, sideways: &Sideways, names: Rect, buffer: &mut Buffer) {
    let (before, after) = sideways.beyond();
    // The blank columns beside the table.
    let places = [
        (before, names.x.saturating_sub(1), theme.symbol("‹", "<")),
        (after, names.right(), theme.symbol("›", ">")),
    ];
    for (_, x, mark) in places.into_iter().filter(|(is_there, ..)| *is_there) {
        if let Some(cell) = buffer.cell_mut((x, names.y)) {
            cell.set_symbol(mark).set_style(theme.key());
        }
    }
}

/// How many items are out of sight above so many rows. A list is scrolled only if the selected item would be
/// below them: it is the last row then.
fn items_above(selected: usize, height: u16) -> usize {
    (selected + 1).saturating_sub(usize::from(height).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_without_the_keys_shows_its_newest_items() {
        let area = Rect::new(0, 0, 4, 3);
        for selected in 0..10 {
            let items: Vec<_> =
                rows(0..10, selected, false, area).map(|(_, item, _)| item).collect();
            assert_eq!(items, [0, 1, 2]);
        }
    }

    #[test]
    fn the_selected_item_is_always_among_the_rows_of_a_list_with_the_keys() {
        for (height, selected) in [(1, 0), (1, 9), (3, 0), (3, 2), (3, 3), (3, 9), (20, 9)] {
            let area = Rect::new(0, 5, 4, height);
            let rows: Vec<_> = rows(0..10, selected, true, area).collect();
            let found: Vec<_> = rows.iter().filter(|(selected, ..)| *selected).collect();
            assert!(
                matches!(&found[..], [(_, item, _)] if *item == selected),
                "{height} {selected}"
            );
            assert_eq!(rows.len(), usize::from(height).min(10));
            assert!(rows.iter().all(|(_, _, row)| row.intersection(area) == *row));
        }
    }
}
