//! The partitions of a state. Only the rows that fit are built.

use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Row, Table, Widget};
use unicode_width::UnicodeWidthStr;

use super::partition_columns::{Column, HISTORY, KEY_LIMIT, MARK, columns};
use super::{mark_more, tour};
use crate::telemetry::{PartitionsShown, ShownRow};
use crate::workbench::layout::Pane;
use crate::workbench::panes::charts::bars;
use crate::workbench::panes::filter_note;
use crate::workbench::panes::frame::{self, pane, title_of};
use crate::workbench::state::Workbench;
use crate::workbench::state::lists::filters::filter_line::Filter;
use crate::workbench::state::lists::marks::{MOVED_FOR, NEW_FOR};
use crate::workbench::state::spots::Spot;
use crate::workbench::words;

/// What is said of a partition that takes no messages.
const POISONED: &str = "poisoned";

pub(in crate::workbench::panes) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, shown) = (workbench.theme, &workbench.snapshot.partitions);
    let focused = workbench.pane == Pane::Partitions;
    let filter = workbench.partitions.filter().text();
    // What is shown may be the answer to an older question: with many partitions, an answer takes a while.
    let looking = shown.view.query.filter != *workbench.partitions.row_filter();
    let count = if looking {
        theme.symbol("looking…", "looking..").to_owned()
    } else if filter.is_empty() {
        words::exact(shown.total as u64)
    } else {
        format!("{} of {}", words::exact(shown.matching as u64), words::exact(shown.total as u64))
    };
    // With several states, one must know whose partitions these are.
    let states = workbench.topology.states();
    let count = match states.get(shown.view.state).filter(|_| states.len() > 1) {
        Some(state) => format!("of {} {count}", state.name),
        None => count,
    };
    let name = title_of(theme, Pane::Partitions, focused, &count);
    let title = name.width();
    let beside = usize::from(area.width).saturating_sub(title + 4);
    let right = frame::filter(theme, workbench.partitions.filter(), beside)
        .unwrap_or_else(|| position(workbench, shown));
    let inner = pane(theme, name, right, focused, area, buffer);
    let filter_line = Some(workbench.partitions.filter());
    let inner = filter_note::below_rule(theme, filter_line, title, inner, buffer);
    if shown.rows.is_empty() && !looking {
        return empty(workbench, filter, inner, buffer);
    }
    table(workbench, shown, inner, buffer);
}

/// The numbers of the shown rows; nothing if all rows are shown. A selected row that is not among them is
/// named.
fn position(workbench: &Workbench, shown: &PartitionsShown) -> Line<'static> {
    if let Some(key) = workbench.partitions.out_of_sight(shown) {
        let key = workbench.theme.fit(&words::key(key), 16);
        return Line::styled(format!(" `{key}` is out of sight "), workbench.theme.warning());
    }
    if shown.rows.len() >= shown.matching {
        return Line::default();
    }
    let first = shown.view.query.offset + 1;
    let last = shown.view.query.offset + shown.rows.len();
    let text = format!(" {}-{} ", words::exact(first as u64), words::exact(last as u64));
    Line::styled(text, workbench.theme.quiet())
}

fn empty(workbench: &Workbench, filter: &str, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let mut lines = Vec::new();
    if filter.is_empty() {
        lines.extend([Line::styled("No partition yet.", theme.title()), Line::default()]);
        lines.extend(tour::lines(workbench));
        // Where there are few rows, lines that can be sent matter more; the title of the pane says that there is none.
        let rows = usize::from(area.height);
        if lines.len() > rows {
            lines.retain(|line| line.width() > 0);
        }
        if lines.len() > rows.max(1) {
            lines.remove(0);
        }
    } else {
        let words = match workbench.partitions.filter().filter() {
            Filter::Text(_) => "No key contains ",
            Filter::Expression(_) => "No partition is so: ",
        };
        lines.push(Line::from(vec![
            Span::styled(words, theme.quiet()),
            Span::styled(filter.to_owned(), theme.accent()),
        ]));
    }
    // In the middle as a whole, so that its columns stay below each other.
    let widest = lines.iter().map(Line::width).max().unwrap_or(0);
    let width = u16::try_from(widest).unwrap_or(u16::MAX).min(area.width);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
    let place = area.centered(Constraint::Length(width), Constraint::Length(height));
    for (line, row) in lines.into_iter().zip(place.rows()) {
        frame::beginning(theme, line, usize::from(width)).render(row, buffer);
    }
}

