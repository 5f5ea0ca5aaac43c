//! How a person types a temperature: `36.6`.
//!
//! What is wrong is shown while the person types, so each message says what to type next.

use wallaroo::Reason;

use super::wire;

/// The payload of a typed temperature: a number, rounded to the nearest f32; `nan`, `inf` and
/// `-inf` are taken as well.
pub fn parse(text: &str) -> Result<Vec<u8>, Reason> {
    let mut words = text.split_ascii_whitespace();
    let word = words.next().ok_or("type a temperature in degrees Celsius, such as `36.6`")?;
    let degrees = parse_number(word)?;
    if let Some(more) = words.next() {
        return Err(format!("`{more}` is too much: a temperature is one number").into());
    }
    Ok(wire::payload(degrees))
}

fn parse_number(word: &str) -> Result<f32, Reason> {
    let degrees: f32 =
        word.parse().map_err(|_| format!("`{word}` is no number: type one such as `36.6`"))?;
    // A person who types digits does not mean infinity.
    if degrees.is_infinite() && word.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(
            format!("`{word}` is too large for an f32: the largest is {:e}", f32::MAX).into()
        );
    }
    Ok(degrees)
}
