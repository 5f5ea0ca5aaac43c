//! What a word is.
//!
//! A text is cut at newlines. Each line is lower-cased, trimmed at both ends of spaces and ASCII
//! punctuation, and cut at single spaces; each piece is trimmed of the same again. Empty pieces
//! are dropped. So `don't` and `well-known` are words, and so are pieces around other white
//! space than the space: only spaces and newlines end a word.

/// The computation: the words of a text, in their order.
pub fn split(text: String) -> Vec<String> {
    let mut words = Vec::new();
    for line in text.split('\n') {
        let line = line.to_lowercase();
        let pieces = trim(&line).split(' ').map(trim);
        words.extend(pieces.filter(|word| !word.is_empty()).map(str::to_owned));
    }
    words
}

fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| character == ' ' || character.is_ascii_punctuation())
}
