//! Lines and blocks as shapes instead of text: those that screens and themes draw. Others are text.
//!
//! Fonts differ in where they put `│` and how tall they make `█`, and a fallback font rarely agrees
//! with its neighbour. Invariant: a character drawn here touches the edges of its cell exactly where
//! its Unicode picture says, so borders meet and bars have their length in any viewer.

use super::colors::Rgb;
use super::paths::{CELL_HEIGHT, CELL_WIDTH, Kind, Paths, TOP, number};

/// Where a shape goes, and in which colours. `cells` is above 1 for a run of a character that
/// [`joins`] its neighbour: one long line instead of many short ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub column: u16,
    pub cells: u16,
    pub foreground: Rgb,
    pub background: Rgb,
}

/// The arms of U+2500 to U+257F, a hex digit for left, up, right and down: 0 none, 1 light, 2 heavy,
/// 3 double. 0 alone: not drawn as a shape, or an arc.
#[rustfmt::skip]
const ARMS: [u16; 128] = [
    0x1010, 0x2020, 0x0101, 0x0202, 0, 0, 0, 0, 0, 0, 0, 0, 0x0011, 0x0021, 0x0012, 0x0022,
    0x1001, 0x2001, 0x1002, 0x2002, 0x0110, 0x0120, 0x0210, 0x0220,
    0x1100, 0x2100, 0x1200, 0x2200, 0x0111, 0x0121, 0x0211, 0x0112,
    0x0212, 0x0221, 0x0122, 0x0222, 0x1101, 0x2101, 0x1201, 0x1102,
    0x1202, 0x2201, 0x2102, 0x2202, 0x1011, 0x2011, 0x1021, 0x2021,
    0x1012, 0x2012, 0x1022, 0x2022, 0x1110, 0x2110, 0x1120, 0x2120,
    0x1210, 0x2210, 0x1220, 0x2220, 0x1111, 0x2111, 0x1121, 0x2121,
    0x1211, 0x1112, 0x1212, 0x2211, 0x1221, 0x2112, 0x1122, 0x2221,
    0x2122, 0x2212, 0x1222, 0x2222, 0, 0, 0, 0,
    0x3030, 0x0303, 0x0031, 0x0013, 0x0033, 0x3001, 0x1003, 0x3003,
    0x0130, 0x0310, 0x0330, 0x3100, 0x1300, 0x3300, 0x0131, 0x0313,
    0x0333, 0x3101, 0x1303, 0x3303, 0x3031, 0x1013, 0x3033, 0x3130,
    0x1310, 0x3330, 0x3131, 0x1313, 0x3333, 0, 0, 0,
    0, 0, 0, 0, 0x1000, 0x0100, 0x0010, 0x0001,
    0x2000, 0x0200, 0x0020, 0x0002, 0x1020, 0x0102, 0x2010, 0x0201,
];

/// How far a vertical line reaches into the row above. Rows are drawn one by one, and a viewer that
/// scales the picture would otherwise leave a faint gap between them.
const OVERLAP: f32 = 0.3;

/// Whether this character is drawn as a shape.
pub(super) fn is_shape(c: char) -> bool {
    matches!(c, '╭'..='╰' | '\u{2581}'..='\u{258f}') || arms(c) != 0
}

/// Whether the same character in the next cell only makes the shape longer.
pub(super) fn joins(c: char) -> bool {
    matches!(c, '─' | '━' | '═' | '\u{2581}'..='\u{2588}')
}

/// Draws the character, which [`is_shape`].
pub(super) fn draw(c: char, spot: Spot, paths: &mut Paths) {
    match c {
        '╭'..='╰' => arc(c, spot, paths),
        '\u{2581}'..='\u{258f}' => eighths(c, spot, paths),
        _ => lines(arms(c), spot, paths),
    }
}

/// The straight lines of a character; 0 if it is not made of them.
fn arms(c: char) -> u16 {
    let at = u32::from(c).checked_sub(0x2500).and_then(|at| usize::try_from(at).ok());
    at.and_then(|at| ARMS.get(at)).copied().unwrap_or(0)
}

impl Spot {
    fn left(self) -> f32 {
        f32::from(self.column) * CELL_WIDTH
    }

    fn width(self) -> f32 {
        f32::from(self.cells) * CELL_WIDTH
    }

    fn center(self) -> (f32, f32) {
        (self.left() + self.width() / 2.0, TOP + CELL_HEIGHT / 2.0)
    }
}

fn lines(arms: u16, spot: Spot, paths: &mut Paths) {
    let arm = |shift: u16| (arms >> shift) & 0xf;
    let (left, up, right, down) = (arm(12), arm(8), arm(4), arm(0));
    let (x, y) = spot.center();
    let straight = (left == right && up == 0 && down == 0) || (up == down && left + right == 0);
    // An arm ends half a line behind the centre, so that the outer edge of a corner is closed. A
    // double line is a wide one with the background drawn through its middle, which makes every
    // junction of double lines right without listing them.
    let mut stroke = |which: u16, kind: Kind, color: Rgb| {
        let path = paths.of(kind, color);
        let behind = if straight { 0.0 } else { kind.width() / 2.0 };
        let over = if which == 3 { 0.0 } else { OVERLAP };
        let from = if left == which { spot.left() } else { x - behind };
        let to = if right == which { spot.left() + spot.width() } else { x + behind };
        if left == which || right == which {
            path.line((from, y), (to, y));
        }
        let from = if up == which { TOP - over } else { y - behind };
        let to = if down == which { TOP + CELL_HEIGHT } else { y + behind };
        if up == which || down == which {
            path.line((x, from), (x, to));
        }
    };
    let has = |which: u16| [left, up, right, down].contains(&which);
    if has(3) {
        stroke(3, Kind::Double, spot.foreground);
        stroke(3, Kind::Gap, spot.background);
    }
    if has(1) {
        stroke(1, Kind::Light, spot.foreground);
    }
    if has(2) {
        stroke(2, Kind::Heavy, spot.foreground);
    }
}

fn arc(c: char, spot: Spot, paths: &mut Paths) {
    let (x, y) = spot.center();
    let radius = CELL_WIDTH / 2.0;
    let side = if matches!(c, '╭' | '╰') { 1.0 } else { -1.0 };
    let (end, turn) = if matches!(c, '╭' | '╮') {
        (TOP + CELL_HEIGHT, y + radius)
    } else {
        (TOP - OVERLAP, y - radius)
    };
    paths.of(Kind::Light, spot.foreground).push(&format!(
        "M{} {}Q{} {} {} {}V{}",
        number(x + side * radius),
        number(y),
        number(x),
        number(y),
        number(x),
        number(turn),
        number(end),
    ));
}

/// A block that fills eighths of the cell: from below (▁ to █), or from the left (▉ to ▏).
fn eighths(c: char, spot: Spot, paths: &mut Paths) {
    let eighths = |count: u32| f32::from(u8::try_from(count).unwrap_or(8)) / 8.0;
    let code = u32::from(c);
    let (width, height) = if code <= 0x2588 {
        (spot.width(), eighths(code - 0x2580) * CELL_HEIGHT)
    } else {
        (eighths(0x2590 - code) * spot.width(), CELL_HEIGHT)
    };
    let top = TOP + CELL_HEIGHT - height;
    paths.of(Kind::Fill, spot.foreground).rect((spot.left(), top), (width, height));
}
