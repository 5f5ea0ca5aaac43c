//! What must stay true of reversed texts.

use std::collections::BTreeSet;

use wallaroo::TestDriver;

use super::*;

/// A driver that has processed these frames.
fn after(frames: &[&[u8]]) -> TestDriver {
    let mut driver = TestDriver::new(&topology(Framing::Header).unwrap());
    for frame in frames {
        driver.push("texts", frame).unwrap();
    }
    driver.end("texts").unwrap();
    driver.run();
    driver
}

fn generated(seed: u64) -> Vec<Vec<u8>> {
    let topology = topology(Framing::Header).unwrap();
    let generate = topology.pipelines()[0].source.generate.clone().unwrap();
    let mut generator = Generator::new(seed, 0.0);
    (0..1_000).map(|_| generate(&mut generator)).collect()
}

#[test]
fn a_frame_becomes_a_line_back_to_front() {
    let driver = after(&[b"\0\0\0\x05\x68\x65\x6c\x6c\x6f", b"\0\0\0\x03ab "]);
    assert_eq!(driver.outputs("texts").unwrap(), [&b"olleh\n"[..], b" ba\n"]);
}

#[test]
fn texts_are_the_same_however_the_source_is_cut() {
    for (framing, bytes) in [
        (Framing::Header, &b"\0\0\0\x02ab\0\0\0\0\0\0\0\x01c"[..]),
        (Framing::Lines, b"ab\r\n\nc"),
        (Framing::Varint, b"\x02ab\0\x81\0c"),
    ] {
        let mut driver = TestDriver::new(&topology(framing).unwrap());
        driver.push("texts", bytes).unwrap();
        driver.end("texts").unwrap();
        driver.run();
        assert_eq!(driver.outputs("texts").unwrap(), [&b"ba\n"[..], b"\n", b"c\n"], "{framing:?}");
    }
}

#[test]
fn an_empty_text_is_an_empty_line() {
    assert_eq!(after(&[b"\0\0\0\0"]).outputs("texts").unwrap(), [b"\n"]);
}

#[test]
fn a_text_is_reversed_by_characters_not_by_bytes() {
    // a, e with acute (2 bytes), euro sign (3 bytes), treble clef (4 bytes).
    let driver = after(&[b"\0\0\0\x0a\x61\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e"]);
    let expected = b"\xf0\x9d\x84\x9e\xe2\x82\xac\xc3\xa9\x61\x0a";
    assert_eq!(driver.outputs("texts").unwrap(), [expected]);
}

#[test]
fn a_combining_mark_is_a_character_of_its_own() {
    // e, combining acute: the mark comes first, as a code point order demands.
    let driver = after(&[b"\0\0\0\x03e\xcc\x81"]);
    assert_eq!(driver.outputs("texts").unwrap(), [b"\xcc\x81e\n"]);
}

#[test]
fn newlines_and_zero_bytes_within_a_text_are_characters() {
    let driver = after(&[b"\0\0\0\x04a\nb\0"]);
    assert_eq!(driver.outputs("texts").unwrap(), [b"\0b\na\n"]);
}

#[test]
fn a_payload_that_is_not_utf8_is_a_dead_letter_that_says_where() {
    let driver = after(&[b"\0\0\0\x02a\xff", b"\0\0\0\x02a\xc3", b"\0\0\0\x01b"]);
    let found: Vec<_> = driver
        .dead_letters()
        .iter()
        .map(|letter| (&*letter.step, &*letter.bytes, &*letter.reason))
        .collect();
    let invalid = "the payload is not UTF-8: invalid utf-8 sequence of 1 bytes from index 1";
    let cut = "the payload is not UTF-8: incomplete utf-8 byte sequence from index 1";
    assert_eq!(found, [("decode", &b"a\xff"[..], invalid), ("decode", b"a\xc3", cut)]);
    assert_eq!(driver.outputs("texts").unwrap(), [b"b\n"]);
}

#[test]
fn reversed_twice_a_text_is_itself() {
    for payload in generated(1) {
        let text = String::from_utf8(payload).unwrap();
        let [reversed] = reverse(text.clone());
        assert_eq!(reverse(reversed), [text]);
    }
}

#[test]
fn it_has_no_state() {
    let topology = topology(Framing::Header).unwrap();
    assert!(topology.states().is_empty());
    let steps: Vec<_> = topology.pipelines()[0].steps.iter().map(|step| &*step.name).collect();
    assert_eq!(steps, ["decode", "reverse", "encode"]);
}

#[test]
fn a_typed_text_is_its_payload_and_any_byte_can_be_typed() {
    assert_eq!(typed("hello").unwrap(), b"hello");
    assert_eq!(typed("two words, né").unwrap(), "two words, né".as_bytes());
    assert_eq!(typed(r"\x20a\\b\xff").unwrap(), b" a\\b\xff");
}

#[test]
fn the_example_to_type_is_a_text() {
    let topology = topology(Framing::Header).unwrap();
    let source = &topology.pipelines()[0].source;
    let form = source.typed.as_ref().unwrap();
    assert_eq!(form.parse(form.example()).unwrap(), b"hello");
    assert_eq!(source.format, "UTF-8 text");
}

#[test]
fn random_texts_are_1_to_20_characters_and_the_same_for_the_same_seed() {
    let payloads = generated(7);
    let texts: Vec<_> = payloads.iter().map(|text| std::str::from_utf8(text).unwrap()).collect();
    assert!(texts.iter().all(|text| (1..=20).contains(&text.chars().count())));
    let used: BTreeSet<_> = texts.iter().flat_map(|text| text.chars()).collect();
    assert_eq!(used, CHARACTERS.chars().collect());
    assert_eq!(payloads, generated(7));
    assert_ne!(payloads, generated(8));
}
