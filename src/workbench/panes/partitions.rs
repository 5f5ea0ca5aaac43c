//! The partitions of a state: only the rows that fit are ever made.

use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Constraint, Rect};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Cell, Paragraph, Row, Table, Widget};

use super::frame::{pane, title};
use crate::core::partition_query::SortBy;
use crate::telemetry::{PartitionsShown, ShownRow};
use crate::workbench::NEW_FOR;
use crate::workbench::layout::Pane;
use crate::workbench::rows::fields;
use crate::workbench::state::Workbench;
use crate::workbench::words;

pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, shown) = (workbench.theme, &workbench.snapshot.partitions);
    let focused = workbench.pane == Pane::Partitions;
    let filter = workbench.partitions.filter();
    let count = if filter.is_empty() {
        words::grouped(shown.total as u64)
    } else {
        format!(
            "{} of {}",
            words::grouped(shown.matching as u64),
            words::grouped(shown.total as u64)
        )
    };
    let right = match workbench.partitions.editing() {
        Some(line) => Line::from(vec![
            Span::styled(" /", theme.key()),
            Span::styled(line.text().to_owned(), theme.accent()),
            Span::styled("_ ", theme.key()),
        ]),
        None if !filter.is_empty() => Line::from(vec![
            Span::styled(" filter ", theme.quiet()),
            Span::styled(format!("{filter} "), theme.accent()),
        ]),
        None => position(workbench, shown),
    };
    let name = title(theme, "Partitions", focused, count);
    let inner = pane(theme, name, right, focused, area, buffer);
    if shown.rows.is_empty() {
        return empty(workbench, filter, inner, buffer);
    }
    table(workbench, shown, inner, buffer);
}

/// Which rows are shown, where not all are.
fn position(workbench: &Workbench, shown: &PartitionsShown) -> Line<'static> {
    if shown.rows.len() >= shown.matching {
        return Line::default();
    }
    let first = shown.view.query.offset + 1;
    let last = shown.view.query.offset + shown.rows.len();
    let text = format!(" {}-{} ", words::grouped(first as u64), words::grouped(last as u64));
    Line::styled(text, workbench.theme.quiet())
}

fn empty(workbench: &Workbench, filter: &str, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let mut lines = vec![Line::default()];
    if filter.is_empty() {
        lines.push(Line::styled("No partition yet.", theme.title()));
        lines.push(Line::default());
        let example = workbench
            .target()
            .and_then(|(_, source)| source.typed.as_ref())
            .map(|typed| typed.example().to_owned());
        if let Some(example) = example {
            lines.push(Line::from(vec![
                Span::styled("Type ", theme.quiet()),
                Span::styled(example, theme.accent()),
                Span::styled(" and press Enter: its key's partition", theme.quiet()),
            ]));
            lines.push(Line::styled("comes into being, and you see it here.", theme.quiet()));
        }
    } else {
        lines.push(Line::from(vec![
            Span::styled("No key contains ", theme.quiet()),
            Span::styled(filter.to_owned(), theme.accent()),
        ]));
    }
    Paragraph::new(Text::from(lines)).centered().render(area, buffer);
}

/// How wide a share's bar is at the most.
const BAR: u16 = 10;

/// How wide the key is at the least.
const KEY: u16 = 6;

/// A column of the table.
struct Column {
    name: String,
    sort: Option<SortBy>,
    width: u16,
    right: bool,
}

/// Takes columns away until all of the others fit: a number without its first digits would be
/// another number.
fn keep_what_fits(columns: &mut Vec<Column>, width: u16) {
    let needed = |columns: &[Column]| columns.iter().map(|column| column.width + 1).sum::<u16>();
    for name in ["share", "worker", "msg/s"] {
        if needed(columns) > width + 1 {
            columns.retain(|column| column.name != name || column.is_field());
        }
    }
    // Then the last of the state's fields, but not the first; Enter on a row shows them all.
    while needed(columns) > width + 1
        && columns.iter().filter(|column| column.is_field()).count() > 1
        && let Some(last) = columns.iter().rposition(Column::is_field)
    {
        columns.remove(last);
    }
}

impl Column {
    fn is_field(&self) -> bool {
        matches!(self.sort, Some(SortBy::Field(_)))
    }

    /// The key, the first column, has what the others leave.
    fn constraint(&self) -> Constraint {
        if self.sort == Some(SortBy::Key) {
            Constraint::Min(self.width)
        } else {
            Constraint::Length(self.width)
        }
    }
}

