//! Simpler texts.

use std::ops::Range;

use super::nearer::{Payload, nearer_to_zero};

/// Simpler texts: without some of their characters, and with smaller numbers.
pub(super) fn simpler(text: &str) -> Box<dyn Iterator<Item = Payload>> {
    Box::new(shorter(text.to_owned()).chain(smaller(text.to_owned())).map(String::into_bytes))
}

/// Without all, halves, and smaller and smaller pieces of a text.
fn shorter(text: String) -> impl Iterator<Item = String> {
    let mut ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let count = ends.len();
    ends.push(text.len());
    let pieces = (0..).map_while(move |halvings| count.checked_shr(halvings));
    let pieces: Vec<usize> = pieces.take_while(|piece| *piece > 0).collect();
    pieces.into_iter().flat_map(move |piece| {
        let (text, ends) = (text.clone(), ends.clone());
        (0..count).step_by(piece).filter_map(move |at| {
            let (from, until) = (*ends.get(at)?, *ends.get(count.min(at + piece))?);
            Some([text.get(..from)?, text.get(until..)?].concat())
        })
    })
}

/// With numbers that are nearer to zero.
fn smaller(text: String) -> impl Iterator<Item = String> {
    numbers(&text).into_iter().flat_map(move |Range { start, end }| {
        let number = text.get(start..end).and_then(|digits| digits.parse::<u128>().ok());
        let text = text.clone();
        nearer_to_zero(number.unwrap_or_default()).filter_map(move |number| {
            Some(format!("{}{number}{}", text.get(..start)?, text.get(end..)?))
        })
    })
}

/// Where the digits of numbers stand.
fn numbers(text: &str) -> Vec<Range<usize>> {
    let mut numbers: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
        match numbers.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            _ => numbers.push(at..at + 1),
        }
    }
    numbers
}
