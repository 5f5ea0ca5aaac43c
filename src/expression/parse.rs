//! From a text to a syntax tree, or to what is wrong with it.
//!
//! The parser is generated code that recurses, and may panic. So it runs on a thread of its own with a large
//! stack, on texts of a bounded length.

use std::thread;

use cel::{ParseError, Program};

use super::error::ExpressionError;
use crate::core::guard::{GUARDED_THREAD_NAME, guarded};

/// The longest text in characters.
const LONGEST: usize = 500;

/// The stack for the parser: it takes up to 20 KiB per bracket in a debug build.
const STACK: usize = 16 * 1024 * 1024;

pub(super) fn parse(text: &str) -> Result<Program, ExpressionError> {
    let length = text.chars().count();
    if length > LONGEST {
        let sentence = format!("a condition has at most {LONGEST} characters");
        return Err(ExpressionError::new(LONGEST, sentence));
    }
    if text.trim().is_empty() {
        return Err(ExpressionError::new(length, "a condition is missing"));
    }
    let failed =
        || ExpressionError::new(0, "the parser failed on this text: write it in another way");
    let mut builder = thread::Builder::new().stack_size(STACK);
    builder = builder.name(GUARDED_THREAD_NAME.to_owned());
    let owned = text.to_owned();
    let parser = builder.spawn(move || guarded(|| Ok(Program::compile(&owned))));
    let parser = parser.map_err(|error| {
        ExpressionError::new(0, format!("no thread for the parser could be started: {error}"))
    })?;
    match parser.join() {
        Ok(Ok(Ok(program))) => Ok(program),
        Ok(Ok(Err(errors))) => {
            let first = errors.errors.iter().min_by_key(|error| error.pos);
            Err(first.map_or_else(failed, |error| in_words(error, text)))
        }
        Ok(Err(_)) | Err(_) => Err(failed()),
    }
}

/// What the parser found, as a sentence without the names of its grammar.
fn in_words(error: &ParseError, text: &str) -> ExpressionError {
    let column = column_of(error.pos, text);
    let rest: String = text.chars().skip(column).collect();
    let sentence = match first_word(&rest) {
        "" => "the condition ends too early".to_owned(),
        "=" => "`=` compares nothing: write `==`".to_owned(),
        "\"" | "'" => "this text has no quote at its end".to_owned(),
        word if error.msg.starts_with("Syntax error") => format!("`{word}` is not expected here"),
        _ => {
            let line = error.msg.lines().next().unwrap_or_default();
            format!("this is not understood: {line}")
        }
    };
    ExpressionError::new(column, sentence)
}

/// How many characters of the text are before a line and column, both from 1.
fn column_of((line, column): (isize, isize), text: &str) -> usize {
    let from_zero = |number: isize| usize::try_from(number.saturating_sub(1)).unwrap_or(0);
    let before = text.split_inclusive('\n').take(from_zero(line));
    let before: usize = before.map(|line| line.chars().count()).sum();
    (before + from_zero(column)).min(text.chars().count())
}

/// The first word of a text, or its first character if that is of no word.
fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    let of_word = |character: char| character.is_alphanumeric() || character == '_';
    let end = match text.chars().next() {
        None => 0,
        Some(first) if of_word(first) => {
            text.find(|character| !of_word(character)).unwrap_or(text.len())
        }
        Some('=') if text.starts_with("==") => 2,
        Some(first) => first.len_utf8(),
    };
    text.get(..end).unwrap_or_default()
}
