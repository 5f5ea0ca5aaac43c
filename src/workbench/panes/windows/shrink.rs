//! The smallest input: the condition that is typed, how far the search is, and what it has found.

use std::fmt::Write;
use std::iter;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::detail::wrapping::wrapped;
use crate::core::replay::smallest::{Found, SmallestMessage, SoFar};
use crate::core::replay::test_text::TestPartition;
use crate::expression::ExpressionError;
use crate::telemetry::{ShrinkShown, ShrinkStage};
use crate::workbench::commands::Command;
use crate::workbench::panes::lists::rows;
use crate::workbench::state::Workbench;
use crate::workbench::state::windows::shrink::Shrink;
use crate::workbench::state::windows::shrink::asking::Asking;
use crate::workbench::theme::Theme;
use crate::workbench::words;

/// The max columns of the window, and the rows of a result at most.
const MAX_WIDTH: u16 = 110;
const MAX_ROWS: usize = 16;

/// The columns of a message's bytes.
const BYTES: usize = 24;

/// Draws the window. Returns where the cursor is; `None` if it shows none.
pub(super) fn render(
    workbench: &Workbench,
    shrink: &Shrink,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    if let Some(asking) = &shrink.asking {
        return render_asking(workbench, asking, area, buffer);
    }
    match &workbench.snapshot.shrinking {
        None => {
            let lines = match &workbench.refused {
                Some(why) => {
                    let why =
                        [Span::styled(words::one_line(why).into_owned(), workbench.theme.bad())];
                    wrapped(&why, columns(area)).into_iter().map(Line::from).collect()
                }
                None => vec![Line::styled("the search begins", workbench.theme.quiet())],
            };
            boxed(workbench.theme, "Esc closes", lines, 0, area, buffer);
        }
        Some(shown) => match &shown.stage {
            ShrinkStage::Searching(so_far) => {
                let lines = searching(workbench.theme, shown, so_far);
                let keys = "Enter: end it, keep the smallest so far   Esc: close, it goes on";
                boxed(workbench.theme, keys, lines, 0, area, buffer);
            }
            ShrinkStage::Nothing(why) => {
                let theme = workbench.theme;
                let why = vec![Span::styled(why.to_string(), theme.bad())];
                let mut lines = vec![condition(theme, shown)];
                lines.extend(wrapped(&why, columns(area)).into_iter().map(Line::from));
                let keys = format!("{}: another condition   Esc closes", key_of(workbench));
                boxed(theme, &keys, lines, 0, area, buffer);
            }
            ShrinkStage::Found(found) => {
                render_found(workbench, (shrink, shown, found), area, buffer);
            }
        },
    }
    None
}

fn key_of(workbench: &Workbench) -> String {
    workbench.keymap.all_keys(Command::Shrink)
}

/// The columns of the window, its border included.
fn width(area: Rect) -> u16 {
    area.width.saturating_sub(4).min(MAX_WIDTH)
}

/// The columns for its lines.
fn columns(area: Rect) -> usize {
    usize::from(width(area).saturating_sub(4)).max(1)
}

/// Draws the border and the first lines, with room for so many rows below them. Returns the place of all lines, and of
/// the rows.
fn boxed(
    theme: Theme,
    keys: &str,
    lines: Vec<Line<'_>>,
    rows: usize,
    area: Rect,
    buffer: &mut Buffer,
) -> [Rect; 2] {
    let width = width(area);
    let wanted = u16::try_from(lines.len() + rows + 2).unwrap_or(u16::MAX);
    let height = wanted.min(area.height.saturating_sub(2));
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height.saturating_sub(height)) / 3,
        width,
        height,
    };
    Clear.render(place, buffer);
    let keys = fitting(keys, usize::from(width).saturating_sub(4));
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .title_top(Line::styled(" Shrink: the smallest input ", theme.accent()))
        .title_bottom(Line::styled(format!(" {keys} "), theme.quiet()).right_aligned());
    let inner = block.inner(place);
    block.render(place, buffer);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let [top, below] =
        inner.layout(&Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]));
    let top = Rect { x: top.x + 1, width: top.width.saturating_sub(2), ..top };
    for (line, row) in lines.into_iter().zip(top.rows()) {
        line.render(row, buffer);
    }
    [top, below]
}