fn table(workbench: &Workbench, shown: &PartitionsShown, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let query = &shown.view.query;
    let columns = columns(workbench, shown, area.width);
    let header = Row::new(columns.iter().map(|column| {
        // Two columns say the order of the messages: the sign is at one of them.
        let sorted = column.sort.as_ref() == Some(&query.sort) && column.name != "share";
        let arrow = match (sorted, query.descending) {
            (false, _) => "",
            (true, true) => theme.symbol("▾", "v"),
            (true, false) => theme.symbol("▴", "^"),
        };
        let style = if sorted { theme.key() } else { theme.quiet() };
        let narrow = column.name.chars().count() > usize::from(column.width);
        let name = if column.name == HISTORY && narrow { "seconds" } else { &column.name };
        cell(Line::styled(format!("{name}{arrow}"), style), column.right)
    }));
    let total = workbench.snapshot.totals.stateful.max(1);
    let most = shown.rows.iter().flat_map(|row| &row.history).copied().max().unwrap_or(0);
    let selected = workbench.partitions.place(shown);
    let focused = workbench.pane == Pane::Partitions;
    let rows = shown.rows.iter().map(|row| {
        let cells = columns
            .iter()
            .map(|column| cell(value(workbench, row, column, total, most), column.right));
        Row::new(cells)
    });
    note_spots(workbench, &columns, selected, area);
    let widths = columns.iter().map(|column| Constraint::Length(column.width));
    Widget::render(Table::new(rows, widths).header(header).column_spacing(1), area, buffer);
    mark_more(theme, &workbench.partition_columns, area, buffer);
    for (row, place) in shown.rows.iter().zip(area.rows().skip(1)) {
        if row.row.poisoned {
            say_poisoned(workbench, row, &columns, place, buffer);
        }
    }
    let selected = selected.filter(|selected| *selected < shown.rows.len());
    let selected_row = selected.and_then(|selected| area.rows().skip(1).nth(selected));
    if let Some(row) = selected_row.filter(|_| focused) {
        theme.select_in_pane(row, buffer);
    }
}

/// What a click finds: the titles of the columns, and the rows below them.
fn note_spots(workbench: &Workbench, columns: &[Column], selected: Option<usize>, area: Rect) {
    let mut rows = area.rows();
    let Some(titles) = rows.next() else { return };
    let mut x = area.x;
    for column in columns {
        let place = Rect { x, width: column.width, ..titles }.intersection(area);
        if let Some(sort) = &column.sort {
            workbench.spots.add(place, Spot::Column(sort.clone()));
        }
        x = x.saturating_add(column.width).saturating_add(1);
    }
    let shown = workbench.snapshot.partitions.rows.len();
    for (at, row) in rows.take(shown).enumerate() {
        workbench.spots.row(row, Some(Pane::Partitions), Some(at) == selected);
    }
}

