//! The window "What if": what it is about, the changes of the branch, and the line that is being typed.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Padding, Widget};

use super::detail::wrapping::wrapped;
use crate::core::typed::Typed;
use crate::workbench::panes::lists::rows;
use crate::workbench::state::Workbench;
use crate::workbench::state::windows::what_if::{HereMessage, What, WhatIfWindow, Writing};
use crate::workbench::words;

/// The max columns of the window.
const MAX_WIDTH: u16 = 100;

/// The least rows of the list.
const LEAST_ROWS: usize = 4;

/// The text before the typed text.
const PROMPT: &str = "> ";

/// How many bytes of a frame are shown.
const MOST_BYTES: usize = 24;

pub(super) fn render(
    workbench: &Workbench,
    window: &WhatIfWindow,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let theme = workbench.theme;
    let width = area.width.saturating_sub(4).min(MAX_WIDTH);
    let columns = usize::from(width.saturating_sub(4)).max(1);
    let above = about(workbench, window, columns);
    let below = match &window.writing {
        Some(writing) => typed(workbench, writing, columns),
        None => keys(workbench, columns),
    };
    let changes = workbench.changes.all();
    let most = usize::from(area.height.saturating_sub(4));
    let list = changes
        .len()
        .max(1)
        .min(most.saturating_sub(above.len() + below.len() + 3).max(LEAST_ROWS));
    let wanted = above.len() + list + below.len() + 4;
    let height = u16::try_from(wanted).unwrap_or(u16::MAX).min(area.height.saturating_sub(2));
    let place = area.centered(Constraint::Length(width), Constraint::Length(height));
    Clear.render(place, buffer);
    let bottom = match (&window.writing, changes.is_empty()) {
        (Some(_), _) => " Enter: keep it   Esc: leave it ",
        (None, true) => " Esc closes ",
        (None, false) => " Enter: see what would differ   Esc closes ",
    };
    let mut block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .padding(Padding::horizontal(1))
        .title_top(Line::styled(" What if ", theme.accent()))
        .title_bottom(Line::styled(bottom, theme.quiet()).right_aligned());
    // The window may cover where notices are said otherwise.
    if let Some(notice) = workbench.notices.shown() {
        let room = columns.saturating_sub(bottom.len());
        let style = if notice.bad { theme.bad() } else { theme.text() };
        let text = theme.fit(&notice.text, room);
        block = block.title_bottom(Line::styled(format!(" {text} "), style));
    }
    let inner = block.inner(place);
    block.render(place, buffer);
    let mut rest = inner;
    let mut next = |height: usize| {
        let height = u16::try_from(height).unwrap_or(u16::MAX).min(rest.height);
        let part = Rect { height, ..rest };
        rest = Rect { y: rest.y + height, height: rest.height - height, ..rest };
        part
    };
    for (line, row) in above.iter().zip(next(above.len() + 1).rows()) {
        line.render(row, buffer);
    }
    let list = next(list);
    if changes.is_empty() {
        Line::styled("nothing is changed yet", theme.quiet()).render(list, buffer);
    }
    for (selected, change, row) in rows(changes, window.selected, true, list) {
        workbench.spots.row(row, None, selected);
        let text = theme.fit(&words::one_line(&change.text), columns.saturating_sub(2));
        let text = Line::from(vec![Span::raw("  "), Span::styled(text, theme.text())]);
        text.render(row, buffer);
        if selected && window.writing.is_none() {
            theme.select(row, buffer);
        }
    }
    next(1);
    let below_place = next(below.len());
    for (line, row) in below.iter().zip(below_place.rows()) {
        line.render(row, buffer);
    }
    let writing = window.writing.as_ref()?;
    let shown = writing.line.shown(columns.saturating_sub(PROMPT.len() + 1));
    let column = u16::try_from(shown.cursor + PROMPT.len()).unwrap_or(u16::MAX);
    let row = below_place.rows().nth(1)?;
    Some(Position { x: row.x.saturating_add(column).min(row.right().saturating_sub(1)), y: row.y })
}

/// The message, the moment and the partition that changes are of.
fn about(workbench: &Workbench, window: &WhatIfWindow, columns: usize) -> Vec<Line<'static>> {
    const NAME: usize = 9;
    let theme = workbench.theme;
    let here = workbench.here_of(window);
    let line = |name: &str, text: String, quiet: bool| {
        let style = if quiet { theme.quiet() } else { theme.text() };
        let text = theme.fit(&text, columns.saturating_sub(NAME + 1));
        Line::from(vec![
            Span::styled(format!("{name:<NAME$} "), theme.quiet()),
            Span::styled(text, style),
        ])
    };
    let message = match &here.message {
        Some(message) => line("message", message_in_words(workbench, message), false),
        None => line(
            "message",
            "none: go to the past with [, or select one of the messages".to_owned(),
            true,
        ),
    };
    let moment = line("moment", workbench.spot_in_words(here.moment), false);
    let mut lines = vec![message, moment];
    if !workbench.topology.states().is_empty() {
        lines.push(match &here.partition {
            Some(partition) => {
                let value = words::plain(&partition.value);
                line("partition", format!("{}: {value}", partition.name()), false)
            }
            None => line("partition", "none is selected".to_owned(), true),
        });
    }
    lines
}

