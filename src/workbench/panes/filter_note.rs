//! What there is to say of a pane's filter, in the rows below the rule that has it: a wrong condition with a caret
//! below the character, and what can be typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use crate::workbench::state::lists::filters::filter_line::{FilterLine, Note};
use crate::workbench::theme::Theme;

/// The columns before the text of a filter that is being typed: a blank and the key that began it.
const BEFORE: usize = 2;

/// The columns behind it: the cursor and a blank.
const BEHIND: usize = 2;

/// With fewer rows, the caret has no row of its own.
const ROOM_FOR_TWO: u16 = 4;

/// Draws the note at the top of a pane, whose rule has a title of so many columns. Returns the rest of the pane.
pub(super) fn below_rule(
    theme: Theme,
    filter: Option<&FilterLine>,
    title: usize,
    area: Rect,
    buffer: &mut Buffer,
) -> Rect {
    let Some((filter, note)) = filter.and_then(|filter| Some((filter, filter.note()?))) else {
        return area;
    };
    let width = usize::from(area.width);
    let beside = width.saturating_sub(title + 2);
    let (caret, text, style) = match note {
        Note::Wrong(column, sentence) => {
            (Some(caret(theme, filter.text(), column, beside, width)), sentence, theme.bad())
        }
        Note::Trouble(sentence) => (None, sentence, theme.warning()),
        Note::Hint(sentence) => (None, sentence, theme.quiet()),
    };
    let rows = match caret {
        // Left of the caret, if there is room.
        Some(caret) if text.width() < caret => {
            vec![format!("{}^", right(theme, &format!("{text} "), caret))]
        }
        Some(caret) if area.height >= ROOM_FOR_TWO => {
            vec![format!("{:>caret$}^", ""), right(theme, &text, width)]
        }
        Some(caret) => vec![format!("{} ^", theme.fit(&text, caret.saturating_sub(1)))],
        None => vec![right(theme, &text, width)],
    };
    let mut rest = area;
    for row in rows.iter().take(usize::from(area.height)) {
        let place = Rect { height: 1, ..rest };
        Line::styled(row.as_str(), style).render(place, buffer);
        rest = Rect { y: rest.y + 1, height: rest.height - 1, ..rest };
    }
    rest
}

/// The end of a filter that is being typed, if there are only so many columns for it and what is around it; and
/// how many characters are left out.
pub(super) fn end_of(theme: Theme, text: &str, columns: usize) -> (String, usize) {
    let room = columns.saturating_sub(BEFORE + BEHIND);
    if text.width() <= room {
        return (text.to_owned(), 0);
    }
    let mark = theme.symbol("…", "~");
    let ends = text.char_indices().map(|(at, _)| text.get(at..).unwrap_or_default()).enumerate();
    let fits = |(_, end): &(usize, &str)| end.width() + mark.width() <= room;
    let (left_out, end) = ends.skip(1).find(fits).unwrap_or((text.chars().count(), ""));
    (format!("{mark}{end}"), left_out)
}

/// The column of a pane that is below a character of its filter, which stands at the right end of the rule.
fn caret(theme: Theme, text: &str, column: usize, beside: usize, width: usize) -> usize {
    let (end, left_out) = end_of(theme, text, beside);
    let start = width.saturating_sub((BEFORE + end.width() + BEHIND).min(beside));
    // The mark of what is left out stands for all of it.
    let mark = usize::from(left_out > 0);
    let before: String = end.chars().take((column + mark).saturating_sub(left_out)).collect();
    (start + BEFORE + before.width()).min(width.saturating_sub(1))
}

fn right(theme: Theme, text: &str, width: usize) -> String {
    let text = theme.fit(text, width);
    let blank = width.saturating_sub(text.width());
    format!("{}{text}", " ".repeat(blank))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_is_below_its_character_and_the_end_of_a_long_filter_stays_in_sight() {
        let theme = Theme::new(false, true);
        let text = "=key == \"日\" && wrker == 0";
        let wrong = text.chars().position(|character| character == 'w').unwrap();
        for beside in 0..60 {
            let (end, left_out) = end_of(theme, text, beside);
            assert!(end.width() + BEFORE + BEHIND <= beside.max(5), "{beside} {end}");
            let line = format!("{:>60}", format!(" /{end}_ "));
            let caret = caret(theme, text, wrong, beside, line.width());
            if left_out < wrong {
                let (before, _) = line.split_once("wrker").unwrap();
                assert_eq!(caret, before.width(), "{line}");
            }
            assert!(caret < 60);
        }
    }
}
