//! The dead letters: which of them are shown, and which of them poisoned a partition.

use std::borrow::Cow;
use std::sync::Arc;

use crossterm::event::KeyEvent;

use super::filters::filter_line::{Filter, FilterLine};
use super::filters::judged::Search;
use super::rows::SelectedRow;
use crate::application::Key;
use crate::core::frames::dead_letter::{Cause, DeadLetter};
use crate::core::text::{has, has_bytes, hex_digit};
use crate::core::topology::{StepKind, Topology};
use crate::expression::Rows;
use crate::workbench::commands::Command;
use crate::workbench::terminal::keys::Key as TerminalKey;
use crate::workbench::words;

/// How many bytes of a letter a filter reads. All letters that are kept are read after each key of it.
const FILTERED: usize = 16 * 1024;

/// The rows of the dead letters pane.
pub struct LetterRows {
    selected: SelectedRow<DeadLetter>,
    search: Search<DeadLetter>,
}

impl Default for LetterRows {
    fn default() -> Self {
        Self { selected: SelectedRow::default(), search: Search::over(Rows::Messages) }
    }
}

impl LetterRows {
    /// The letters that the filter lets through.
    #[must_use]
    pub fn shown<'a>(&self, all: &'a [Arc<DeadLetter>]) -> Cow<'a, [Arc<DeadLetter>]> {
        let filter = self.search.line.filter();
        let digits = match filter {
            Filter::Text(text) => Digits::of(text),
            Filter::Expression(_) => None,
        };
        let lets_through = |letter: &DeadLetter| match filter {
            Filter::Text(text) => matches(letter, text, digits.as_ref()),
            Filter::Expression(expression) => expression.holds(letter),
        };
        self.search.found(all, |_| 0, lets_through)
    }

    /// The selected letter, of those that the filter lets through.
    #[must_use]
    pub fn selected(&self, all: &[Arc<DeadLetter>]) -> Option<Arc<DeadLetter>> {
        self.selected.of(&self.shown(all)).map(Arc::clone)
    }

    /// The place of the selected one among those that are shown.
    #[must_use]
    pub fn place(&self, shown: &[Arc<DeadLetter>]) -> usize {
        self.selected.place(shown)
    }

    /// Moves the selection.
    pub fn go(&mut self, command: Command, page: usize, all: &[Arc<DeadLetter>]) {
        let shown = self.shown(all);
        self.selected.go(command, page, &shown);
    }

    /// The filter.
    #[must_use]
    pub fn filter(&self) -> &FilterLine {
        &self.search.line
    }

    /// Begins to type a filter.
    pub fn begin_filter(&mut self) {
        self.search.line.begin();
    }

    /// Inserts pasted text into the filter that is being typed.
    pub fn filter_paste(&mut self, text: &str) {
        self.search.line.paste(text);
    }

    /// Takes a key of the filter.
    pub fn filter_key(&mut self, key: TerminalKey, event: KeyEvent) {
        self.search.line.key(key, event);
    }

    /// Takes the filter away. False if there is none.
    pub fn clear_filter(&mut self) -> bool {
        self.search.line.clear()
    }
}

fn matches(letter: &DeadLetter, text: &str, digits: Option<&Digits>) -> bool {
    let words = [&*letter.reason, &*letter.pipeline, &*letter.step, &*letter.source];
    let bytes = letter.bytes.get(..FILTERED).unwrap_or(&letter.bytes);
    words.iter().any(|word| has(word, text))
        || letter.key.as_ref().is_some_and(|key| has(&words::key(key), text))
        || has_bytes(bytes, text)
        || digits.is_some_and(|digits| digits.are_in(&letter.header) || digits.are_in(bytes))
}

/// The bytes of a filter: pairs of hexadecimal digits, and at most one single digit at the end.
struct Digits {
    whole: Vec<u8>,
    half: Option<u8>,
}

impl Digits {
    /// The digits of a text; `None` if it has anything but digits, spaces and a leading `0x`.
    fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        let digits = text.chars().filter(|character| !character.is_whitespace());
        let digits = digits.map(hex_digit).collect::<Option<Vec<u8>>>()?;
        if digits.is_empty() {
            return None;
        }
        let (mut whole, mut half) = (Vec::new(), None);
        for pair in digits.chunks(2) {
            match pair {
                [high, low] => whole.push(high << 4 | low),
                [high] => half = Some(*high),
                _ => {}
            }
        }
        Some(Self { whole, half })
    }

    fn are_in(&self, bytes: &[u8]) -> bool {
        let length = self.whole.len() + usize::from(self.half.is_some());
        bytes.windows(length).any(|window| {
            let rest = window.strip_prefix(self.whole.as_slice());
            rest.is_some_and(|rest| rest.first().map(|byte| byte >> 4) == self.half)
        })
    }
}

