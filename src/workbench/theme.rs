//! Colours and symbols by what they mean.
//!
//! Colours are the terminal's own sixteen, so that the user's palette rules; with `NO_COLOR` there are
//! none: bold, dim and reversed text carry the same meaning. If the locale is not UTF-8, symbols are
//! ASCII.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::{bar, border};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::state::input_line::CHARACTERS_PER_COLUMN;
use super::words::one_line;

/// Colours and symbols by what they mean.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    colors: bool,
    unicode: bool,
}

impl Theme {
    /// A theme with or without colours and symbols outside ASCII.
    #[must_use]
    pub fn new(colors: bool, unicode: bool) -> Self {
        Self { colors, unicode }
    }

    /// What the environment asks for: no colours with `NO_COLOR` or a dumb terminal, and ASCII where
    /// the locale is set and not UTF-8.
    #[must_use]
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let colors = set("NO_COLOR").is_none() && set("TERM").as_deref() != Some("dumb");
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let unicode = locale.is_none_or(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        Self { colors, unicode }
    }

    fn color(self, color: Color) -> Style {
        if self.colors { Style::new().fg(color) } else { Style::new() }
    }

    /// Whether there are colours.
    #[must_use]
    pub fn has_colors(self) -> bool {
        self.colors
    }

    /// One of two texts: the first if symbols outside ASCII may be used.
    #[must_use]
    pub fn symbol<'a>(self, unicode: &'a str, ascii: &'a str) -> &'a str {
        if self.unicode { unicode } else { ascii }
    }

    /// Whether only ASCII may be written.
    #[must_use]
    pub fn is_ascii(self) -> bool {
        !self.unicode
    }

    /// Plain text.
    #[must_use]
    pub fn text(self) -> Style {
        Style::new()
    }

    /// Text that matters less.
    #[must_use]
    pub fn quiet(self) -> Style {
        if self.colors {
            self.color(Color::DarkGray)
        } else {
            Style::new().add_modifier(Modifier::DIM)
        }
    }

