//! Bytes with their offsets and as text. The field under the cursor is lit, and a byte that is wrong is marked.

use std::ops::Range;

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::core::foresight::FrameField;
use crate::workbench::theme::Theme;
use crate::workbench::words;

/// The bytes of a line where there is room, and where there is not.
const WIDE: usize = 16;
const NARROW: usize = 8;
const NARROWEST: usize = 4;

/// Bytes to be shown: those of two pieces, one after the other.
pub(super) struct Hex<'a> {
    /// The header of a frame, or nothing.
    pub header: &'a [u8],
    /// What follows it.
    pub rest: &'a [u8],
    /// What is known of some of them.
    pub fields: Vec<FrameField>,
    /// The byte that is wrong, if that is known.
    pub wrong: Option<usize>,
}

impl<'a> Hex<'a> {
    /// Bytes of which nothing is known.
    pub fn plain(bytes: &'a [u8]) -> Self {
        Self { header: &[], rest: bytes, fields: Vec::new(), wrong: None }
    }

    /// The bytes of a frame with a header of this length, and what is known of them.
    pub fn of_frame(frame: &'a [u8], header_length: usize, known: &[FrameField]) -> Self {
        let (header, rest) = frame.split_at(header_length.min(frame.len()));
        Self::of_parts(header, rest, known)
    }

    /// A frame's header and payload, and what is known of them.
    pub fn of_parts(header: &'a [u8], rest: &'a [u8], known: &[FrameField]) -> Self {
        let field = |name: &str, bytes: Range<usize>| FrameField { name: name.to_owned(), bytes };
        let mut fields = Vec::new();
        if !header.is_empty() {
            fields.push(field("header", 0..header.len()));
            fields.push(field("payload", header.len()..header.len() + rest.len()));
        }
        // Of two of the same length, the first is told.
        let named = known.iter().filter(|field| !field.name.is_empty());
        fields.splice(0..0, named.cloned());
        Self { header, rest, fields, wrong: None }
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.header.len() + self.rest.len()
    }

    fn byte(&self, at: usize) -> Option<u8> {
        match at.checked_sub(self.header.len()) {
            None => self.header.get(at).copied(),
            Some(at) => self.rest.get(at).copied(),
        }
    }

    /// How many bytes a line of this many columns has.
    pub fn bytes_a_line(&self, width: usize) -> usize {
        // The offset and its space, three columns for a byte in hex and one as text, and the gaps.
        let fits = |bytes: &usize| self.offset_width() + 4 * bytes + (bytes - 1) / 8 + 3 <= width;
        [WIDE, NARROW].into_iter().find(fits).unwrap_or(NARROWEST)
    }

    fn offset_width(&self) -> usize {
        format!("{:x}", self.len()).len().max(4)
    }

    /// The field with this byte. Where several have it, the shortest.
    fn field(&self, at: usize) -> Option<&FrameField> {
        let has = |field: &&FrameField| field.bytes.contains(&at);
        self.fields.iter().filter(has).min_by_key(|field| field.bytes.len())
    }

    /// What is known of a byte: where it is, and of which field.
    pub fn told(&self, at: usize) -> String {
        let place =
            format!("byte {} of {}", words::exact(at as u64), words::exact(self.len() as u64));
        let wrong = if self.wrong == Some(at) { ", here it is wrong" } else { "" };
        match self.field(at) {
            None => format!("{place}{wrong}"),
            Some(FrameField { name, bytes: range }) => {
                let bytes = match range.len() {
                    1 => format!("byte {}", range.start),
                    _ => format!("bytes {} to {}", range.start, range.end.saturating_sub(1)),
                };
                format!("{place}{wrong}: {name} ({bytes})")
            }
        }
    }

