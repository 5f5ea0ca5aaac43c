//! The words of typed orders and market data.
//!
//! What is wrong is shown while the person types, so each message says what to type next.

use wallaroo::{Reason, parse_key_text};

use super::text::Symbol;

/// A symbol of one to four bytes; spaces are put before it.
pub fn symbol(word: Option<&str>, example: &str) -> Result<Symbol, Reason> {
    let word = word.ok_or_else(|| format!("type a symbol, such as `{example}`"))?;
    let bytes = parse_key_text(word)?;
    Symbol::padded(&bytes).ok_or_else(|| {
        let length = bytes.len();
        format!("`{word}` is {length} bytes, and a symbol is at most 4").into()
    })
}

/// A number that is 0 or more; `name` says of what.
pub fn number(word: Option<&str>, name: &str, example: &str) -> Result<f64, Reason> {
    let word = word.ok_or_else(|| format!("type a space and the {name}, such as `{example}`"))?;
    match word.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err(format!("`{word}` is no {name}: type a number that is 0 or more").into()),
    }
}

/// Nothing may follow.
pub fn end(word: Option<&str>, rule: &str) -> Result<(), Reason> {
    match word {
        None => Ok(()),
        Some(more) => Err(format!("`{more}` is too much: {rule}").into()),
    }
}
