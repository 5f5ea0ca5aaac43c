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

use ratatui::layout::Rect;

/// The items of a list that an area shows: whether each is the selected one, the item, and its row. The
/// list is scrolled only if the selected item would be below the area: it is the last row then.
pub(super) fn rows<T>(
    items: impl IntoIterator<Item = T>,
    selected: usize,
    area: Rect,
) -> impl Iterator<Item = (bool, T, Rect)> {
    let height = usize::from(area.height).max(1);
    let first = (selected + 1).saturating_sub(height);
    let shown = items.into_iter().enumerate().skip(first).zip(area.rows());
    shown.map(move |((at, item), row)| (at == selected, item, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_item_is_always_among_the_rows() {
        for (height, selected) in [(1, 0), (1, 9), (3, 0), (3, 2), (3, 3), (3, 9), (20, 9)] {
            let area = Rect::new(0, 5, 4, height);
            let rows: Vec<_> = rows(0..10, selected, area).collect();
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
