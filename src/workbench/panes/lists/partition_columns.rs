//! The columns of the partitions' table, and which of them fit.

use crate::core::partitions::query::SortBy;
use crate::telemetry::PartitionsShown;
use crate::workbench::state::Workbench;
use crate::workbench::state::lists::columns::{fields, is_number};

/// The max width of the column of keys.
pub(super) const KEY_LIMIT: u16 = 40;

/// A key and the mark behind it: one more column lets the word for a poisoned partition reach to its worker.
pub(super) const MARK: u16 = 3;

/// The column of the last seconds: a bar for each.
pub(super) const HISTORY: &str = "last seconds";

/// The widths that it may have.
const SECONDS: std::ops::RangeInclusive<u16> = 11..=30;

/// A column of the table.
#[derive(Clone)]
pub(super) struct Column {
    pub name: String,
    pub sort: Option<SortBy>,
    pub width: u16,
    pub right: bool,
}

/// The columns that are shown in this width: as many as fit, those that say most; or those to which the table is
/// scrolled.
pub(super) fn columns(workbench: &Workbench, shown: &PartitionsShown, width: u16) -> Vec<Column> {
    let all = all(workbench, shown);
    let fitting = fit(all.clone(), width);
    // The last column has no gap.
    let room = usize::from(width) + 1;
    let with_gap = |column: &Column| usize::from(column.width) + 1;
    widened(workbench.partition_columns.choose(all, fitting, room, with_gap), width)
}

/// All columns that the user has not hidden.
fn all(workbench: &Workbench, shown: &PartitionsShown) -> Vec<Column> {
    let column = |name: &str, sort: Option<SortBy>, width: u16, right: bool| Column {
        name: name.to_owned(),
        sort,
        width,
        right,
    };
    let widths = workbench.partitions.widths();
    let columns_of = |width: usize| u16::try_from(width).unwrap_or(KEY_LIMIT);
    let key = columns_of(widths.key()).saturating_add(MARK).clamp(5, KEY_LIMIT);
    // With its process, if there are several.
    let worker = if workbench.snapshot.processes.is_some() { 10 } else { 7 };
    let mut columns = vec![
        column("key", Some(SortBy::Key), key, false),
        column("worker", Some(SortBy::Worker), worker, true),
    ];
    let fields = fields(shown);
    if fields.is_empty() {
        columns.push(column("state", None, 20, false));
    }
    for field in fields {
        let number = is_number(shown, &field);
        // Room for the sign of the order.
        let length = columns_of(widths.field(&field).max(field.chars().count() + 1)).min(24);
        let length = length.max(if number { 8 } else { 0 });
        columns.push(column(&field, Some(SortBy::Field(field.clone())), length, number));
    }
    columns.push(column("messages", Some(SortBy::Messages), 9, true));
    columns.push(column("msg/s", Some(SortBy::Rate), 6, true));
    columns.push(column(HISTORY, None, *SECONDS.start(), false));
    columns.push(column("share", Some(SortBy::Messages), 5, true));
    // The key stays: without it, no row means anything.
    let hidden = &workbench.hidden_columns;
    columns.retain(|column| column.name == "key" || !hidden.contains(&column.name));
    columns
}

/// Leaves columns out until the others fit: first those that repeat another one, then fields from the last
/// one on (Right shows them, and Enter on a row).
fn fit(mut columns: Vec<Column>, width: u16) -> Vec<Column> {
    let is_field = |column: &Column| matches!(column.sort, Some(SortBy::Field(_)));
    let named = |columns: &[Column], name: &str| columns.iter().position(|at| at.name == name);
    while needed(&columns) > width && columns.len() > 3 {
        let fields = columns.iter().filter(|column| is_field(column)).count();
        let superfluous = named(&columns, HISTORY)
            .or_else(|| columns.iter().rposition(is_field).filter(|_| fields > 2))
            .or_else(|| named(&columns, "messages").filter(|_| columns.len() > 5))
            .or_else(|| named(&columns, "share"))
            .or_else(|| columns.iter().rposition(is_field).filter(|_| fields > 1))
            .unwrap_or(columns.len() - 1);
        columns.remove(superfluous);
    }
    columns
}

/// The width of these columns with the gaps between them.
fn needed(columns: &[Column]) -> u16 {
    columns.iter().map(|column| column.width + 1).sum::<u16>().saturating_sub(1)
}

/// The last seconds get the rest of the width.
fn widened(mut columns: Vec<Column>, width: u16) -> Vec<Column> {
    let left = width.saturating_sub(needed(&columns));
    if let Some(seconds) = columns.iter_mut().find(|column| column.name == HISTORY) {
        seconds.width = (seconds.width + left).min(*SECONDS.end());
    }
    columns
}
