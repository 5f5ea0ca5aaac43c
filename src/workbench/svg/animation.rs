//! Several screens, one after another, as an SVG that moves by itself: CSS shows each row while it is on the
//! screen, and no script is needed.
//!
//! Invariant: a row that does not change from one screen to the next is in the document once.

use std::fmt::Write as _;
use std::time::Duration;

use ratatui::buffer::Buffer;

use super::row::row;
use super::window::{opening, row_at};

/// A screen, and how long it is shown.
pub struct Scene {
    /// What is shown.
    pub screen: Buffer,
    /// For how long.
    pub time: Duration,
}

/// The screens from the first up to the last, excluded, on which something is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Interval {
    first: usize,
    end: usize,
}

/// Draws screens of one size as a terminal window with this title that shows them again and again, as an SVG
/// document.
///
/// Like [`svg`](super::svg), the document is complete in itself, and the same screens give the same bytes. A
/// viewer that knows no animations shows the last screen, and so does one whose user wants no movement.
///
/// ```
/// use std::time::Duration;
/// use ratatui::{buffer::Buffer, layout::Rect, style::Style};
/// use wallaroo::workbench::svg::{Scene, animation};
///
/// let scenes = ["a 1", "a 10"].map(|text| {
///     let mut screen = Buffer::empty(Rect::new(0, 0, 20, 3));
///     screen.set_string(0, 1, text, Style::new());
///     Scene { screen, time: Duration::from_secs(1) }
/// });
/// let picture = animation(&scenes, "wallaroo-tui");
/// assert!(picture.contains(">a 1</text>") && picture.contains(">a 10</text>"));
/// ```
#[must_use]
pub fn animation(scenes: &[Scene], title: &str) -> String {
    let Some(first) = scenes.first() else { return String::new() };
    let area = first.screen.area;
    debug_assert!(scenes.iter().all(|scene| scene.screen.area == area), "screens of one size");
    let mut rows = String::new();
    let mut intervals = Vec::new();
    for y in area.top()..area.bottom() {
        let contents: Vec<String> = scenes.iter().map(|scene| row(&scene.screen, y)).collect();
        let mut start = 0;
        for same in contents.chunk_by(|one, next| one == next) {
            let interval = Interval { first: start, end: start + same.len() };
            start = interval.end;
            let Some(content) = same.first().filter(|content| !content.is_empty()) else {
                continue;
            };
            let class = if same.len() == scenes.len() {
                String::new()
            } else {
                intervals.push(interval);
                interval.class(scenes.len())
            };
            rows += &row_at(y - area.top(), &class, content);
        }
    }
    intervals.sort_unstable();
    intervals.dedup();
    format!("{}{}{rows}</svg>\n", opening(area, title), style(scenes, &intervals))
}

impl Interval {
    fn name(self) -> String {
        format!("s{}-{}", self.first, self.end)
    }

    /// The attribute of its rows. Those of the last screen are shown where nothing moves.
    fn class(self, scenes: usize) -> String {
        let last = if self.end == scenes { " z" } else { "" };
        format!(" class=\"s {}{last}\"", self.name())
    }
}

/// What shows each interval's rows in its time.
fn style(scenes: &[Scene], intervals: &[Interval]) -> String {
    let total: Duration = scenes.iter().map(|scene| scene.time).sum();
    // The moment at which a screen begins, in parts of the whole.
    let percent = |at: usize| {
        let before: Duration = scenes.iter().take(at).map(|scene| scene.time).sum();
        100.0 * before.as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE)
    };
    let mut out = format!(
        "<style>\n.s{{visibility:hidden;animation:{}s step-end infinite}}\n.z{{visibility:visible}}\n",
        total.as_secs_f64()
    );
    for interval in intervals {
        let Interval { first, end } = *interval;
        // Writing to a string cannot fail.
        let _ = write!(out, ".{0}{{animation-name:{0}}}\n@keyframes {0}{{", interval.name());
        if first > 0 {
            let _ = write!(out, "0%{{visibility:hidden}}");
        }
        let _ = write!(out, "{:.3}%{{visibility:visible}}", percent(first));
        if end < scenes.len() {
            let _ = write!(out, "{:.3}%{{visibility:hidden}}", percent(end));
        }
        out.push_str("}\n");
    }
    out + "@media(prefers-reduced-motion:reduce){.s{animation:none}}\n</style>\n"
}
