//! Left and Right outside of windows: columns of a table that do not fit, and a second of the chart.

use std::cell::Cell;
use std::ops::Range;
use std::time::Duration;

use crate::core::numbers::Timestamp;
use crate::telemetry::{Rates, Throughput, TimeWindow};

/// How far a table is scrolled sideways. Which columns fit is known when it is drawn.
#[derive(Debug, Default)]
pub struct Sideways {
    /// How many columns behind the first one are not shown.
    skipped: Cell<usize>,
    /// Whether there are more at the right than those that were drawn last.
    more: Cell<bool>,
}

impl Sideways {
    /// Whether there are columns at the left and at the right that were not drawn.
    #[must_use]
    pub fn beyond(&self) -> (bool, bool) {
        (self.skipped.get() > 0, self.more.get())
    }

    /// The columns that are drawn in so much room: those that fit, if the table is not scrolled; else the first one,
    /// and those that are in sight behind it. `width` is that of a column with the gap beside it.
    pub fn choose<C>(
        &self,
        all: Vec<C>,
        fitting: Vec<C>,
        room: usize,
        width: impl Fn(&C) -> usize,
    ) -> Vec<C> {
        if fitting.len() == all.len() || self.skipped.get() == 0 {
            self.skipped.set(0);
            self.more.set(fitting.len() < all.len());
            return fitting;
        }
        let mut widths = all.iter().map(width);
        let room = room.saturating_sub(widths.next().unwrap_or(0));
        let widths: Vec<usize> = widths.collect();
        let in_sight = in_sight(&widths, room, self.skipped.get());
        self.skipped.set(in_sight.start);
        self.more.set(in_sight.end < widths.len());
        let is_shown = |at: usize| at == 0 || in_sight.contains(&(at - 1));
        let shown = all.into_iter().enumerate().filter(|(at, _)| is_shown(*at));
        shown.map(|(_, column)| column).collect()
    }

    /// Whether there is a column in this direction.
    #[must_use]
    pub fn can_go(&self, right: bool) -> bool {
        let (before, after) = self.beyond();
        if right { after } else { before }
    }

    /// Goes a column further.
    pub fn go(&self, right: bool) {
        let skipped = self.skipped.get();
        self.skipped.set(if right { skipped + 1 } else { skipped.saturating_sub(1) });
    }
}

/// Which of the columns behind the first one are shown in so many columns of the terminal, if `skipped` of them are
/// not wanted: fewer are skipped if the others fit. At least one is shown.
fn in_sight(widths: &[usize], room: usize, skipped: usize) -> Range<usize> {
    let fitting = |widths: &mut dyn Iterator<Item = &usize>| {
        let mut used = 0;
        let fits = |width: &&usize| {
            used += **width;
            used <= room
        };
        widths.take_while(fits).count()
    };
    let furthest = widths.len() - fitting(&mut widths.iter().rev());
    let first = skipped.min(furthest).min(widths.len().saturating_sub(1));
    let shown = fitting(&mut widths.iter().skip(first)).max(1);
    first..(first + shown).min(widths.len())
}

/// A second of the chart of the throughput at which somebody looks: it moves to the left with its bar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChartCursor {
    /// The second, counted from the start.
    second: Option<u64>,
}

impl ChartCursor {
    /// At the second of a moment; at the newest one if that second has not ended.
    #[must_use]
    pub fn at(moment: Timestamp, throughput: &Throughput) -> Self {
        Self { second: Some((moment.0 / 1_000_000_000 + 1).min(throughput.ended())) }
    }

    /// Which part of the chart it is at, counted back from the newest; `None` if it is at none of them.
    #[must_use]
    pub fn back(self, throughput: &Throughput, rates: &Rates) -> Option<usize> {
        let back = throughput.ended().checked_sub(self.second?)? / length(rates.part);
        usize::try_from(back).ok().filter(|back| *back < rates.values.len())
    }

    /// One part to the left or to the right: at first to the newest, and from there to none.
    #[must_use]
    pub fn moved(self, right: bool, throughput: &Throughput, window: TimeWindow) -> Self {
        let rates = throughput.rates(window);
        let back = match (self.back(throughput, &rates), right) {
            (None, true) => None,
            (None, false) => Some(0),
            (Some(back), true) => back.checked_sub(1),
            (Some(back), false) => Some((back + 1).min(rates.values.len().saturating_sub(1))),
        };
        let second =
            |back: usize| throughput.ended().saturating_sub(back as u64 * length(rates.part));
        Self { second: back.filter(|_| !rates.values.is_empty()).map(second) }
    }
}

/// The seconds of a part.
fn length(part: Duration) -> u64 {
    part.as_secs().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_scrolled_until_its_last_column_is_seen() {
        let widths = [5, 5, 10, 5];
        assert_eq!(in_sight(&widths, 25, 3), 0..4);
        assert_eq!(in_sight(&widths, 15, 0), 0..2);
        assert_eq!(in_sight(&widths, 15, 1), 1..3);
        assert_eq!(in_sight(&widths, 15, 9), 2..4);
        // What is too wide is shown as far as it goes.
        assert_eq!(in_sight(&widths, 7, 2), 2..3);
        assert_eq!(in_sight(&widths, 0, 9), 3..4);
        assert_eq!(in_sight(&[], 9, 1), 0..0);
    }

    #[test]
    fn the_cursor_stays_at_its_second_and_leaves_at_the_right() {
        let of = |seconds: u64| Throughput::of_seconds(1..=seconds);
        let window = TimeWindow::default();
        let at = |cursor: ChartCursor, throughput: &Throughput| {
            let rates = throughput.rates(window);
            let back = cursor.back(throughput, &rates)?;
            rates.values.iter().rev().nth(back).copied()
        };
        let (mut cursor, now) = (ChartCursor::default(), of(50));
        assert_eq!(at(cursor, &now), None);
        for expected in [50, 49, 48] {
            cursor = cursor.moved(false, &now, window);
            assert_eq!(at(cursor, &now), Some(expected));
        }
        // Ten seconds later.
        let later = of(60);
        assert_eq!(at(cursor, &later), Some(48));
        cursor = cursor.moved(true, &later, window);
        assert_eq!(at(cursor, &later), Some(49));
        for _ in 0..100 {
            cursor = cursor.moved(false, &later, window);
        }
        assert_eq!(at(cursor, &later), Some(1));
        let at_moment = |nanoseconds| at(ChartCursor::at(Timestamp(nanoseconds), &now), &now);
        assert_eq!(
            [0, 999_999_999, 1_000_000_000, 49_000_000_000, 50_500_000_000].map(at_moment),
            [Some(1), Some(1), Some(2), Some(50), Some(50)]
        );
        // Out of the chart, it begins again at the newest.
        assert_eq!(at(cursor, &of(500)), None);
        assert_eq!(at(cursor.moved(false, &of(500), window), &of(500)), Some(500));
        for _ in 0..100 {
            cursor = cursor.moved(true, &later, window);
        }
        assert_eq!(cursor, ChartCursor::default());
        assert_eq!(cursor.moved(false, &Throughput::default(), window), cursor);
    }
}
