//! What must stay true of counted words.

use std::collections::BTreeMap;

use serde_json::Value;
use wallaroo::TestDriver;

use super::*;

const LINES: &[u8] = include_bytes!("../../fixtures/lines.msg");
const OUTPUTS: &str = include_str!("../../fixtures/lines.outputs");
const COUNTS: &str = include_str!("../../fixtures/lines.counts.txt");

/// A driver that has processed these frames.
fn after(frames: &[&[u8]]) -> TestDriver {
    let mut driver = TestDriver::new(&topology().unwrap());
    for frame in frames {
        driver.push("lines", frame).unwrap();
    }
    driver.end("lines").unwrap();
    driver.run();
    driver
}

fn outputs(driver: &TestDriver) -> String {
    String::from_utf8(driver.outputs("lines").unwrap().concat()).unwrap()
}

fn words(text: &str) -> Vec<String> {
    let text = text.to_owned();
    split(text).0.collect()
}

fn generated(seed: u64, skew: f64) -> Vec<Vec<u8>> {
    let topology = topology().unwrap();
    let generate = topology.pipelines()[0].source.generate.clone().unwrap();
    let mut generator = Generator::new(seed, skew);
    (0..1_000).map(|_| generate(&mut generator)).collect()
}

#[test]
fn every_word_of_a_frame_sends_its_new_count_on() {
    let driver = after(&[b"\0\0\0\x0eThe cat, the c", b"\0\0\0\x03cat"]);
    let lines: [&[u8]; 5] =
        [b"the => 1\n", b"cat => 1\n", b"the => 2\n", b"c => 1\n", b"cat => 2\n"];
    assert_eq!(driver.outputs("lines").unwrap(), lines);
}

/// The words of a text by the words of the original: line by line.
fn words_of_lines(text: &str) -> Vec<String> {
    let trim = |text: &str| {
        text.trim_matches(|mark: char| mark == ' ' || mark.is_ascii_punctuation()).to_owned()
    };
    let lines = text.split('\n').map(|line| trim(&line.to_lowercase()));
    let words = lines.flat_map(|line| line.split(' ').map(trim).collect::<Vec<_>>());
    words.filter(|word| !word.is_empty()).collect()
}

proptest::proptest! {
    #[test]
    fn words_made_one_by_one_are_those_of_the_lines(
        text in "([ \n.,'aÄΣσİ]|[a-zA-Z]{1,3}|\\PC){0,40}",
    ) {
        proptest::prop_assert_eq!(words(&text), words_of_lines(&text));
    }
}

#[test]
fn a_line_is_lower_cased_and_cut_at_spaces() {
    assert_eq!(words("One  TWO ÉTÉ"), ["one", "two", "été"]);
    assert_eq!(words("one\nTwo\n\nthree\n"), ["one", "two", "three"]);
}

