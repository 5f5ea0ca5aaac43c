//! The widths of the columns of the partitions: from the longest text that was seen lately, so that columns do
//! not jump whenever rows come and go.

use std::collections::BTreeMap;

use serde_json::Value;

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
    fields: BTreeMap<String, Field>,
    shown: u32,
}

/// The columns of a field's values: numbers are below each other at their point.
#[derive(Debug, Clone, Copy, Default)]
struct Field {
    /// A text, or a number up to its point.
    whole: usize,
    /// A number from its point on.
    part: usize,
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
        self.fields.get(name).map_or(0, |field| field.whole + field.part)
    }

    /// A field's value as text, with blanks behind a number so that its point is below those of the others, as far as
    /// there is room for them in so many columns.
    #[must_use]
    pub fn aligned(&self, name: &str, value: &Value, columns: usize) -> String {
        let text = words::plain(value);
        let part = self.fields.get(name).map_or(0, |field| field.part);
        if part == 0 || !value.is_number() {
            return text;
        }
        let room = columns.saturating_sub(text.chars().count());
        let blank = part.saturating_sub(from_point(&text)).min(room);
        format!("{text}{:blank$}", "")
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
        for field in self.fields.values_mut() {
            field.whole = field.whole.saturating_sub(least);
            field.part = field.part.saturating_sub(least);
        }
        for row in &shown.rows {
            let key = words::key(&row.row.key).chars().count().min(LONGEST);
            self.key = self.key.max(key);
            self.note(&row.row.value);
        }
    }

    /// Makes room for a state.
    fn note(&mut self, state: &Value) {
        for (name, value) in state.as_object().into_iter().flatten() {
            let text = words::plain(value);
            let part = if value.is_number() { from_point(&text) } else { 0 };
            let whole = text.chars().count().min(LONGEST).saturating_sub(part);
            let kept = self.fields.entry(name.clone()).or_default();
            (kept.whole, kept.part) = (kept.whole.max(whole), kept.part.max(part));
        }
    }
}

/// How many characters of a number are its point and what follows.
fn from_point(number: &str) -> usize {
    number.find('.').map_or(0, |point| number.len() - point)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_below_each_other_at_their_point() {
        let mut widths = Widths::default();
        for bid in ["284.72", "99.5", "1000"] {
            let value: Value = serde_json::from_str(bid).unwrap();
            widths.note(&json!({ "bid": value, "name": "a.b" }));
        }
        assert_eq!((widths.field("bid"), widths.field("name")), (7, 3));
        let aligned = |value: Value| format!("{:>7}", widths.aligned("bid", &value, 7));
        assert_eq!(aligned(json!(284.72)), " 284.72");
        assert_eq!(aligned(json!(99.5)), "  99.5 ");
        assert_eq!(aligned(json!(7)), "   7   ");
        assert_eq!(widths.aligned("name", &json!("a"), 3), "a");
        // What fits is not cut because of blanks.
        assert_eq!([aligned(json!(12345)), aligned(json!(1_234_567))], ["12345  ", "1234567"]);
    }

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