/// The last of these keys for which there is room: how the window is closed in any case.
fn fitting(keys: &str, columns: usize) -> String {
    const GAP: &str = "   ";
    let all: Vec<&str> = keys.split(GAP).collect();
    let fits =
        |first: &usize| all.get(*first..).is_some_and(|keys| keys.join(GAP).len() <= columns);
    let first = (0..all.len()).find(fits).unwrap_or(all.len().saturating_sub(1));
    all.get(first..).unwrap_or_default().join(GAP)
}

fn render_asking(
    workbench: &Workbench,
    asking: &Asking,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let (theme, columns) = (workbench.theme, columns(area));
    let shown = asking.line().shown(columns.saturating_sub(3));
    let mut lines = vec![
        Line::styled("What happens, as a condition about a step of a message:", theme.text()),
        Line::from(vec![Span::styled("> ", theme.accent()), Span::raw(shown.text)]),
    ];
    lines.extend(match asking.error() {
        Some(error) => wrong(theme, asking, error, columns),
        None => hints(theme, asking, columns),
    });
    let last = match &workbench.snapshot.shrinking {
        None => "",
        Some(_) => "Tab: the last search   ",
    };
    let keys = format!("Enter: begin   {last}Esc closes");
    let [top, _] = boxed(theme, &keys, lines, 0, area, buffer);
    let cursor = u16::try_from(shown.cursor).unwrap_or(u16::MAX);
    let x = top.x.saturating_add(cursor.saturating_add(2)).min(top.right().saturating_sub(1));
    (top.height > 1).then_some(Position { x, y: top.y + 1 })
}

/// What is wrong with the condition, with a caret below the character.
fn wrong(
    theme: Theme,
    asking: &Asking,
    error: &ExpressionError,
    columns: usize,
) -> Vec<Line<'static>> {
    // Behind the prompt.
    let at = 2 + asking.line().column_of(error.column, columns.saturating_sub(3));
    let blank = " ".repeat(at);
    let caret = Line::styled(format!("{blank}^"), theme.bad());
    let sentence = [Span::styled(error.sentence.clone(), theme.bad())];
    let sentence = wrapped(&sentence, columns).into_iter().map(Line::from);
    iter::once(caret).chain(sentence).collect()
}

/// Where the condition comes from, and what it may be about.
fn hints(theme: Theme, asking: &Asking, columns: usize) -> Vec<Line<'static>> {
    let of = asking.of.as_ref().map(|of| format!("made of {of}. ")).unwrap_or_default();
    let text = format!(
        "{of}What is not needed for it is left out of the recording, and what is left becomes simpler."
    );
    let known = format!("It may be about {}.", Asking::known());
    let lines = [text, known].into_iter().flat_map(|text| {
        let text = [Span::styled(text, theme.quiet())];
        wrapped(&text, columns).into_iter().map(Line::from).collect::<Vec<_>>()
    });
    iter::once(Line::default()).chain(lines).collect()
}

fn condition(theme: Theme, shown: &ShrinkShown) -> Line<'static> {
    Line::styled(shown.when.to_string(), theme.accent())
}

fn searching(theme: Theme, shown: &ShrinkShown, so_far: &SoFar) -> Vec<Line<'static>> {
    let of = |recorded: u64| format!("of {} recorded", words::counted(recorded, "message"));
    let of = shown.recorded.map(of).unwrap_or_default();
    vec![
        condition(theme, shown),
        Line::styled(so_far.in_words(), theme.text()),
        Line::styled(format!("{of}, {:.1} s", shown.took.as_secs_f64()), theme.quiet()),
    ]
}

