//! An application whose parts fail on demand: a word poisons its partition, a digit is refused.

use std::sync::Once;

use wallaroo::{Application, Key, Reason, Sink, Source, Topology, little_endian};

/// Counts words by their first letter, and panics on `bad`, after it has been counted; a second
/// pipeline, with a header of its own, takes digits and nothing else.
pub fn fragile() -> Topology {
    let words = Source::new(text).typed("apple", |text| Ok(text.as_bytes().to_vec()));
    let written = |text: &String, output: &mut Vec<u8>| output.extend_from_slice(text.as_bytes());
    Application::new("fragile")
        .pipeline("words", words)
        .to_state_partition(count_words, |_: &Key| 0_u64, "counts", first_letter)
        .to_sink(Sink::new(written))
        .pipeline("digits", Source::new(digit).header(2, little_endian))
        .to_sink(Sink::new(written))
        .build()
        .unwrap()
}

fn text(payload: &[u8]) -> Result<Option<String>, Reason> {
    Ok(Some(std::str::from_utf8(payload)?.to_owned()))
}

#[expect(clippy::ptr_arg, reason = "a partition function takes the message as it is")]
fn first_letter(word: &String) -> String {
    word.chars().take(1).collect()
}

fn count_words(word: String, count: &mut u64) -> (Option<String>, bool) {
    *count += 1;
    assert!(word != "bad", "no bad words");
    (Some(format!("{word} {count}")), true)
}

fn digit(payload: &[u8]) -> Result<Option<String>, Reason> {
    let [byte] = payload else {
        return Err(format!("a digit is one byte, and these are {}", payload.len()).into());
    };
    Ok(Some(byte.to_string()))
}

/// Keeps the panics that an application makes on purpose out of the tests' output.
pub fn silence_panics_on_purpose() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let on_purpose =
                panic.payload_as_str().is_some_and(|text| text.starts_with("on purpose"));
            if !on_purpose {
                previous(panic);
            }
        }));
    });
}
