//! Numbers, times, bytes and messages as a person reads them, in few columns.

use std::time::Duration;

use serde_json::Value;

use crate::application::{Key, text_of_bytes};
pub use crate::core::figures::{counted, exact, short, within};
pub use crate::core::frames::preview::one_line;
use crate::core::frames::wrapping::Wrapping;
use crate::core::text;
use crate::runtime::Waits;

/// A rate that was measured, in messages per second, in so many columns: `<1`, `12`, `1 234`.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is positive")]
pub fn measured_rate(per_second: f64, columns: usize) -> String {
    if per_second > 0.0 && per_second < 0.5 {
        "<1".to_owned()
    } else {
        within(per_second.round() as u64, columns)
    }
}

/// A share as a percentage in at most four columns.
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 1.0 {
        "<1%".to_owned()
    } else if percent > 99.0 && percent < 100.0 {
        ">99%".to_owned()
    } else {
        format!("{percent:.0}%")
    }
}

/// A round count without needless digits: `500`, `10k`, `2M`.
#[must_use]
pub fn round(number: u64) -> String {
    let text = short(number);
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let whole = if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        digits
    };
    format!("{whole}{unit}")
}

/// A latency in microseconds, in three digits and a unit: `18us`, `1.2ms`, `3.0s`.
#[must_use]
pub fn latency(microseconds: f64) -> String {
    let (value, unit) = if microseconds < 1_000.0 {
        (microseconds, "us")
    } else if microseconds < 1_000_000.0 {
        (microseconds / 1_000.0, "ms")
    } else {
        (microseconds / 1_000_000.0, "s")
    };
    if value < 9.95 { format!("{value:.1}{unit}") } else { format!("{value:.0}{unit}") }
}

/// A duration as a latency.
#[must_use]
pub fn duration(duration: Duration) -> String {
    latency(duration.as_secs_f64() * 1_000_000.0)
}

/// The time since a beginning, to the second: `0:01:12`.
#[must_use]
pub fn clock(since: Duration) -> String {
    let seconds = since.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// The same to the millisecond: `0:01:12.345`.
#[must_use]
pub fn moment(since: Duration) -> String {
    format!("{}.{:03}", clock(since), since.subsec_millis())
}

/// What a paused engine is said to be, with what waits.
pub fn paused(waits: Waits) -> String {
    let Waits { frames, more_in_file, .. } = waits;
    let more = if more_in_file { ", more in the file" } else { "" };
    match frames {
        0 => format!("PAUSED{more}"),
        1 => format!("PAUSED 1 waits{more}"),
        frames => format!("PAUSED {} wait{more}", short(frames)),
    }
}

/// An application's name in the name of a file.
#[must_use]
pub fn file_name(application: &str) -> String {
    let plain = |character: char| {
        if character.is_alphanumeric() || character == '_' { character } else { '-' }
    };
    application.chars().map(plain).take(64).collect()
}

/// A key, which may be empty.
#[must_use]
pub fn key(key: &Key) -> String {
    if key.as_bytes().is_empty() { "(empty)".to_owned() } else { key.to_string() }
}

/// A frame's bytes in few columns: the header, a space, the payload.
#[must_use]
pub fn frame(bytes: &[u8], wrapping: Wrapping) -> String {
    let (header, payload, end) = wrapping.split(bytes);
    let parts = [header, payload, end].into_iter().filter(|part| !part.is_empty());
    parts.map(|part| text::hex(part).clone()).collect::<Vec<_>>().join(" ")
}

/// Bytes as pairs of hexadecimal digits with spaces between.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.chunks(1).map(text::hex).collect::<Vec<_>>().join(" ")
}

/// A JSON text with less punctuation: `{"letter":"a","votes":10}` becomes `letter a, votes 10`.
#[must_use]
pub fn message(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(value) => plain(&value),
        // Cut short, or no JSON: better as it is than not at all.
        Err(_) => json.to_owned(),
    }
}

/// A JSON value with less punctuation.
#[must_use]
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        // A line break or a control character would be invisible.
        Value::String(text) => text_of_bytes(text.as_bytes()),
        Value::Object(fields) => {
            let shown = fields.iter().map(|(name, value)| format!("{name} {}", nested(value)));
            shown.collect::<Vec<_>>().join(", ")
        }
        Value::Array(values) => values.iter().map(nested).collect::<Vec<_>>().join(", "),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn nested(value: &Value) -> String {
    match value {
        Value::Object(_) => format!("({})", plain(value)),
        Value::Array(_) => format!("[{}]", plain(value)),
        _ => plain(value),
    }
}

/// What [`change`] returns if nothing has changed.
pub const UNCHANGED: &str = "unchanged";

/// What has changed from one state to the next: `votes 110 -> 120`.
#[must_use]
pub fn change(before: &str, after: &str, arrow: &str) -> String {
    let parse = |json: &str| serde_json::from_str::<Value>(json).ok();
    match (parse(before), parse(after)) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let changed: Vec<_> = after
                .iter()
                .filter_map(|(name, new)| match before.get(name) {
                    Some(old) if old == new => None,
                    Some(old) => Some(format!("{name} {} {arrow} {}", nested(old), nested(new))),
                    None => Some(format!("{name} {}", nested(new))),
                })
                .collect();
            if changed.is_empty() { UNCHANGED.to_owned() } else { changed.join(", ") }
        }
        (Some(before), Some(after)) if before == after => UNCHANGED.to_owned(),
        _ => format!("{} {arrow} {}", message(before), message(after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_shares_take_few_columns() {
        assert_eq!([round(500), round(10_000), round(2_000_000)], ["500", "10k", "2M"]);
        let rates = [0.2, 0.5, 1234.0, 1_234_567.0].map(|rate| measured_rate(rate, 6));
        assert_eq!(rates, ["<1", "1", "1 234", "1.23M"]);
        assert_eq!([percent(0.0), percent(0.004), percent(0.26)], ["0%", "<1%", "26%"]);
        assert_eq!([percent(0.996), percent(1.0)], [">99%", "100%"]);
    }

    #[test]
    fn times_have_a_unit() {
        assert_eq!([latency(0.4), latency(18.2), latency(1_234.0)], ["0.4us", "18us", "1.2ms"]);
        assert_eq!(latency(3_000_000.0), "3.0s");
        assert_eq!(moment(Duration::from_millis(3_672_045)), "1:01:12.045");
        assert_eq!(clock(Duration::from_millis(72_900)), "0:01:12");
        assert_eq!(clock(Duration::from_hours(100)), "100:00:00");
    }

    #[test]
    fn messages_lose_their_punctuation() {
        assert_eq!(message(r#"{"letter":"a","votes":10}"#), "letter a, votes 10");
        assert_eq!(message(r#"{"a":[1,2],"b":{"c":null}}"#), "a [1, 2], b (c none)");
        assert_eq!(message("\"text\""), "text");
        assert_eq!([message("\"\""), message("\"a\\nb\"")], ["\"\"", "a\\x0ab"]);
        assert_eq!(message("{\"cut…"), "{\"cut…");
    }

    #[test]
    fn an_empty_key_is_seen() {
        assert_eq!([key(&Key::default()), key(&Key::from("a"))], ["(empty)", "a"]);
    }

    #[test]
    fn a_change_names_the_fields_that_changed() {
        let state = |votes: u32| format!(r#"{{"letter":"a","votes":{votes}}}"#);
        assert_eq!(change(&state(1), &state(3), "->"), "votes 1 -> 3");
        assert_eq!(change(&state(1), &state(1), "->"), "unchanged");
        assert_eq!(change("1", "2", "->"), "1 -> 2");
    }
}
