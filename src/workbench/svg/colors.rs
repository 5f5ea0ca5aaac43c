//! The colours of a picture: ratatui's colour names on one dark theme, as plain RGB.
//!
//! Invariant: every [`Color`] has exactly one RGB value, so that a picture never depends on the
//! terminal in which it was taken.

use std::fmt;

use ratatui::style::Color;

/// A colour as it is written into the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rgb(pub u8, pub u8, pub u8);

/// The colour of the window where nothing is drawn.
pub(super) const BACKGROUND: Rgb = Rgb(0x0f, 0x14, 0x1b);
/// Text without a colour of its own.
pub(super) const FOREGROUND: Rgb = Rgb(0xd6, 0xde, 0xe8);
/// The title bar.
pub(super) const TITLE_BAR: Rgb = Rgb(0x18, 0x20, 0x2a);
/// The text in the title bar.
pub(super) const TITLE: Rgb = Rgb(0x93, 0xa1, 0xb3);
/// The window's edge. Bright enough to hold the window together on GitHub's dark page.
pub(super) const FRAME: Rgb = Rgb(0x2f, 0x3a, 0x49);

/// How much of a dim colour is background, in percent.
pub(super) const DIM: u8 = 40;

/// The 16 ANSI colours. Each one but black reads well on [`BACKGROUND`] (a test holds it), and black
/// reads well on each of the others.
const ANSI: [Rgb; 16] = [
    Rgb(0x1b, 0x23, 0x2e),
    Rgb(0xf2, 0x6d, 0x78),
    Rgb(0x7f, 0xd4, 0x8a),
    Rgb(0xe8, 0xbd, 0x5e),
    Rgb(0x62, 0xad, 0xfa),
    Rgb(0xc5, 0x94, 0xf2),
    Rgb(0x52, 0xcf, 0xd0),
    Rgb(0xae, 0xba, 0xc9),
    Rgb(0x72, 0x81, 0x96),
    Rgb(0xff, 0x94, 0x9c),
    Rgb(0xa5, 0xe8, 0xab),
    Rgb(0xf9, 0xd9, 0x8b),
    Rgb(0x94, 0xca, 0xff),
    Rgb(0xdd, 0xba, 0xff),
    Rgb(0x8b, 0xe9, 0xe8),
    Rgb(0xf6, 0xf9, 0xfc),
];

/// The six steps of each channel in the 256-colour cube, as xterm has them.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

impl Rgb {
    /// The value of a colour; `reset` is the value of [`Color::Reset`].
    pub fn of(color: Color, reset: Self) -> Self {
        match color {
            Color::Reset => reset,
            Color::Black => ansi(0),
            Color::Red => ansi(1),
            Color::Green => ansi(2),
            Color::Yellow => ansi(3),
            Color::Blue => ansi(4),
            Color::Magenta => ansi(5),
            Color::Cyan => ansi(6),
            Color::Gray => ansi(7),
            Color::DarkGray => ansi(8),
            Color::LightRed => ansi(9),
            Color::LightGreen => ansi(10),
            Color::LightYellow => ansi(11),
            Color::LightBlue => ansi(12),
            Color::LightMagenta => ansi(13),
            Color::LightCyan => ansi(14),
            Color::White => ansi(15),
            Color::Rgb(red, green, blue) => Self(red, green, blue),
            Color::Indexed(index) => indexed(index),
        }
    }

    /// This colour with `percent` of it replaced by `other`.
    pub fn mixed(self, other: Self, percent: u8) -> Self {
        let mix = |own: u8, other: u8| {
            let percent = u32::from(percent.min(100));
            let sum = u32::from(own) * (100 - percent) + u32::from(other) * percent;
            u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
        };
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

fn ansi(index: u8) -> Rgb {
    ANSI.get(usize::from(index)).copied().unwrap_or(FOREGROUND)
}

fn indexed(index: u8) -> Rgb {
    let step = |value: u8| CUBE.get(usize::from(value % 6)).copied().unwrap_or(u8::MAX);
    match index {
        0..=15 => ansi(index),
        16..=231 => Rgb(step((index - 16) / 36), step((index - 16) / 6), step(index - 16)),
        232..=255 => {
            let grey = 8 + 10 * (index - 232);
            Rgb(grey, grey, grey)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contrast ratio that WCAG defines.
    fn contrast(one: Rgb, other: Rgb) -> f64 {
        let channel = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let light = |rgb: Rgb| {
            0.2126 * channel(rgb.0) + 0.7152 * channel(rgb.1) + 0.0722 * channel(rgb.2) + 0.05
        };
        let (one, other) = (light(one), light(other));
        one.max(other) / one.min(other)
    }

    #[test]
    fn every_colour_reads_well_on_the_background_and_under_black() {
        for color in &ANSI[1..] {
            assert!(contrast(*color, BACKGROUND) >= 4.5, "{color} on the background");
            assert!(contrast(ANSI[0], *color) >= 3.9, "black on {color}");
        }
        assert!(contrast(FOREGROUND, BACKGROUND) >= 12.0);
        assert!(contrast(TITLE, TITLE_BAR) >= 4.5);
    }

    #[test]
    fn dim_text_can_still_be_read() {
        assert!(contrast(FOREGROUND.mixed(BACKGROUND, DIM), BACKGROUND) >= 4.5);
    }

    #[test]
    fn indexed_colours_are_ansi_then_the_cube_then_greys() {
        assert_eq!(Rgb::of(Color::Indexed(4), FOREGROUND), Rgb::of(Color::Blue, FOREGROUND));
        assert_eq!(Rgb::of(Color::Indexed(16), FOREGROUND), Rgb(0, 0, 0));
        assert_eq!(Rgb::of(Color::Indexed(208), FOREGROUND), Rgb(255, 135, 0));
        assert_eq!(Rgb::of(Color::Indexed(231), FOREGROUND), Rgb(255, 255, 255));
        assert_eq!(Rgb::of(Color::Indexed(255), FOREGROUND), Rgb(238, 238, 238));
    }

    #[test]
    fn mixing_ends_at_either_colour() {
        let (one, other) = (Rgb(0, 100, 255), Rgb(255, 0, 10));
        assert_eq!(one.mixed(other, 0), one);
        assert_eq!(one.mixed(other, 100), other);
        assert_eq!(Rgb(0, 0, 0).mixed(Rgb(255, 255, 255), 50), Rgb(128, 128, 128));
    }
}
