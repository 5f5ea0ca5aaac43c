//! Payloads that are simpler than others: numbers nearer to 0, texts and lists shorter.
//!
//! They need not be payloads that a decoder accepts: each is tried.

mod binary;
mod json;
mod nearer;
mod text;

use bytes::Bytes;

use super::candidate::Message;
use crate::application::is_printable;
pub use binary::simpler_binary;
pub use nearer::Payload;

/// The max number of bytes of an integer.
const NUMBER: usize = 8;

/// Gives the payloads that are simpler than the one that a message has now, and not longer; the simplest first, because
/// the first one that still does it is taken. The message itself is that of the input.
pub type Simpler<'a> = dyn Fn(&Message, &Bytes) -> Box<dyn Iterator<Item = Payload>> + 'a;

/// Simpler payloads by what is in the message: JSON, text, or anything else, as [`simpler_binary`].
pub fn simpler_payloads(message: &Message, now: &Bytes) -> Box<dyn Iterator<Item = Payload>> {
    // Bytes that are not text may become text by chance when they become simpler.
    let text = text_of(&message.payload).and_then(|_| text_of(now));
    let Some(text) = text else { return simpler_binary(now) };
    match json::read(text) {
        Some(value) => json::simpler(value, now.len()),
        // The bytes of a number may be those of a text, too.
        None if now.len() <= NUMBER => Box::new(text::simpler(text).chain(simpler_binary(now))),
        None => text::simpler(text),
    }
}

/// The bytes as text, if a person could have written it.
fn text_of(bytes: &[u8]) -> Option<&str> {
    let text = str::from_utf8(bytes).ok()?;
    let is_text = |character: char| is_printable(character) || character.is_whitespace();
    text.chars().all(is_text).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::numbers::PipelineIndex;

    fn message(payload: &[u8]) -> Message {
        Message { pipeline: PipelineIndex(0), payload: Bytes::copy_from_slice(payload) }
    }

    fn simplest(payload: &[u8], still: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        assert!(still(payload));
        let message = message(payload);
        let mut payload = message.payload.clone();
        loop {
            let mut candidates = simpler_payloads(&message, &payload);
            match candidates.find(|candidate| *payload != **candidate && still(candidate)) {
                Some(simpler) => payload = simpler.into(),
                None => return payload.to_vec(),
            }
        }
    }

    proptest! {
        #[test]
        fn no_payload_has_simpler_ones_that_are_longer_or_without_end(
            payload in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..12),
                r#"(\{"a":-?[1-9][0-9]{0,20}(\.5)?,"b":\["x é",[0-9]{1,3},null,true\]\}|[a-z0-9 .-]{0,12})"#
                    .prop_map(String::into_bytes),
            ],
        ) {
            let mut count = 0;
            let message = message(&payload);
            for simpler in simpler_payloads(&message, &message.payload) {
                prop_assert!(simpler.len() <= payload.len(), "{}", String::from_utf8_lossy(&simpler));
                count += 1;
            }
            prop_assert!(count < 5_000, "{count}");
        }

        #[test]
        fn a_number_is_made_as_small_as_it_can_be(number: u64, limit: u64) {
            let (limit, number) = (limit.min(number), limit.max(number));
            let read = |bytes: &[u8]| bytes.try_into().map(u64::from_be_bytes);
            let simplest = simplest(&number.to_be_bytes(), |bytes| read(bytes).is_ok_and(|it| it >= limit));
            prop_assert_eq!(read(&simplest).unwrap(), limit);
        }

        #[test]
        fn a_number_in_text_is_made_as_small_as_it_can_be(number: u64, limit: u64) {
            let (limit, number) = (limit.min(number), limit.max(number));
            let read = |bytes: &[u8]| {
                let text = str::from_utf8(bytes).ok()?;
                text.strip_prefix("n ")?.parse::<u64>().ok()
            };
            let text = format!("n {number}");
            let simplest = simplest(text.as_bytes(), |bytes| read(bytes).is_some_and(|it| it >= limit));
            prop_assert_eq!(read(&simplest).unwrap(), limit);
        }
    }

    #[test]
    fn a_number_whose_bytes_are_a_text_is_made_smaller_too() {
        let number = u64::from_be_bytes(*b"a number");
        let read = |bytes: &[u8]| bytes.try_into().map(u64::from_be_bytes);
        let limit = number - 1_000_000;
        let simplest = simplest(b"a number", |bytes| read(bytes).is_ok_and(|it| it >= limit));
        assert_eq!(read(&simplest).unwrap(), limit);
    }

    #[test]
    fn what_is_not_needed_of_json_is_left_out() {
        let json = br#"{ "id": 17, "tags": ["a", "poison", "b"], "note": "long", "deep": {"x": [1, -900]} }"#;
        let still = |bytes: &[u8]| {
            let value = serde_json::from_slice::<serde_json::Value>(bytes).unwrap_or_default();
            let tags = value["tags"].as_array();
            tags.is_some_and(|tags| tags.iter().any(|tag| *tag == "poison"))
                && value["deep"]["x"][1].as_i64().is_some_and(|number| number < -6)
        };
        let simplest = String::from_utf8(simplest(json, still)).unwrap();
        assert_eq!(simplest, r#"{"tags":["poison"],"deep":{"x":[0,-7]}}"#);
    }

    #[test]
    fn what_is_not_needed_of_a_text_is_left_out() {
        let still =
            |bytes: &[u8]| bytes.windows(2).any(|two| two == b"x;") && bytes.last() == Some(&b'9');
        assert_eq!(simplest("Größe: max;-17.39".as_bytes(), still), b"x;9");
    }

    #[test]
    fn what_is_not_needed_of_bytes_is_zero_or_left_out() {
        let still = |bytes: &[u8]| bytes.len() > 5 && bytes[2] & 4 > 0;
        assert_eq!(simplest(&[0xff; 9], still), [0, 0, 4, 0, 0, 0]);
    }
}
