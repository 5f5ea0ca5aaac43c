//! The breakpoints: a line in which a condition is typed, what is wrong with it, and those that are set.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::detail::wrapping::wrapped;
use crate::core::text::plural;
use crate::telemetry::BreakpointShown;
use crate::workbench::panes::lists::rows;
use crate::workbench::state::Workbench;
use crate::workbench::state::windows::breakpoints::BreakpointsWindow;
use crate::workbench::theme::Theme;
use crate::workbench::words;

/// A narrower window has the short names of the keys.
const WORDY: u16 = 76;

/// The max columns of the window.
const MAX_WIDTH: u16 = 110;

/// What stands before the typed condition.
const PROMPT: &str = "stop if ";

/// The same of one that holds messages before they enter: as long.
const HOLDS: &str = "hold if ";

/// How many rows say what is wrong with it, or what can be typed.
const NOTE: u16 = 3;

/// How many rows the list has at least, if there is room.
const LIST: usize = 4;

pub(super) fn render(
    workbench: &Workbench,
    window: &BreakpointsWindow,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let theme = workbench.theme;
    let all = &workbench.snapshot.breakpoints.all;
    let width = area.width.saturating_sub(4).min(MAX_WIDTH);
    let wanted = u16::try_from(all.len().max(LIST)).unwrap_or(u16::MAX).saturating_add(NOTE + 4);
    let height = area.height.saturating_sub(2).min(wanted);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 3,
        width,
        height,
    };
    let keys = match window.place(all) {
        None if width < WORDY => " Enter: set  Tab: stop or hold  Down: list  Esc ",
        Some(_) if width < WORDY => " Enter: on or off  h: hold  Del  Up: type  Esc ",
        None => " Enter: set it   Tab: stop or hold   Down: the list   Esc closes ",
        Some(_) => " Enter: on or off   h: hold or stop   Del: remove   Up: type   Esc closes ",
    };
    Clear.render(place, buffer);
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .title_top(Line::styled(" Breakpoints ", theme.accent()))
        .title_bottom(Line::styled(keys, theme.quiet()).right_aligned());
    let inner = block.inner(place);
    block.render(place, buffer);
    let line = inner.rows().next()?;
    let room = usize::from(line.width).saturating_sub(PROMPT.len() + 2);
    let typed = window.line.shown(room);
    let prompt = if window.holds { HOLDS } else { PROMPT };
    let prompt = Span::styled(format!(" {prompt}"), theme.accent());
    Line::from(vec![prompt, Span::raw(typed.text.clone())]).render(line, buffer);
    let below = Rect { y: line.bottom(), height: inner.height - 1, ..inner };
    let note_rows = NOTE.min(below.height.saturating_sub(1));
    note(theme, window, Rect { height: note_rows, ..below }, buffer);
    let list =
        Rect { y: below.y + note_rows, height: below.height.saturating_sub(note_rows), ..below };
    set(workbench, window, list, buffer);
    let column = u16::try_from(typed.cursor + PROMPT.len() + 1).unwrap_or(u16::MAX);
    window.place(all).is_none().then(|| Position {
        x: line.x.saturating_add(column).min(line.right().saturating_sub(1)),
        y: line.y,
    })
}

/// What is wrong with the typed condition, below the character; or what can be typed.
fn note(theme: Theme, window: &BreakpointsWindow, area: Rect, buffer: &mut Buffer) {
    let (style, text, caret) = match &window.error {
        None if window.holds => {
            let text = "holds a message before it enters, until you let it go, drop it or edit it. Each \
                message is looked at before it enters, one at a time: fewer enter in a second";
            (theme.quiet(), text.to_owned(), None)
        }
        None => (theme.quiet(), BreakpointsWindow::known(), None),
        Some(error) => (theme.bad(), error.sentence.clone(), Some(error.column)),
    };
    let columns = usize::from(area.width.saturating_sub(2));
    let mut lines = Vec::new();
    let typed = window.line.text();
    // A line that is too long is shown at its end: then the character may be out of sight.
    let is_whole = typed.width() + PROMPT.len() < columns;
    if let Some(column) = caret.filter(|_| is_whole) {
        let before: String = typed.chars().take(column).collect();
        let caret = PROMPT.len() + 1 + before.width();
        lines.push(Line::styled(format!("{:>caret$}^", ""), style));
    }
    let room = usize::from(area.height).saturating_sub(lines.len());
    let text = theme.fit(&text, (room * columns).saturating_sub(columns / 4));
    lines.extend(wrapped(&[Span::styled(text, style)], columns).into_iter().map(|spans| {
        let mut all = vec![Span::raw(" ")];
        all.extend(spans);
        Line::from(all)
    }));
    for (line, row) in lines.into_iter().zip(area.rows()) {
        line.render(row, buffer);
    }
}

/// Those that are set.
fn set(workbench: &Workbench, window: &BreakpointsWindow, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let all = &workbench.snapshot.breakpoints.all;
    let mut rest = area.rows();
    if let Some(rule) = rest.next() {
        let text = theme.symbol("─", "-").repeat(usize::from(rule.width));
        Line::styled(text, theme.quiet()).render(rule, buffer);
    }
    let list =
        Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(1), ..area };
    if all.is_empty() {
        let text = theme.fit(
            " none is set: the engine pauses at the first message for which one holds",
            usize::from(list.width),
        );
        if let Some(row) = list.rows().next() {
            Line::styled(text, theme.quiet()).render(row, buffer);
        }
        return;
    }
    let place = window.place(all);
    for (is_selected, one, row) in rows(all, place.unwrap_or(0), true, list) {
        breakpoint(theme, one, usize::from(row.width)).render(row, buffer);
        if is_selected && place.is_some() {
            theme.select(row, buffer);
        }
    }
}

/// A breakpoint: whether it is on, its condition, and what came of it.
fn breakpoint(theme: Theme, one: &BreakpointShown, columns: usize) -> Line<'static> {
    let (mark, style) = if one.on {
        (theme.symbol("●", "*"), theme.bad())
    } else {
        (theme.symbol("○", "o"), theme.quiet())
    };
    let mut figures = match (one.on, one.hits) {
        (false, 0) => "off".to_owned(),
        (on, hits) => {
            let off = if on { "" } else { "off, " };
            format!("{off}{} {}", words::exact(hits), plural(hits, "message"))
        }
    };
    if one.unjudged > 0 {
        figures = format!("{figures}, {} not known", words::exact(one.unjudged));
    }
    let holds = if one.hold { "hold " } else { "" };
    let room = columns.saturating_sub(figures.width() + 5 + holds.len());
    let text = theme.fit(&words::one_line(&one.text), room);
    let (shown, style_of_text) = match &one.trouble {
        Some(why) if text.width() + 3 < room => {
            let why = theme.fit(&words::one_line(why), room - text.width() - 2);
            (vec![Span::styled(format!("  {why}"), theme.warning())], theme.text())
        }
        _ if one.on => (Vec::new(), theme.text()),
        _ => (Vec::new(), theme.quiet()),
    };
    let mut spans = vec![
        Span::styled(format!(" {mark} "), style),
        Span::styled(holds, theme.accent()),
        Span::styled(text, style_of_text),
    ];
    spans.extend(shown);
    let used: usize = spans.iter().map(Span::width).sum();
    let blank = columns.saturating_sub(used + figures.width() + 1);
    spans.push(Span::styled(format!("{}{figures} ", " ".repeat(blank)), theme.quiet()));
    Line::from(spans)
}