fn message_in_words(workbench: &Workbench, message: &HereMessage) -> String {
    let name = workbench.name_of(message.name);
    let Some(frame) = &message.frame else { return name };
    let typed = workbench.sent.typed_as(message.name.pipeline, frame);
    match typed {
        Some(typed) => format!("{name}  {}", words::one_line(typed)),
        None if frame.len() <= MOST_BYTES => format!("{name}  {}", words::hex(frame)),
        None => {
            let hex = words::hex(frame.get(..MOST_BYTES).unwrap_or(frame));
            format!("{name}  {hex} .. {}", words::counted(frame.len() as u64, "byte"))
        }
    }
}

/// The line that is being typed, below what it is, and what it means or what is wrong with it.
fn typed(workbench: &Workbench, writing: &Writing, columns: usize) -> Vec<Line<'static>> {
    let theme = workbench.theme;
    let what = match &writing.what {
        What::Instead(name) => format!("in place of {}:", workbench.name_of(*name)),
        What::PutIn(at, pipeline) => {
            let several = workbench.topology.pipelines().len() > 1;
            let of = if several {
                format!(" to {} (Tab: another pipeline)", workbench.pipeline_name(*pipeline))
            } else {
                String::new()
            };
            format!("comes {}{of}:", workbench.spot_in_words(*at))
        }
        What::State(at, partition) => {
            format!("the state of {} {}, as JSON:", partition.name(), workbench.spot_in_words(*at))
        }
    };
    let shown = writing.line.shown(columns.saturating_sub(PROMPT.len() + 1));
    let prompt = Line::from(vec![
        Span::styled(PROMPT, theme.accent()),
        Span::styled(shown.text, theme.text()),
    ]);
    let (meaning, style) = match (&writing.error, workbench.typed_instead(writing)) {
        (Some(error), _) => (error.clone(), theme.bad()),
        (None, Some(Typed::Frames { frame, times, .. })) => {
            let times = if times > 1 {
                format!(", {} times", words::exact(times as u64))
            } else {
                String::new()
            };
            let more = if frame.len() > MOST_BYTES { " .." } else { "" };
            let hex = words::hex(frame.get(..MOST_BYTES).unwrap_or(&frame));
            (format!("{hex}{more}{times}"), theme.good())
        }
        (None, Some(Typed::Raw { note, .. })) => (note, theme.quiet()),
        (None, Some(Typed::Wrong { reason, anyway })) => {
            let key = if anyway.is_some() { "   (Ctrl-X takes it anyway)" } else { "" };
            (format!("{reason}{key}"), theme.warning())
        }
        (None, Some(Typed::Nothing)) => (example(workbench, writing), theme.quiet()),
        (None, None) => {
            ("all of the state, with the fields that are to be others".to_owned(), theme.quiet())
        }
    };
    let meaning = Line::styled(theme.fit(&words::one_line(&meaning), 2 * columns), style);
    let wrapped = wrapped(&meaning.spans, columns).into_iter().map(Line::from);
    let mut lines = vec![Line::styled(theme.fit(&what, columns), theme.quiet()), prompt];
    lines.extend(meaning.spans.is_empty().then(Line::default).into_iter().chain(wrapped.take(3)));
    lines
}

/// What a person types, for example.
fn example(workbench: &Workbench, writing: &Writing) -> String {
    let pipelines = workbench.topology.pipelines();
    let plan = writing.pipeline().and_then(|pipeline| pipelines.get(pipeline.0));
    match plan.and_then(|plan| plan.source.typed.as_ref()) {
        Some(form) => format!("for example: {}", form.example()),
        None => "for example: 0x 00 00 00 01 61".to_owned(),
    }
}

/// What the keys do.
fn keys(workbench: &Workbench, columns: usize) -> Vec<Line<'static>> {
    let theme = workbench.theme;
    let mut keys = vec![
        ("o", "leave it out"),
        ("e", "edit it"),
        ("p", "put one in after it"),
        ("P", "before it"),
    ];
    if !workbench.topology.states().is_empty() {
        keys.push(("s", "set the partition's state at the moment"));
    }
    if !workbench.changes.all().is_empty() {
        keys.extend([("d", "drop the change"), ("R", "send it for real")]);
    }
    let mut lines = vec![Line::default()];
    for (key, about) in keys {
        let width = key.len() + about.len() + 4;
        if lines.last().is_some_and(|line| line.width() > 0 && line.width() + width > columns) {
            lines.push(Line::default());
        }
        if let Some(line) = lines.last_mut() {
            line.push_span(Span::styled(key, theme.key()));
            line.push_span(Span::styled(format!(" {about}   "), theme.quiet()));
        }
    }
    lines
}
