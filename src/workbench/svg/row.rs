//! One row of the terminal: its backgrounds, then its shapes, then its text.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell, CellWidth as _};
use ratatui::style::Modifier;

use super::colors::{BACKGROUND, DIM, FOREGROUND, Rgb};
use super::paths::{CELL_HEIGHT, CELL_WIDTH, Kind, Paths, TOP};
use super::shapes::{self, Spot};

/// How a glyph looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    color: Rgb,
    bold: bool,
    italic: bool,
}

/// A cell as it is drawn: reversal, dimming and hiding are already done.
#[derive(Debug, Clone)]
struct Drawn {
    column: u16,
    cells: u16,
    symbol: String,
    look: Look,
    background: Rgb,
    underlined: bool,
    crossed_out: bool,
}

/// The elements of the row at `y`, a line each. Nothing if the row shows nothing.
pub(super) fn row(buffer: &Buffer, y: u16) -> String {
    let cells = cells(buffer, y);
    format!("{}{}{}", backgrounds(&cells), shapes_and_rules(&cells), texts(&cells))
}

fn cells(buffer: &Buffer, y: u16) -> Vec<Drawn> {
    let mut cells = Vec::new();
    let mut x = buffer.area.left();
    while let Some(cell) = buffer.cell((x, y)) {
        let cell = drawn(cell, x - buffer.area.left());
        let rest = buffer.area.right().saturating_sub(x);
        x = x.saturating_add(cell.cells);
        cells.push(Drawn { cells: cell.cells.min(rest), ..cell });
    }
    cells
}

fn drawn(cell: &Cell, column: u16) -> Drawn {
    let has = |modifier| cell.modifier.contains(modifier);
    let mut foreground = Rgb::of(cell.fg, FOREGROUND);
    let mut background = Rgb::of(cell.bg, BACKGROUND);
    if has(Modifier::REVERSED) {
        std::mem::swap(&mut foreground, &mut background);
    }
    if has(Modifier::DIM) {
        foreground = foreground.mixed(background, DIM);
    }
    let symbol = if has(Modifier::HIDDEN) { " " } else { cell.symbol() };
    let symbol: String =
        symbol.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    Drawn {
        column,
        // The cells behind a wide character belong to it.
        cells: symbol.as_str().cell_width().max(1),
        symbol,
        look: Look { color: foreground, bold: has(Modifier::BOLD), italic: has(Modifier::ITALIC) },
        background,
        underlined: has(Modifier::UNDERLINED),
        crossed_out: has(Modifier::CROSSED_OUT),
    }
}

impl Drawn {
    fn left(&self) -> f32 {
        f32::from(self.column) * CELL_WIDTH
    }

    fn right(&self) -> f32 {
        f32::from(self.column + self.cells) * CELL_WIDTH
    }

    fn is_blank(&self) -> bool {
        self.symbol.trim().is_empty()
    }

    /// The character if it is a shape.
    fn shape(&self) -> Option<char> {
        let mut chars = self.symbol.chars();
        chars.next().filter(|c| chars.next().is_none() && shapes::is_shape(*c))
    }
}

fn backgrounds(cells: &[Drawn]) -> Paths {
    let mut paths = Paths::default();
    for run in cells.chunk_by(|one, next| one.background == next.background) {
        if let [first, ..] = run
            && let [.., last] = run
            && first.background != BACKGROUND
        {
            let size = (last.right() - first.left(), CELL_HEIGHT);
            paths.of(Kind::Fill, first.background).rect((first.left(), TOP), size);
        }
    }
    paths
}

fn shapes_and_rules(cells: &[Drawn]) -> Paths {
    let mut paths = Paths::default();
    let same = |one: &Drawn, next: &Drawn| {
        one.symbol == next.symbol
            && one.look.color == next.look.color
            && one.background == next.background
            && one.shape().is_some_and(shapes::joins)
    };
    for run in cells.chunk_by(same) {
        if let [first, ..] = run
            && let Some(c) = first.shape()
        {
            let spot = Spot {
                column: first.column,
                cells: run.iter().map(|cell| cell.cells).sum(),
                foreground: first.look.color,
                background: first.background,
            };
            shapes::draw(c, spot, &mut paths);
        }
    }
    rules(cells, |cell| cell.underlined, 2.5, &mut paths);
    rules(cells, |cell| cell.crossed_out, -4.5, &mut paths);
    paths
}

/// Underlines and the like, as lines and not as decoration of the text: they must not stop where
/// the text has a gap.
fn rules(cells: &[Drawn], has: impl Fn(&Drawn) -> bool, y: f32, paths: &mut Paths) {
    let same =
        |one: &Drawn, next: &Drawn| has(one) == has(next) && one.look.color == next.look.color;
    for run in cells.chunk_by(same) {
        if let [first, ..] = run
            && let [.., last] = run
            && has(first)
        {
            paths.of(Kind::Light, first.look.color).line((first.left(), y), (last.right(), y));
        }
    }
}

/// Text of one look, with the place of every glyph. A single blank between two words is part of it,
/// which keeps the text readable in a diff. A wider gap is not: some renderers (librsvg) know only
/// the first place of an element, and a new element puts them right again.
#[derive(Debug)]
struct Run {
    look: Look,
    places: String,
    text: String,
    /// The column behind the last glyph.
    end: u16,
}

fn texts(cells: &[Drawn]) -> String {
    let mut out = String::new();
    let mut run: Option<Run> = None;
    for cell in cells.iter().filter(|cell| !cell.is_blank() && cell.shape().is_none()) {
        // Viewers disagree on how many places a glyph of many code points takes, and a wide one
        // belongs in the middle of its cells: both stand alone.
        if cell.cells > 1 || cell.symbol.len() > 3 || cell.symbol.chars().count() > 1 {
            out.extend(run.take().map(Run::element));
            let middle = f32::midpoint(cell.left(), cell.right());
            out += &element(cell.look, &format!("{middle}\" text-anchor=\"middle"), &cell.symbol);
            continue;
        }
        if run.as_ref().is_some_and(|run| run.look != cell.look || cell.column > run.end + 1) {
            out.extend(run.take().map(Run::element));
        }
        run.get_or_insert_with(|| Run::new(cell)).push(cell);
    }
    out.extend(run.map(Run::element));
    out
}

impl Run {
    fn new(first: &Drawn) -> Self {
        let (places, text) = (String::new(), String::new());
        Self { look: first.look, places, text, end: first.column }
    }

    fn push(&mut self, cell: &Drawn) {
        if cell.column > self.end {
            let _ = write!(self.places, " {}", cell.left() - CELL_WIDTH);
            self.text.push(' ');
        }
        if !self.places.is_empty() {
            self.places.push(' ');
        }
        let _ = write!(self.places, "{}", cell.left());
        self.text.push_str(&cell.symbol);
        self.end = cell.column + 1;
    }

    fn element(self) -> String {
        element(self.look, &self.places, &self.text)
    }
}

fn element(look: Look, places: &str, text: &str) -> String {
    let mut out = format!("<text x=\"{places}\"");
    if look.color != FOREGROUND {
        let _ = write!(out, " fill=\"{}\"", look.color);
    }
    if look.bold {
        out.push_str(" font-weight=\"bold\"");
    }
    if look.italic {
        out.push_str(" font-style=\"italic\"");
    }
    let _ = writeln!(out, ">{}</text>", escaped(text));
    out
}

/// Text as it may stand in XML. What XML cannot hold at all shows as a replacement character.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
