//! Lines that are too long: broken between words, or moved sideways.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthChar;

use crate::workbench::theme::Theme;

/// The fewest columns for the text beside a name.
pub(super) const MIN_BODY: usize = 8;

/// A character with its style and its width.
type Cell = (char, Style, usize);

fn cells<'a>(spans: &'a [Span<'static>]) -> impl Iterator<Item = Cell> + 'a {
    spans.iter().flat_map(|span| {
        span.content.chars().map(|letter| (letter, span.style, letter.width().unwrap_or(0)))
    })
}

fn spans(cells: &[Cell]) -> Vec<Span<'static>> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (letter, style, _) in cells {
        match spans.last_mut() {
            Some(last) if last.style == *style => last.content.to_mut().push(*letter),
            _ => spans.push(Span::styled(letter.to_string(), *style)),
        }
    }
    spans
}

/// A text in lines of at most this many columns, broken after a space where there is one. Nothing is lost
/// but a space that would stand just behind the end of a line.
pub(in crate::workbench::panes::windows) fn wrapped(
    body: &[Span<'static>],
    columns: usize,
) -> Vec<Vec<Span<'static>>> {
    let columns = columns.max(1);
    let all: Vec<Cell> = cells(body).collect();
    let (mut lines, mut rest) = (Vec::new(), all.as_slice());
    loop {
        let mut room = columns;
        let fits = rest.iter().take_while(|(_, _, width)| {
            let fits = *width <= room;
            room = room.saturating_sub(*width);
            fits
        });
        // A character that is wider than a line gets one of its own.
        let fits = fits.count().max(1);
        if fits >= rest.len() {
            lines.push(spans(rest));
            return lines;
        }
        let line = rest.get(..=fits).unwrap_or(rest);
        let space = line.iter().rposition(|(letter, ..)| *letter == ' ').filter(|at| *at > 0);
        // A space that stands just behind the line need not be seen.
        let end = space.map_or(fits, |at| at + 1);
        let (line, after) = rest.split_at(end.min(rest.len()));
        lines.push(spans(line.get(..fits.min(line.len())).unwrap_or(line)));
        rest = after;
    }
}

/// A line without the first `left` columns behind its head, and with a mark at each end where it goes on.
pub(super) fn shifted(
    theme: Theme,
    line: &Line<'static>,
    head: usize,
    left: usize,
    width: usize,
) -> Line<'static> {
    let all: Vec<Cell> = cells(&line.spans).collect();
    let mut column = 0;
    let placed = all.iter().map(|cell| {
        let at = column;
        column += cell.2;
        (at, *cell)
    });
    let head = head.min(width.saturating_sub(MIN_BODY));
    let shown = placed.filter(|(at, _)| *at < head || *at >= head + left);
    let mut shown: Vec<Cell> = shown.map(|(_, cell)| cell).collect();
    let mark = |style| (theme.symbol("…", "~").chars().next().unwrap_or('~'), style, 1);
    let total: usize = all.iter().map(|cell| cell.2).sum();
    if left > 0 && total > head + left {
        let first = shown.iter().scan(0, |at, cell| {
            *at += cell.2;
            Some(*at)
        });
        let first = first.take_while(|end| *end <= head).count();
        if let Some(cell) = shown.get_mut(first) {
            *cell = mark(cell.1);
        }
    }
    let mut used = 0;
    let fits = shown.iter().take_while(|cell| {
        used += cell.2;
        used <= width
    });
    let fits = fits.count();
    if fits < shown.len() {
        shown.truncate(fits);
        if let Some(last) = shown.last_mut() {
            *last = mark(last.1);
        }
    }
    Line::from(spans(&shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, columns: usize) -> Vec<String> {
        let lines = wrapped(&[Span::raw(text.to_owned())], columns);
        lines.into_iter().map(|line| Line::from(line).to_string()).collect()
    }

    #[test]
    fn lines_are_broken_between_words_and_long_words_where_they_must_be() {
        assert_eq!(lines("one two  three", 8), ["one two ", "three"]);
        assert_eq!(lines("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(lines("", 4), [""]);
        assert_eq!(lines("日本語", 4), ["日本", "語"]);
        assert_eq!(lines("日", 1), ["日"]);
    }

    #[test]
    fn a_line_that_is_moved_sideways_keeps_its_head_and_says_where_it_goes_on() {
        let theme = Theme::new(true, true);
        let line = Line::from("name 0123456789abcdef".to_owned());
        let moved = |left, width| shifted(theme, &line, 5, left, width).to_string();
        assert_eq!(moved(0, 30), "name 0123456789abcdef");
        assert_eq!(moved(0, 15), "name 012345678…");
        assert_eq!(moved(6, 15), "name …789abcdef");
        assert_eq!(moved(3, 15), "name …456789ab…");
    }
}