    /// Names of panes and columns.
    #[must_use]
    pub fn title(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What the eye should find first.
    #[must_use]
    pub fn accent(self) -> Style {
        self.color(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// Good, or new.
    #[must_use]
    pub fn good(self) -> Style {
        self.color(Color::Green)
    }

    /// Needs a look.
    #[must_use]
    pub fn warning(self) -> Style {
        self.color(Color::Yellow)
    }

    /// Wrong.
    #[must_use]
    pub fn bad(self) -> Style {
        self.color(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// Bars and charts.
    #[must_use]
    pub fn bar(self) -> Style {
        self.color(Color::Blue)
    }

    /// Bars and charts of another kind.
    #[must_use]
    pub fn second_bar(self) -> Style {
        self.color(Color::Magenta)
    }

    /// Keys to press.
    #[must_use]
    pub fn key(self) -> Style {
        self.color(Color::Cyan)
    }

    /// A row of a list.
    #[must_use]
    pub fn row(self, selected: bool) -> Style {
        if selected { Style::new().add_modifier(Modifier::REVERSED) } else { self.text() }
    }

    /// A pane's border.
    #[must_use]
    pub fn border(self, focused: bool) -> Style {
        if focused { self.accent() } else { self.quiet() }
    }

    /// A worker's colour.
    #[must_use]
    pub fn worker(self, worker: usize) -> Style {
        const COLORS: [Color; 6] =
            [Color::Blue, Color::Magenta, Color::Green, Color::Yellow, Color::Cyan, Color::Red];
        let color = worker.checked_rem(COLORS.len()).and_then(|at| COLORS.get(at));
        self.color(color.copied().unwrap_or(Color::Blue))
    }

    /// The lines of a pane's border.
    #[must_use]
    pub fn border_set(self) -> border::Set<'static> {
        const ASCII: border::Set<'static> = border::Set {
            top_left: "+",
            top_right: "+",
            bottom_left: "+",
            bottom_right: "+",
            vertical_left: "|",
            vertical_right: "|",
            horizontal_top: "-",
            horizontal_bottom: "-",
        };
        if self.unicode { border::ROUNDED } else { ASCII }
    }

    /// The heights of a vertical bar's last cell, from empty to full.
    #[must_use]
    pub fn heights(self) -> [&'static str; 9] {
        if self.unicode {
            let set = bar::NINE_LEVELS;
            [
                set.empty,
                set.one_eighth,
                set.one_quarter,
                set.three_eighths,
                set.half,
                set.five_eighths,
                set.three_quarters,
                set.seven_eighths,
                set.full,
            ]
        } else {
            [" ", ".", ".", ".", ":", ":", "|", "|", "#"]
        }
    }

    /// A horizontal bar of a share of a width, in halves of a cell.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a few cells"
    )]
    pub fn horizontal_bar(self, share: f64, width: usize) -> String {
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        // More than nothing is at least half a cell.
        let least = usize::from(share > 0.0 && width > 0);
        let halves = ((share * width as f64 * 2.0).round() as usize).max(least);
        if self.unicode {
            format!("{}{}", "━".repeat(halves / 2), if halves % 2 == 1 { "╸" } else { "" })
        } else {
            "=".repeat(halves.div_ceil(2))
        }
    }

    /// The beginning of a text in this many columns of one line, with an ellipsis if it is cut.
    #[must_use]
    pub fn fit(self, text: &str, columns: usize) -> String {
        // Of a long text only the part that may be shown is looked at.
        let most = columns.saturating_add(1).saturating_mul(CHARACTERS_PER_COLUMN);
        let end = text.char_indices().nth(most).map(|(at, _)| at);
        let text = one_line(end.and_then(|end| text.get(..end)).unwrap_or(text));
        if end.is_none() && text.width() <= columns {
            return text.into_owned();
        }
        let ellipsis = self.symbol("…", "~");
        let mut room = columns.saturating_sub(1);
        let mut fitted: String = text
            .chars()
            .take_while(|character| {
                let width = character.width().unwrap_or(0);
                let fits = width <= room;
                room = room.saturating_sub(width);
                fits
            })
            .collect();
        if columns > 0 {
            fitted.push_str(ellipsis);
        }
        fitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &'static [(&'static str, &'static str)]) -> Theme {
        Theme::of_environment(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_is_obeyed() {
        assert!(of(&[]).colors && of(&[]).unicode);
        assert!(!of(&[("NO_COLOR", "1")]).colors);
        assert!(of(&[("NO_COLOR", "")]).colors);
        assert!(!of(&[("TERM", "dumb")]).colors);
        assert!(!of(&[("LANG", "C")]).unicode);
        assert!(of(&[("LC_ALL", ""), ("LANG", "de_DE.UTF-8")]).unicode);
        assert!(!of(&[("LC_ALL", "POSIX"), ("LANG", "de_DE.UTF-8")]).unicode);
    }

    #[test]
    fn without_colours_no_style_has_one() {
        let theme = Theme::new(false, true);
        let styles = [theme.quiet(), theme.accent(), theme.bad(), theme.bar(), theme.worker(3)];
        assert!(styles.iter().all(|style| style.fg.is_none() && style.bg.is_none()));
    }

    #[test]
    fn a_bar_never_shows_something_as_nothing() {
        let theme = Theme::new(true, true);
        assert_eq!(theme.horizontal_bar(0.0, 8), "");
        assert_eq!(theme.horizontal_bar(0.0001, 8), "╸");
        assert_eq!(theme.horizontal_bar(0.5, 3), "━╸");
        assert_eq!(theme.horizontal_bar(2.0, 3), "━━━");
        assert_eq!(Theme::new(true, false).horizontal_bar(0.5, 3), "==");
    }

    #[test]
    fn a_text_is_cut_to_its_columns() {
        let theme = Theme::new(true, true);
        assert_eq!(theme.fit("abc", 3), "abc");
        assert_eq!(theme.fit("abcd", 3), "ab…");
        assert_eq!(theme.fit("日本語", 5), "日本…");
        assert_eq!(theme.fit("日本語", 4), "日…");
        assert_eq!(theme.fit("abc", 0), "");
    }
}