#[test]
fn words_are_trimmed_of_ascii_punctuation_and_keep_what_is_within() {
    assert_eq!(words(r#""Don't!" (well-known), a.b@c.d..."#), ["don't", "well-known", "a.b@c.d"]);
    let punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    assert_eq!(punctuation.len(), 32);
    for mark in punctuation.chars() {
        assert_eq!(words(&format!("{mark}{mark}a{mark}b{mark}")), [format!("a{mark}b")]);
    }
    // Other punctuation is part of the word.
    assert_eq!(words("«oui» – 'ça’"), ["«oui»", "–", "ça’"]);
}

#[test]
fn only_spaces_and_newlines_end_a_word() {
    assert_eq!(words("a\tb c\r\nd\u{a0}e"), ["a\tb", "c\r", "d\u{a0}e"]);
}

#[test]
fn empty_pieces_are_no_words() {
    for text in ["", " ", "\n", " \n \n", "-", "--- ... !?", " * * *\n*"] {
        assert!(words(text).is_empty(), "for {text:?}");
    }
    let driver = after(&[b"\0\0\0\0", b"\0\0\0\x03-.-"]);
    assert!(driver.dead_letters().is_empty());
    assert!(driver.outputs("lines").unwrap().is_empty());
    assert!(driver.partitions("word counts").is_empty());
}

#[test]
fn the_counts_are_those_counted_without_the_engine() {
    let driver = after(&[LINES]);
    assert!(driver.dead_letters().is_empty());
    let rows = driver.partitions("word counts");
    let line = |row: &Value| format!("{} {}", row["word"].as_str().unwrap(), row["count"]);
    let counts: Vec<_> = rows.iter().map(|row| line(&row.value)).collect();
    assert_eq!(counts, COUNTS.lines().collect::<Vec<_>>());
    assert_eq!(outputs(&driver), OUTPUTS);
}

#[test]
fn the_last_output_of_a_word_is_its_count() {
    let driver = after(&[LINES]);
    let outputs = outputs(&driver);
    let last: BTreeMap<_, _> =
        outputs.lines().map(|line| line.rsplit_once(" => ").unwrap()).collect();
    let last: Vec<_> = last.into_iter().map(|(word, count)| format!("{word} {count}")).collect();
    assert_eq!(last, COUNTS.lines().collect::<Vec<_>>());
}

#[test]
fn a_partition_is_a_word_and_its_columns_are_word_and_count() {
    let driver = after(&[b"\0\0\0\x05b\xc3\xa9 b"]);
    let rows = driver.partitions("word counts");
    let values: Vec<_> =
        rows.iter().map(|row| (row.key.as_bytes(), row.value.to_string())).collect();
    let expected = [
        (&b"b"[..], r#"{"word":"b","count":1}"#.to_owned()),
        ("bé".as_bytes(), r#"{"word":"bé","count":1}"#.to_owned()),
    ];
    assert_eq!(values, expected);
    assert!(rows.iter().all(|row| row.dynamic));
}

#[test]
fn a_payload_that_is_not_utf8_is_a_dead_letter_and_none_of_its_words_counts() {
    let driver = after(&[b"\0\0\0\x05one \xff", b"\0\0\0\x03one"]);
    let letter = &driver.dead_letters()[0];
    assert_eq!(
        (&*letter.step, &*letter.bytes, &*letter.reason),
        (
            "decode",
            &b"one \xff"[..],
            "the payload is not UTF-8: invalid utf-8 sequence of 1 bytes from index 4"
        )
    );
    assert_eq!(outputs(&driver), "one => 1\n");
}

#[test]
fn a_count_that_would_overflow_is_refused_and_stays_as_it_was() {
    let mut full = WordCount { word: "a".to_owned(), count: u64::MAX };
    let reason = count("a".to_owned(), &mut full).unwrap_err();
    assert_eq!(reason.as_str(), "the count is 18446744073709551615, the largest");
    assert_eq!(full.count, u64::MAX);
}

#[test]
fn a_typed_line_is_its_payload_and_any_byte_can_be_typed() {
    assert_eq!(typed("The cat, the hat").unwrap(), b"The cat, the hat");
    assert_eq!(typed(r"one\x0atwo\\\xff").unwrap(), b"one\ntwo\\\xff");
}

#[test]
fn the_example_to_type_is_a_line_with_a_word_twice() {
    let topology = topology().unwrap();
    let source = &topology.pipelines()[0].source;
    let form = source.typed.as_ref().unwrap();
    let payload = form.parse(form.example()).unwrap();
    assert_eq!(words(str::from_utf8(&payload).unwrap()), ["the", "cat", "and", "the", "hat"]);
    assert_eq!(source.format, "UTF-8 text, a line or more");
}

#[test]
fn the_built_in_words_are_words_and_different() {
    let different: std::collections::BTreeSet<_> = WORDS.into_iter().collect();
    assert_eq!(different.len(), WORDS.len());
    assert!(WORDS.into_iter().all(|word| words(word) == [word]));
}

#[test]
fn random_lines_are_1_to_12_words_and_the_same_for_the_same_seed() {
    let lines = generated(7, 1.0);
    for line in &lines {
        let found = words(str::from_utf8(line).unwrap());
        assert!((1..=12).contains(&found.len()));
        assert!(found.iter().all(|word| WORDS.contains(&word.as_str())));
    }
    assert_eq!(lines, generated(7, 1.0));
    assert_ne!(lines, generated(8, 1.0));
}

#[test]
fn skew_prefers_the_common_words() {
    let share = |skew: f64| {
        let found = generated(7, skew).concat();
        let found = words(&String::from_utf8(found).unwrap().replace('.', " "));
        found.iter().filter(|word| *word == "the").count() * 100 / found.len()
    };
    assert!(share(0.0) < 2);
    assert!(share(1.0) > 10);
}
