//! One dead letter: all that is known of it.

use ratatui::text::Span;

use super::hex::Hex;
use super::sheet::{Part, Row, Sheet};
use super::tree;
use crate::application::text_of_bytes;
use crate::core::foresight::FrameField;
use crate::core::frames::GENERATOR;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::numbers::Timestamp;
use crate::workbench::commands::Command;
use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;
use crate::workbench::state::windows::detail::folds::Folds;
use crate::workbench::words;

/// When the engine started.
const START: Timestamp = Timestamp(0);

/// The longest payload that is shown as text too: beside its bytes it is shown as text in any case.
const TEXT: usize = 512;

pub(super) fn sheet<'a>(
    workbench: &Workbench,
    letter: &'a DeadLetter,
    known: &[FrameField],
    folds: &Folds,
) -> Sheet<'a> {
    let theme = workbench.theme;
    let line = |name: &str, text: String| Part::from(Row::named(theme, name, 9, text));
    let reason = Span::styled(letter.reason.clone(), theme.bad());
    let mut parts = vec![
        tree::text_row(theme, "reason", 9, reason, (folds, "letter")).into(),
        line("step", letter.step.to_string()),
        line("pipeline", letter.pipeline.to_string()),
        line("source", letter.source.to_string()),
        line("position", position(letter)),
        line("time", format!("{} after the start", words::moment(letter.at.since(START)))),
    ];
    if let Some(key) = &letter.key {
        parts.push(line("key", words::key(key)));
    }
    parts.push(line("length", words::counted(letter.bytes.len() as u64, "byte")));
    if letter.bytes.len() <= TEXT {
        parts.push(line("text", text_of_bytes(&letter.bytes)));
    }
    parts.push(Row::empty().into());
    let hex = Hex::of_parts(&letter.header, &letter.bytes, known);
    parts.push(Part::Hex(Hex { wrong: wrong_byte(letter), ..hex }));
    let keys = [Command::EditFrame, Command::SendFrame, Command::Copy];
    let keys = workbench.keymap.hints(&keys, Some(Pane::DeadLetters));
    Sheet { title: format!("Dead letter {}", letter.sequence), keys, live: false, parts }
}

/// The place of the message in its source and in its pipeline.
fn position(letter: &DeadLetter) -> String {
    let what = if letter.header.is_empty() { "bytes" } else { "frame" };
    let offset = words::exact(letter.offset);
    if &*letter.source == GENERATOR && letter.header.is_empty() {
        return format!("message {offset} of the generator, {} of the pipeline", letter.sequence);
    }
    format!("{what} at byte {offset} of the source, {} of the pipeline", letter.sequence)
}

/// The byte that is wrong, counted from the first byte of the header, if the reason names it.
pub(super) fn wrong_byte(letter: &DeadLetter) -> Option<usize> {
    let at = named_byte(&letter.reason, &letter.bytes)?;
    (at < letter.bytes.len()).then_some(letter.header.len() + at)
}

/// The byte of a payload that a reason names: of texts like `invalid utf-8 sequence of 1 bytes from index 7`,
/// and of JSON's `at line 1 column 8`.
fn named_byte(reason: &str, payload: &[u8]) -> Option<usize> {
    let number_after = |words: &str| {
        let (_, after) = reason.rsplit_once(words)?;
        let end = after.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(after.len());
        after.get(..end)?.parse::<usize>().ok()
    };
    if let (Some(line), Some(column)) = (number_after("at line "), number_after(" column ")) {
        let mut lines = payload.split_inclusive(|byte| *byte == b'\n');
        let before = lines.by_ref().take(line.checked_sub(1)?).map(<[u8]>::len).sum::<usize>();
        return Some(before + column.checked_sub(1)?);
    }
    ["from index ", "at index ", "at byte ", "at offset "].into_iter().find_map(number_after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_that_a_reason_names_is_found() {
        let bytes = [&b"ab"[..], b"\xff"].concat();
        let utf8 = str::from_utf8(&bytes).unwrap_err().to_string();
        assert_eq!(named_byte(&utf8, &bytes), Some(2));
        let json = b"{\n \"a\": x}";
        let reason = serde_json::from_slice::<serde_json::Value>(json).unwrap_err().to_string();
        assert_eq!(named_byte(&reason, json), Some(8));
        assert_eq!(named_byte("a letter, at byte 4: no", b""), Some(4));
        assert_eq!(named_byte("5 bytes are wanted, at byte x", b""), None);
    }
}