fn render_found(
    workbench: &Workbench,
    (shrink, shown, found): (&Shrink, &ShrinkShown, &Found),
    area: Rect,
    buffer: &mut Buffer,
) {
    let theme = workbench.theme;
    let Found { input, again, recorded } = found;
    let left = words::counted(input.messages.len() as u64, "message");
    let tried = words::counted(input.probes, "candidate");
    let seconds = shown.took.as_secs_f64();
    let mut left =
        format!("{left} left of {} ({tried} tried in {seconds:.1} s)", words::exact(*recorded));
    if !input.complete {
        left.push_str(": not all that is smaller was tried");
    }
    let happened = vec![Span::styled(found.happened(), theme.bad())];
    let mut lines = vec![condition(theme, shown), Line::styled(left, theme.title())];
    lines.extend(wrapped(&happened, columns(area)).into_iter().take(3).map(Line::from));
    lines.push(Line::default());
    // Only the rows in sight are made.
    let row = |at: usize| {
        let Some(message) = input.messages.get(at) else {
            let partition = again.base.get(at - input.messages.len())?;
            return Some(Row::of_partition(partition));
        };
        let decoded = again.decoded.get(at).and_then(Option::as_deref);
        let keys = again.keys.get(at).map(Vec::as_slice).unwrap_or_default();
        let keys = keys.iter().map(words::key).collect::<Vec<_>>().join(", ");
        Some(Row::of_message(workbench, (message, decoded, keys)))
    };
    let count = input.messages.len() + again.base.len();
    let keys = format!(
        "R send   e edit   W save frames   T test   y copy   {} another   Esc closes",
        key_of(workbench)
    );
    let height = count.min(MAX_ROWS);
    let [_, list] = boxed(theme, &keys, lines, height, area, buffer);
    for (is_selected, at, place) in rows(0..count, shrink.selected, true, list) {
        let Some(row) = row(at) else { continue };
        workbench.spots.row(place, None, is_selected);
        row.line(theme, usize::from(place.width)).render(place, buffer);
        if is_selected {
            theme.select(place, buffer);
        }
    }
}

/// A row of the result: what it is called, what it is, and what is told beside it.
struct Row {
    name: String,
    text: String,
    beside: String,
}

impl Row {
    fn of_message(
        workbench: &Workbench,
        (message, decoded, keys): (&SmallestMessage, Option<&str>, String),
    ) -> Self {
        let SmallestMessage { number, pipeline, payload, is_simpler } = message;
        let several = workbench.topology.pipelines().len() > 1;
        let plan = workbench.topology.pipelines().get(pipeline.0).filter(|_| several);
        let mut name = format!("#{number}");
        if let Some(plan) = plan {
            // Writing to a string does not fail.
            let _ = write!(name, " {}", plan.name);
        }
        if !keys.is_empty() {
            let _ = write!(name, " key {keys}");
        }
        let bytes = match &payload[..] {
            [] => "no bytes".to_owned(),
            payload => workbench.theme.fit(&words::hex(payload), BYTES),
        };
        let simpler = if *is_simpler { "simpler than it was  " } else { "" };
        Self {
            name,
            text: decoded.map_or_else(|| "cannot be decoded".to_owned(), words::message),
            beside: format!("{simpler}{bytes}"),
        }
    }

    fn of_partition(partition: &TestPartition) -> Self {
        let TestPartition { state, key, value, poisoned } = partition;
        Self {
            name: format!("before: {state} {}", words::key(key)),
            text: words::message(value),
            beside: if *poisoned { "poisoned".to_owned() } else { String::new() },
        }
    }

    fn line(&self, theme: Theme, width: usize) -> Line<'static> {
        let Self { name, text, beside } = self;
        let name = theme.fit(name, width / 3);
        let room = width.saturating_sub(name.width() + beside.width() + 5);
        let text = theme.fit(text, room);
        let gap = " ".repeat(room.saturating_sub(text.width()) + 1);
        Line::from(vec![
            Span::styled(format!(" {name}  "), theme.key()),
            Span::styled(text, theme.text()),
            Span::styled(format!("{gap}{beside} "), theme.quiet()),
        ])
    }
}
