//! Colours and symbols by what they mean.
//!
//! Everything drawn takes its colour from a role: text, quiet, accent, good, warning, bad, a worker. Workers
//! have colours that no role has. Which colours those are says the [`Look`]; without colours, bold, dim and
//! reversed text carry the same meaning. If the locale is not UTF-8, symbols are ASCII.

mod look;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::{bar, border};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::state::typing::input_line::CHARACTERS_PER_COLUMN;
use super::words::one_line;
pub use look::Look;

/// Colours and symbols by what they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    look: Look,
    unicode: bool,
}

impl Theme {
    /// A theme with or without colours and symbols outside ASCII.
    #[must_use]
    pub fn new(colors: bool, unicode: bool) -> Self {
        Self { look: if colors { Look::Dark } else { Look::Mono }, unicode }
    }

    /// What the environment asks for: no colours with `NO_COLOR` or a dumb terminal, the terminal's own
    /// sixteen where it has no more, and ASCII where the locale is set and not UTF-8.
    #[must_use]
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let unicode = locale.is_none_or(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        Self { look: Look::of_environment(set), unicode }
    }

    /// The same symbols in other colours.
    #[must_use]
    pub fn with_look(self, look: Look) -> Self {
        Self { look, ..self }
    }

    /// Its colours.
    #[must_use]
    pub fn look(self) -> Look {
        self.look
    }

    /// A colour, with the one of the sixteen that stands for it.
    fn color(self, dark: u8, light: u8, sixteen: Color) -> Style {
        match self.look {
            Look::Dark => Style::new().fg(Color::Indexed(dark)),
            Look::Light => Style::new().fg(Color::Indexed(light)),
            Look::Sixteen => Style::new().fg(sixteen),
            Look::Mono => Style::new(),
        }
    }

    /// Whether there are colours.
    #[must_use]
    pub fn has_colors(self) -> bool {
        self.look != Look::Mono
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

    /// Text that matters less. Never colour 8 of the sixteen: some palettes have the background there.
    #[must_use]
    pub fn quiet(self) -> Style {
        match self.look {
            Look::Dark | Look::Light => self.color(245, 242, Color::Reset),
            Look::Sixteen | Look::Mono => Style::new().add_modifier(Modifier::DIM),
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
        self.color(80, 30, Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// Good, or new.
    #[must_use]
    pub fn good(self) -> Style {
        self.color(114, 28, Color::Green)
    }

    /// Needs a look.
    #[must_use]
    pub fn warning(self) -> Style {
        self.color(221, 94, Color::Yellow)
    }

    /// Wrong.
    #[must_use]
    pub fn bad(self) -> Style {
        self.color(203, 160, Color::Red).add_modifier(Modifier::BOLD)
    }

    /// Bars and charts.
    #[must_use]
    pub fn bar(self) -> Style {
        self.color(73, 30, Color::Cyan)
    }

    /// Bars and charts of another kind, and the headers of frames.
    #[must_use]
    pub fn second_bar(self) -> Style {
        let style = self.color(109, 66, Color::Cyan);
        // Of the sixteen, the accent has the hue.
        if self.look == Look::Sixteen { style.add_modifier(Modifier::DIM) } else { style }
    }

    /// Keys to press.
    #[must_use]
    pub fn key(self) -> Style {
        self.color(80, 30, Color::Cyan)
    }

    /// A row of a list. A selected one also has the [`mark`](Self::mark) in its first column.
    #[must_use]
    pub fn row(self, selected: bool) -> Style {
        if !selected {
            return self.text();
        }
        let bold = Style::new().add_modifier(Modifier::BOLD);
        match self.look {
            Look::Dark => bold.bg(Color::Indexed(237)),
            Look::Light => bold.bg(Color::Indexed(253)),
            Look::Sixteen | Look::Mono => bold.add_modifier(Modifier::REVERSED),
        }
    }

    /// The first column of a row of a list.
    #[must_use]
    pub fn mark(self, selected: bool) -> &'static str {
        if selected { self.symbol("▌", ">") } else { " " }
    }

    /// Gives a row that is drawn already the look of a selected one: one background from end to end, and no
    /// patchwork of its texts' colours where the background is a reversed text.
    pub fn select(self, row: Rect, buffer: &mut Buffer) {
        let style = match self.look {
            Look::Dark | Look::Light => self.row(true),
            Look::Sixteen | Look::Mono => self.row(true).fg(Color::Reset).bg(Color::Reset),
        };
        buffer.set_style(row, style);
        if !row.is_empty() {
            let mark = if self.look == Look::Mono { self.text() } else { self.accent() };
            buffer.set_string(row.x, row.y, self.mark(true), mark);
        }
    }

    /// The same for a row of a pane, with the mark on the pane's border: the row's own columns stay free.
    pub fn select_in_pane(self, row: Rect, buffer: &mut Buffer) {
        let x = row.x.saturating_sub(1).max(buffer.area.x);
        self.select(Rect { x, width: row.width + (row.x - x), ..row }, buffer);
    }

    /// A word on a ground of its role: the state of the engine, a badge.
    #[must_use]
    pub fn chip(self, role: Style) -> Style {
        role.add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    /// A pane's border.
    #[must_use]
    pub fn border(self, focused: bool) -> Style {
        if focused { self.accent() } else { self.quiet() }
    }

    /// A worker's colour: none that a role has. The number beside it says the same.
    #[must_use]
    pub fn worker(self, worker: usize) -> Style {
        const COLORS: [(u8, u8, Color); 8] = [
            (75, 26, Color::Blue),
            (176, 127, Color::Magenta),
            (173, 130, Color::LightBlue),
            (105, 61, Color::LightMagenta),
            (218, 132, Color::Blue),
            (110, 25, Color::Magenta),
            (180, 95, Color::LightBlue),
            (141, 92, Color::LightMagenta),
        ];
        let color = worker.checked_rem(COLORS.len()).and_then(|at| COLORS.get(at));
        let (dark, light, sixteen) = color.copied().unwrap_or((75, 26, Color::Blue));
        self.color(dark, light, sixteen)
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
mod tests;