    /// A line of bytes. `here` is the byte under the cursor.
    pub fn line(
        &self,
        theme: Theme,
        line: usize,
        a_line: usize,
        here: Option<usize>,
    ) -> Line<'static> {
        let lit = here.and_then(|here| self.field(here)).map(|field| field.bytes.clone());
        let style = |at: usize| self.style(theme, at, here, lit.as_ref());
        let first = line * a_line;
        let offset = format!("{first:0width$x}", width = self.offset_width());
        let mut spans = vec![Span::styled(format!("{offset}  "), theme.quiet())];
        for column in 0..a_line {
            if column > 0 && column.is_multiple_of(8) {
                spans.push(Span::raw(" "));
            }
            let at = first + column;
            match self.byte(at) {
                None => spans.push(Span::raw("   ")),
                Some(byte) => {
                    spans.push(Span::styled(format!("{byte:02x}"), style(at)));
                    // The gap within a lit field is lit too.
                    let inside = lit
                        .as_ref()
                        .is_some_and(|lit| lit.contains(&at) && lit.contains(&(at + 1)));
                    let inside = inside && column + 1 < a_line && here != Some(at);
                    let gap = if inside && here != Some(at) { style(at) } else { Style::new() };
                    spans.push(Span::styled(" ", gap));
                }
            }
        }
        spans.push(Span::raw(" "));
        for at in first..first + a_line {
            if let Some(byte) = self.byte(at) {
                let letter =
                    if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '.' };
                spans.push(Span::styled(letter.to_string(), style(at)));
            }
        }
        Line::from(spans)
    }

    fn style(
        &self,
        theme: Theme,
        at: usize,
        here: Option<usize>,
        lit: Option<&Range<usize>>,
    ) -> Style {
        let plain = if at < self.header.len() { theme.second_bar() } else { theme.text() };
        let style = if self.wrong == Some(at) { theme.bad() } else { plain };
        if here == Some(at) {
            style.add_modifier(Modifier::REVERSED | Modifier::BOLD)
        } else if lit.is_some_and(|lit| lit.contains(&at)) {
            style.patch(theme.accent()).add_modifier(Modifier::UNDERLINED)
        } else {
            style
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(hex: &Hex<'_>, at: usize, a_line: usize) -> String {
        hex.line(Theme::new(true, true), at, a_line, None).to_string()
    }

    #[test]
    fn bytes_stand_below_each_other_with_their_offsets_and_as_text() {
        let bytes: Vec<u8> = (0x18..0x48).collect();
        let hex = Hex::plain(&bytes);
        let first = "0000  18 19 1a 1b 1c 1d 1e 1f  20 21 22 23 24 25 26 27  ........ !\"#$%&'";
        assert_eq!(line(&hex, 0, 16), first);
        assert_eq!(line(&hex, 5, 8), "0028  40 41 42 43 44 45 46 47  @ABCDEFG");
        assert!(first.len() == 72 && hex.bytes_a_line(first.len()) == 16);
        assert_eq!(hex.bytes_a_line(first.len() - 1), 8);
    }

    #[test]
    fn a_last_line_that_is_not_full_keeps_the_text_in_its_column() {
        let hex = Hex::of_frame(b"\0\0\0\x05a\0\0\0\x0a", 4, &[]);
        assert_eq!(line(&hex, 1, 8), format!("0008  0a {} .", "   ".repeat(7)));
    }

    #[test]
    fn a_byte_is_told_with_the_narrowest_field_that_has_it() {
        let mut hex = Hex::of_frame(b"\0\0\0\x05a\0\0\0\x0a", 4, &[]);
        hex.fields.push(FrameField { name: "letter".to_owned(), bytes: 4..5 });
        hex.wrong = Some(4);
        assert_eq!(hex.told(0), "byte 0 of 9: header (bytes 0 to 3)");
        assert_eq!(hex.told(4), "byte 4 of 9, here it is wrong: letter (byte 4)");
        assert_eq!(hex.told(8), "byte 8 of 9: payload (bytes 4 to 8)");
    }
}
