//! The paths of one row: everything of one kind and colour goes into one element.
//!
//! Invariant: elements come out in the order in which their kind and colour was first asked for, so
//! the same row always gives the same bytes.

use std::fmt::{self, Write as _};

use super::colors::Rgb;

/// A cell's width. At the picture's font size, the common monospace fonts advance by 8.25 to 9.03.
pub(super) const CELL_WIDTH: f32 = 9.0;
/// A cell's height. Odd, so that the middle of a cell is the middle of a pixel and lines are sharp.
pub(super) const CELL_HEIGHT: f32 = 19.0;
/// The top of a row. A row's origin is its baseline: its text then needs no `y`.
pub(super) const TOP: f32 = -14.0;

/// How a path is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A filled area. Not smoothed: two blocks side by side must not show a seam.
    Fill,
    /// A light line.
    Light,
    /// A heavy line.
    Heavy,
    /// Both lines of a double line and what is between them.
    Double,
    /// What is between them, again, in the background's colour.
    Gap,
}

impl Kind {
    /// The width of the line.
    pub fn width(self) -> f32 {
        match self {
            Self::Fill => 0.0,
            Self::Light => 1.2,
            Self::Heavy => 2.6,
            Self::Double => 4.2,
            Self::Gap => 1.8,
        }
    }
}

/// The paths of a row, one a kind and colour.
#[derive(Debug, Default)]
pub(super) struct Paths(Vec<(Kind, Rgb, Path)>);

/// What goes into the `d` of a path element.
#[derive(Debug, Default)]
pub(super) struct Path(String);

impl Paths {
    /// The path of this kind and colour, a new one if there is none.
    pub fn of(&mut self, kind: Kind, color: Rgb) -> &mut Path {
        let known = self.0.iter().position(|(k, c, _)| *k == kind && *c == color);
        let at = known.unwrap_or(self.0.len());
        if known.is_none() {
            self.0.push((kind, color, Path::default()));
        }
        let (.., path) =
            self.0.get_mut(at).unwrap_or_else(|| unreachable!("it was found, or pushed just now"));
        path
    }
}

impl fmt::Display for Paths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, color, Path(data)) in self.0.iter().filter(|(.., path)| !path.0.is_empty()) {
            write!(f, "<path d=\"{data}\" ")?;
            let width = number(kind.width());
            match kind {
                Kind::Fill => write!(f, "fill=\"{color}\" shape-rendering=\"crispEdges\"")?,
                _ => write!(f, "fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"")?,
            }
            f.write_str("/>\n")?;
        }
        Ok(())
    }
}

impl Path {
    /// Appends path commands as they are.
    pub fn push(&mut self, commands: &str) {
        self.0.push_str(commands);
    }

    /// A horizontal or vertical line.
    pub fn line(&mut self, from: (f32, f32), to: (f32, f32)) {
        let [x, y, to_x, to_y] = [from.0, from.1, to.0, to.1].map(number);
        debug_assert!(x == to_x || y == to_y, "a line of the cell grid is not slanted");
        if to_y == y {
            self.write(format_args!("M{x} {y}H{to_x}"));
        } else {
            self.write(format_args!("M{x} {y}V{to_y}"));
        }
    }

    /// A rectangle from its upper left corner and its size.
    pub fn rect(&mut self, at: (f32, f32), (width, height): (f32, f32)) {
        let (x, y, width, height) = (number(at.0), number(at.1), number(width), number(height));
        self.write(format_args!("M{x} {y}h{width}v{height}h-{width}z"));
    }

    fn write(&mut self, commands: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.0.write_fmt(commands);
    }
}

/// A coordinate with at most two digits after the point, and no more than it needs.
pub(super) fn number(value: f32) -> String {
    // Adding zero turns -0 into 0.
    let rounded = (value * 100.0).round() / 100.0 + 0.0;
    rounded.to_string()
}