/// The letter of the message that poisoned a partition; `None` if it is not kept any more.
pub fn poison<'a>(
    letters: &'a [Arc<DeadLetter>],
    topology: &Topology,
    state: &str,
    key: &Key,
) -> Option<&'a DeadLetter> {
    let touches_state = |letter: &DeadLetter| {
        let pipeline = topology.pipelines().iter().find(|plan| plan.name == letter.pipeline);
        let mut steps = pipeline.into_iter().flat_map(|plan| &plan.steps);
        steps.any(|step| {
            step.name == letter.step
                && matches!(&step.kind, StepKind::State { state: named } if &**named == state)
        })
    };
    let mut letters = letters.iter().map(|letter| &**letter);
    letters.find(|letter| {
        letter.key.as_ref() == Some(key) && letter.cause == Cause::Panicked && touches_state(letter)
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::application::{Reason, Source};
    use crate::core::numbers::{SequenceNumber, Timestamp};
    use crate::core::test_driver::TestDriver;
    use crate::core::topology::Application;

    fn letter() -> DeadLetter {
        DeadLetter {
            end: Bytes::new(),
            pipeline: "votes".into(),
            step: "decode".into(),
            cause: Cause::Refused,
            reason: "5 bytes are wanted".to_owned(),
            header: Bytes::from_static(b"\0\0\0\x08"),
            bytes: Bytes::from_static(b"nonse\x1fse"),
            source: "127.0.0.1:4000".into(),
            sequence: SequenceNumber(7),
            offset: 0,
            key: Some(Key::from("b")),
            at: Timestamp(0),
        }
    }

    #[test]
    fn a_filter_looks_at_all_that_is_known_of_a_letter() {
        let letter = letter();
        let found = |text: &str| matches(&letter, text, Digits::of(text).as_ref());
        for text in
            ["wanted", "votes", "decode", "127.0.0.1", "b", "nons", "6e6f", "6E 6F 6", "0x1f 7"]
        {
            assert!(found(text), "{text}");
        }
        // Digits are those of whole bytes: `e6` is among the digits `6e6f`, but is no byte of it.
        for text in ["Wanted", "e6", "6e 6e", "0x", "zz"] {
            assert!(!found(text), "{text}");
        }
        // Lower case finds both cases, as in all lists.
        let letter = DeadLetter {
            reason: "Bytes are wanted".to_owned(),
            source: "Clients".into(),
            key: Some(Key::from("Zeta")),
            bytes: Bytes::from_static(b"NonSense"),
            ..letter
        };
        let found = |text: &str| matches(&letter, text, Digits::of(text).as_ref());
        for text in ["bytes", "client", "zeta", "nonsense", "Bytes", "Zeta", "NonS"] {
            assert!(found(text), "{text}");
        }
        for text in ["ZETA", "NONS", "BYTES"] {
            assert!(!found(text), "{text}");
        }
    }

    #[test]
    fn a_refusal_that_reads_like_a_panic_is_not_taken_for_what_poisoned_the_partition() {
        let topology = Application::new("x")
            .pipeline("p", Source::new(|payload: &[u8]| Ok::<_, Reason>(payload.first().copied())))
            .to_state_partition(
                |message: u8, (): &mut ()| {
                    assert!(message != b'2', "for real");
                    Err::<(Option<u8>, bool), _>("panicked: says the author")
                },
                |_: &Key| (),
                "state",
                |_: &u8| vec![b'k'],
            )
            .done()
            .build()
            .unwrap();
        let mut driver = TestDriver::new(&topology);
        driver.push("p", b"\0\0\0\x011\0\0\0\x012\0\0\0\x013").unwrap();
        driver.run();
        let letters: Vec<_> = driver.dead_letters().iter().cloned().map(Arc::new).collect();
        let causes: Vec<_> = letters.iter().map(|letter| letter.cause).collect();
        assert_eq!(causes, [Cause::Refused, Cause::Panicked, Cause::Poisoned]);
        let poison = poison(&letters, &topology, "state", &Key::from('k')).unwrap();
        assert_eq!(poison.reason, "panicked: for real");
    }

    #[test]
    fn the_digits_of_a_header_are_found_too() {
        assert!(matches(&letter(), "00 00 00 08", Digits::of("00 00 00 08").as_ref()));
    }
}