fn cell(line: Line<'_>, right: bool) -> Cell<'_> {
    Cell::from(if right { line.alignment(Alignment::Right) } else { line })
}

/// The key as it is shown.
fn key_text(workbench: &Workbench, row: &ShownRow) -> String {
    workbench.theme.fit(&words::key(&row.row.key), usize::from(KEY_LIMIT - MARK))
}

/// Says of a poisoned partition that it is so in a word, because that must not be overlooked. It stands between
/// the key and the worker if there is room, so that no column has to become wider.
fn say_poisoned(
    workbench: &Workbench,
    row: &ShownRow,
    columns: &[Column],
    place: Rect,
    buffer: &mut Buffer,
) {
    let [key, beside, ..] = columns else { return };
    let columns_of = |width: usize| u16::try_from(width).unwrap_or(u16::MAX);
    let taken = columns_of(key_text(workbench, row).width()).saturating_add(1);
    let end = match beside.name.as_str() {
        // With a blank before the worker.
        "worker" => {
            let worker = columns_of(worker(workbench, row).width());
            (key.width + beside.width).saturating_sub(worker)
        }
        _ => key.width,
    };
    if taken.saturating_add(columns_of(POISONED.len())) <= end {
        let word = Line::styled(POISONED, workbench.theme.bad());
        let x = place.x.saturating_add(taken);
        word.render(Rect { x, ..place }.intersection(place), buffer);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
fn value(
    workbench: &Workbench,
    row: &ShownRow,
    column: &Column,
    total: u64,
    most: u64,
) -> Line<'static> {
    let theme = workbench.theme;
    let partition = &row.row;
    let fitted = |text: String| Line::raw(theme.fit(&text, usize::from(column.width)));
    match column.name.as_str() {
        "key" => {
            let key = key_text(workbench, row);
            if partition.poisoned {
                Line::styled(format!("{key} {}", theme.symbol("✗", "x")), theme.bad())
            } else if workbench.is_pinned(&partition.key) {
                let mark = theme.symbol("◆", "!");
                Line::styled(format!("{key} {mark}"), theme.accent().patch(theme.title()))
            } else if is_new(workbench, row) {
                Line::styled(
                    format!("{key} {}", theme.symbol("✱", "*")),
                    theme.good().patch(theme.title()),
                )
            } else {
                Line::styled(key, theme.title())
            }
        }
        "worker" => worker(workbench, row),
        "messages" => Line::raw(words::within(partition.messages, usize::from(column.width))),
        "msg/s" => match row.rate {
            // It is never known of the past.
            None if workbench.is_past() => Line::default(),
            // It takes a second to measure.
            None => Line::styled(theme.symbol("…", "..").to_owned(), theme.quiet()),
            Some(rate) => Line::raw(words::measured_rate(rate, usize::from(column.width))),
        },
        HISTORY => {
            let shown = usize::from(column.width);
            let seconds = row.history.iter().skip(row.history.len().saturating_sub(shown));
            let seconds: Vec<u64> = seconds.copied().collect();
            let line = bars::line(theme, &seconds, most);
            Line::styled(format!("{line:>shown$}"), theme.worker(partition.worker.0))
        }
        "share" => {
            let share = (partition.messages as f64 / total as f64).min(1.0);
            let text = words::percent(share);
            if is_hot(share, workbench.snapshot.partitions.total) {
                Line::styled(format!("{}{text:>4}", theme.symbol("▲", "^")), theme.warning())
            } else {
                Line::raw(text)
            }
        }
        "state" => fitted(words::plain(&partition.value)),
        field => {
            let widths = workbench.partitions.widths();
            let value = partition.value.get(field);
            fitted(
                value
                    .map(|value| widths.aligned(field, value, usize::from(column.width)))
                    .unwrap_or_default(),
            )
        }
    }
}

/// A partition's owner; for a while also the one before.
fn worker(workbench: &Workbench, row: &ShownRow) -> Line<'static> {
    let (theme, owner) = (workbench.theme, row.row.worker);
    let style = theme.worker(owner.0);
    let processes = workbench.snapshot.processes.as_ref();
    let in_process = processes.map(|all| format!("p{} w", all.of(owner))).unwrap_or_default();
    match row.moved {
        Some((before, since)) if workbench.is_recent(since, MOVED_FOR) => {
            let arrow = theme.symbol("→", ">");
            let text = format!("{before}{arrow}{in_process}{owner}");
            Line::styled(text, style.patch(theme.title()))
        }
        _ => Line::styled(format!("{in_process}{owner}"), style),
    }
}

/// Whether a partition has so large a share of the messages that it is worth a mark: more than a fifth, and more than
/// twice what each would have if all were equal.
#[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
fn is_hot(share: f64, partitions: usize) -> bool {
    share > 0.2 && share * partitions as f64 > 2.0
}

/// Whether a message has just created the partition.
fn is_new(workbench: &Workbench, row: &ShownRow) -> bool {
    let created = row.row.created.filter(|_| row.row.dynamic);
    created.is_some_and(|created| workbench.is_recent(created, NEW_FOR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_hot_if_it_has_much_and_much_more_than_others() {
        assert!(is_hot(0.26, 27) && is_hot(0.9, 3));
        assert!(!is_hot(0.6, 2) && !is_hot(0.1, 1000) && !is_hot(1.0, 1));
    }
}
