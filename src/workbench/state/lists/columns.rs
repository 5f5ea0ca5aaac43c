//! The columns of the partitions.

use crate::core::partitions::query::SortBy;
use crate::telemetry::{PartitionsShown, ShownRow};

/// The columns that rows can be sorted by, in the order of the table.
#[must_use]
pub fn orders(shown: &PartitionsShown) -> Vec<SortBy> {
    let mut columns = vec![SortBy::Key, SortBy::Worker];
    columns.extend(fields(shown).into_iter().map(SortBy::Field));
    columns.extend([SortBy::Messages, SortBy::Rate]);
    columns
}

/// The name of a column.
#[must_use]
pub fn name_of(column: &SortBy) -> &str {
    match column {
        SortBy::Key => "key",
        SortBy::Worker => "worker",
        SortBy::Messages => "messages",
        SortBy::Rate => "msg/s",
        SortBy::Field(name) => name,
    }
}

/// The names of the state's fields, in their order, without a first one that says the key again; none if the
/// state has no fields.
#[must_use]
pub fn fields(shown: &PartitionsShown) -> Vec<String> {
    let first = shown.rows.first().and_then(|row| row.row.value.as_object());
    let mut names: Vec<String> = first.map(|all| all.keys().cloned().collect()).unwrap_or_default();
    let says_the_key = |row: &ShownRow, name: &str| {
        row.row.value.get(name).and_then(|value| value.as_str()) == Some(&row.row.key.to_string())
    };
    let first_says_it =
        |name: &String| shown.rows.iter().all(|row| says_the_key(row, name)) && names.len() > 1;
    if names.first().is_some_and(first_says_it) {
        names.remove(0);
    }
    names
}

/// Whether a field is a number in any of the rows.
#[must_use]
pub fn is_number(shown: &PartitionsShown, field: &str) -> bool {
    shown.rows.iter().any(|row| row.row.value.get(field).is_some_and(serde_json::Value::is_number))
}
