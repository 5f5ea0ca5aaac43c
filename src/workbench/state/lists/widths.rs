//! The widths of the columns of the partitions: from the longest text that was seen lately, so that columns do
//! not jump whenever rows come and go.

use std::collections::BTreeMap;

use crate::telemetry::PartitionsShown;
use crate::workbench::words;

/// No text takes more columns than this.
const LONGEST: usize = 40;

/// So many times rows are shown before a column that is too wide loses one.
const PATIENCE: u32 = 40;

/// The columns that the texts of keys and fields take.
#[derive(Debug, Clone, Default)]
pub struct Widths {
    key: usize,
    fields: BTreeMap<String, usize>,
    shown: u32,
}

impl Widths {
    /// The width of the keys.
    #[must_use]
    pub fn key(&self) -> usize {
        self.key
    }

    /// The width of a field's values.
    #[must_use]
    pub fn field(&self, name: &str) -> usize {
        self.fields.get(name).copied().unwrap_or_default()
    }

    /// Takes the rows that are shown now.
    pub fn settle(&mut self, shown: &PartitionsShown) {
        self.shown += 1;
        let narrower = self.shown >= PATIENCE;
        if narrower {
            self.shown = 0;
        }
        let least = usize::from(narrower);
        self.key = self.key.saturating_sub(least);
        self.fields.values_mut().for_each(|width| *width = width.saturating_sub(least));
        for row in &shown.rows {
            let key = words::key(&row.row.key).chars().count().min(LONGEST);
            self.key = self.key.max(key);
            for (name, value) in row.row.value.as_object().into_iter().flatten() {
                let width = words::plain(value).chars().count().min(LONGEST);
                let kept = self.fields.entry(name.clone()).or_default();
                *kept = width.max(*kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_wide_at_once_and_narrow_only_after_a_while() {
        let mut widths = Widths { key: 9, ..Widths::default() };
        let empty = PartitionsShown::default();
        widths.settle(&empty);
        assert_eq!(widths.key(), 9);
        for _ in 0..PATIENCE {
            widths.settle(&empty);
        }
        assert_eq!(widths.key(), 8);
    }
}