fn columns(shown: &PartitionsShown, width: u16) -> Vec<Column> {
    let column = |name: &str, sort: Option<SortBy>, width: u16, right: bool| Column {
        name: name.to_owned(),
        sort,
        width,
        right,
    };
    let mut columns = vec![
        column("key", Some(SortBy::Key), KEY, false),
        column("worker", Some(SortBy::Worker), 8, true),
    ];
    let fields = fields(shown);
    if fields.is_empty() {
        columns.push(column("state", None, (width / 3).max(6), false));
    }
    for field in fields.into_iter().take(8) {
        let number = shown
            .rows
            .iter()
            .any(|row| row.row.value.get(&field).is_some_and(serde_json::Value::is_number));
        let length = shown.rows.iter().map(|row| field_text(row, &field).chars().count()).max();
        let length = length.unwrap_or(0).max(field.chars().count() + 2).min(24);
        let length = u16::try_from(length).unwrap_or(24);
        columns.push(column(&field, Some(SortBy::Field(field.clone())), length, number));
    }
    columns.push(column("messages", Some(SortBy::Messages), 9, true));
    columns.push(column("msg/s", None, 6, true));
    columns.push(column("share", None, BAR + 5, false));
    keep_what_fits(&mut columns, width);
    columns
}

fn table(workbench: &Workbench, shown: &PartitionsShown, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let query = &shown.view.query;
    let columns = columns(shown, area.width);
    let header = Row::new(columns.iter().map(|column| {
        let sorted = column.sort.as_ref() == Some(&query.sort);
        let arrow = match (sorted, query.descending) {
            (false, _) => "",
            (true, true) => theme.symbol("▾", "v"),
            (true, false) => theme.symbol("▴", "^"),
        };
        let style = if sorted { theme.key() } else { theme.quiet() };
        cell(Line::styled(format!("{}{arrow}", column.name), style), column.right)
    }));
    let total = workbench.snapshot.totals.stateful.max(1);
    let most = shown.rows.iter().map(|row| row.row.messages).max().unwrap_or(0).max(1);
    let selected = workbench.partitions.place(shown);
    let focused = workbench.pane == Pane::Partitions;
    let rows = shown.rows.iter().enumerate().map(|(at, row)| {
        let cells = columns
            .iter()
            .map(|column| cell(value(workbench, row, &column.name, total, most), column.right));
        let style = if focused && at == selected { theme.selected() } else { theme.text() };
        Row::new(cells).style(style)
    });
    let widths = columns.iter().map(Column::constraint);
    Widget::render(Table::new(rows, widths).header(header).column_spacing(1), area, buffer);
}

fn cell(line: Line<'_>, right: bool) -> Cell<'_> {
    Cell::from(if right { line.alignment(Alignment::Right) } else { line })
}

fn field_text(row: &ShownRow, field: &str) -> String {
    row.row.value.get(field).map(words::plain).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
fn value(
    workbench: &Workbench,
    row: &ShownRow,
    column: &str,
    total: u64,
    most: u64,
) -> Line<'static> {
    let theme = workbench.theme;
    let partition = &row.row;
    let dash = || Line::styled("-", theme.quiet());
    match column {
        "key" => {
            let key = if partition.key.as_bytes().is_empty() {
                "(empty)".to_owned()
            } else {
                words::fit(&partition.key.to_string(), 40)
            };
            let age = workbench.snapshot.uptime.saturating_sub(created(row));
            if partition.poisoned {
                Line::styled(format!("{key} {}", theme.symbol("☠", "poisoned")), theme.bad())
            } else if partition.dynamic && age < NEW_FOR {
                Line::styled(
                    format!("{key} {}", theme.symbol("✱", "*")),
                    theme.good().patch(theme.title()),
                )
            } else {
                Line::styled(key, theme.title())
            }
        }
        "worker" => Line::styled(partition.worker.to_string(), theme.worker(partition.worker.0)),
        "messages" => Line::raw(words::count(partition.messages)),
        "msg/s" => match row.rate {
            Some(rate) if rate >= 0.5 => Line::raw(words::rate(whole(rate))),
            Some(rate) if rate > 0.0 => Line::raw("<1"),
            _ => dash(),
        },
        "share" => {
            let share = partition.messages as f64 / total as f64;
            let bar =
                theme.horizontal_bar(partition.messages as f64 / most as f64, usize::from(BAR));
            Line::from(vec![
                Span::raw(format!("{:>4} ", percent(share))),
                Span::styled(bar, theme.worker(partition.worker.0)),
            ])
        }
        "state" => Line::raw(words::plain(&partition.value)),
        field => Line::raw(field_text(row, field)),
    }
}

fn created(row: &ShownRow) -> std::time::Duration {
    std::time::Duration::from_nanos(row.row.created.0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is positive")]
fn whole(rate: f64) -> u64 {
    rate.round() as u64
}

/// A share as a percentage in at most four columns.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 1.0 { "<1%".to_owned() } else { format!("{percent:.0}%") }
}
