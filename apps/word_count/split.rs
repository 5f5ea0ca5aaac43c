//! What a word is.
//!
//! A text is cut at newlines and spaces. Each piece is trimmed of ASCII punctuation at both ends, and
//! lower-cased. What is then empty is no word. So `don't` and `well-known` are words, and so are pieces
//! around other white space than the space: only spaces and newlines end a word.

use wallaroo::OneByOne;

/// The computation: the words of a text, in their order. They are made one by one, because a text may have
/// very many.
pub fn split(text: String) -> OneByOne<Words> {
    OneByOne(Words { text, next: 0 })
}

/// The words of a text from a place on.
pub struct Words {
    text: String,
    /// Where the next piece begins.
    next: usize,
}

impl Iterator for Words {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        // Behind the last piece there is no newline or space, and so no text at all.
        while let Some(rest) = self.text.get(self.next..) {
            let piece = rest.split([' ', '\n']).next().unwrap_or_default();
            self.next += piece.len() + 1;
            let word = piece.trim_matches(|character: char| character.is_ascii_punctuation());
            if !word.is_empty() {
                return Some(word.to_lowercase());
            }
        }
        None
    }
}
