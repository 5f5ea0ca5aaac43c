//! What must stay true of the alphabet, whichever way its votes arrive.

use wallaroo::TestDriver;

use super::*;

fn frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes().to_vec();
    frame.extend_from_slice(payload);
    frame
}

/// A driver that has processed these payloads.
fn after(encoding: Encoding, payloads: &[&[u8]]) -> TestDriver {
    let mut driver = TestDriver::new(&topology(encoding).unwrap());
    for payload in payloads {
        driver.push("votes", &frame(payload)).unwrap();
    }
    driver.run();
    driver
}

fn vote(letter: u8, votes: u32) -> Vec<u8> {
    wire::payload(Vote { letter: Letter(letter), votes })
}

fn outputs(encoding: Encoding, votes: &[(u8, u32)]) -> Vec<Vec<u8>> {
    let payloads: Vec<_> = votes.iter().map(|(letter, votes)| vote(*letter, *votes)).collect();
    let payloads: Vec<_> = payloads.iter().map(Vec::as_slice).collect();
    after(encoding, &payloads).outputs("votes").unwrap().to_vec()
}

fn typed(text: &str) -> Result<Vec<u8>, String> {
    let topology = topology(Encoding::Text).unwrap();
    let form = topology.pipelines()[0].source.typed.clone().unwrap();
    form.parse(text).map_err(|reason| reason.as_str().to_owned())
}

#[test]
fn a_payload_is_one_letter_and_big_endian_votes() {
    let decoded = |payload: &[u8]| wire::decode(payload).unwrap().unwrap();
    assert_eq!(decoded(b"a\0\0\0\x0a"), Vote { letter: Letter(b'a'), votes: 10 });
    assert_eq!(decoded(b"\xff\x01\x02\x03\x04").votes, 0x0102_0304);
    assert_eq!(decoded(b"\0\xff\xff\xff\xff"), Vote { letter: Letter(0), votes: u32::MAX });
}

#[test]
fn a_payload_of_any_other_length_is_a_dead_letter_that_says_both_lengths() {
    let driver = after(Encoding::Text, &[b"", b"a\0\0\x01", b"a\0\0\0\x01\0", &vote(b'a', 1)]);
    let found: Vec<_> = driver
        .dead_letters()
        .iter()
        .map(|letter| (&*letter.step, letter.bytes.len(), letter.reason.as_str()))
        .collect();
    let reason = |length: usize| {
        format!(
            "the payload is {length} bytes long, and a vote is 5: 1 byte letter, u32 big-endian votes"
        )
    };
    let expected = [0, 4, 6].map(|length| ("decode", length, reason(length)));
    assert_eq!(found, expected.each_ref().map(|(step, length, text)| (*step, *length, &**text)));
    assert_eq!(driver.outputs("votes").unwrap(), [b"a => 1\n"]);
}

#[test]
fn every_vote_sends_the_new_total_on() {
    let lines = outputs(Encoding::Text, &[(b'a', 10), (b'b', 1), (b'a', u32::MAX)]);
    assert_eq!(lines, [&b"a => 10\n"[..], b"b => 1\n", b"a => 4294967305\n"]);
}

#[test]
fn a_vote_of_zero_has_an_output() {
    assert_eq!(outputs(Encoding::Text, &[(b'z', 0)]), [b"z => 0\n"]);
}

#[test]
fn a_line_begins_with_the_letter_as_the_byte_that_it_is() {
    let lines = outputs(Encoding::Text, &[(0xe9, 1), (b'\n', 2), (b'\\', 3), (0, 4)]);
    assert_eq!(lines, [b"\xe9 => 1\n", b"\n => 2\n", b"\\ => 3\n", b"\0 => 4\n"]);
}

#[test]
fn a_binary_total_is_a_frame_of_nine_bytes() {
    let frames = outputs(Encoding::Binary, &[(b'a', u32::MAX), (b'a', 1), (0x80, 0)]);
    let expected = [
        b"\0\0\0\x09a\0\0\0\0\xff\xff\xff\xff",
        b"\0\0\0\x09a\0\0\0\x01\0\0\0\0",
        b"\0\0\0\x09\x80\0\0\0\0\0\0\0\0",
    ];
    assert_eq!(frames, expected);
}

#[test]
fn letters_are_case_sensitive() {
    let driver = after(Encoding::Text, &[&vote(b'a', 1), &vote(b'A', 2)]);
    let rows = driver.partitions("letter state");
    let values: Vec<_> = rows.iter().map(|row| row.value.to_string()).collect();
    assert_eq!(values, [r#"{"letter":"A","votes":2}"#, r#"{"letter":"a","votes":1}"#]);
}

#[test]
fn a_total_that_would_overflow_is_refused_and_stays_as_it_was() {
    let full = Total { letter: Letter(b'a'), votes: u64::MAX - 1 };
    let mut total = full;
    let reason = add_votes(Vote { letter: Letter(b'a'), votes: 2 }, &mut total).unwrap_err();
    assert_eq!(
        reason.as_str(),
        "2 more votes do not fit: the total is 18446744073709551614, and the largest is 18446744073709551615"
    );
    assert_eq!(total, full);

    let (output, save) = add_votes(Vote { letter: Letter(b'a'), votes: 1 }, &mut total).unwrap();
    assert_eq!((output, save), (Some(Total { votes: u64::MAX, ..full }), true));
}

#[test]
fn the_declared_partitions_are_a_to_z_and_the_exclamation_mark() {
    let driver = TestDriver::with_declared_partitions(&topology(Encoding::Text).unwrap());
    let rows = driver.partitions("letter state");
    let keys: String = rows.iter().map(|row| row.key.to_string()).collect();
    assert_eq!(keys, "!abcdefghijklmnopqrstuvwxyz");
    assert!(rows.iter().all(|row| row.value["letter"] == row.key.to_string()));
    assert!(rows.iter().all(|row| !row.dynamic && row.value["votes"] == 0));
}

#[test]
fn a_typed_vote_becomes_its_payload() {
    assert_eq!(typed("a 10").unwrap(), b"a\0\0\0\x0a");
    assert_eq!(typed("  Z\t4294967295 ").unwrap(), b"Z\xff\xff\xff\xff");
    assert_eq!(typed(r"\xff 0").unwrap(), b"\xff\0\0\0\0");
    assert_eq!(typed(r"\x20 1").unwrap(), b" \0\0\0\x01");
    assert_eq!(typed(r"\\ 1").unwrap(), b"\\\0\0\0\x01");
    assert_eq!(typed("7 1").unwrap(), b"7\0\0\0\x01");
}

#[test]
fn what_is_wrong_with_a_typed_vote_is_said_so_that_it_can_be_mended() {
    let messages = [
        ("", "type a letter and its votes, such as `a 10`"),
        ("a", "type a space and the number of votes, such as `a 10`"),
        ("a ", "type a space and the number of votes, such as `a 10`"),
        (
            "a10",
            r"`a10` is 3 bytes, and a letter is one: put a space before the votes; type any byte as \xNN",
        ),
        (
            "é 1",
            r"`é` is 2 bytes, and a letter is one: put a space before the votes; type any byte as \xNN",
        ),
        (
            r"\x4 1",
            r"`\x4`: after a backslash type x and two hexadecimal digits (\xNN), or another backslash",
        ),
        ("a ten", "`ten` is no number of votes: type 0 to 4294967295"),
        ("a -1", "`-1` is no number of votes: type 0 to 4294967295"),
        ("a 4294967296", "`4294967296` is too many votes: the largest number is 4294967295"),
        ("a 1 2", "`2` is too much: a vote is a letter and a number"),
    ];
    for (text, message) in messages {
        assert_eq!(typed(text).unwrap_err(), message, "for `{text}`");
    }
}

#[test]
fn the_example_to_type_is_a_vote() {
    let topology = topology(Encoding::Text).unwrap();
    let source = &topology.pipelines()[0].source;
    let form = source.typed.as_ref().unwrap();
    assert_eq!(form.example(), "a 10");
    assert!(form.parse(form.example()).is_ok());
    assert_eq!(source.format, "1 byte letter, u32 big-endian votes");
}

#[test]
fn random_votes_are_0_to_99_for_letters_a_to_z() {
    let topology = topology(Encoding::Text).unwrap();
    let generate = topology.pipelines()[0].source.generate.clone().unwrap();
    let mut generator = Generator::new(1, 0.0);
    let mut letters = std::collections::BTreeSet::new();
    for _ in 0..1_000 {
        let vote = wire::decode(&generate(&mut generator)).unwrap().unwrap();
        assert!(vote.votes < 100);
        letters.insert(vote.letter.0);
    }
    assert!(letters.into_iter().eq(b'a'..=b'z'));
}

#[test]
fn a_letter_is_text_for_people_and_a_byte_for_programs() {
    for byte in 0..=u8::MAX {
        let letter = Letter(byte);
        let json = serde_json::to_value(letter).unwrap();
        assert_eq!(json, serde_json::to_value(Key::from(byte)).unwrap());
        assert_eq!(serde_json::from_value::<Letter>(json).unwrap(), letter);
        assert_eq!(postcard::to_stdvec(&letter).unwrap(), [byte]);
        assert_eq!(postcard::from_bytes::<Letter>(&[byte]).unwrap(), letter);
    }
    let error = serde_json::from_str::<Letter>(r#""ab""#).unwrap_err();
    assert_eq!(error.to_string(), "`ab` is 2 bytes, not one letter");
}

#[test]
fn the_steps_have_names_for_screens() {
    let topology = topology(Encoding::Text).unwrap();
    let names: Vec<_> = topology.pipelines()[0].steps.iter().map(|step| &*step.name).collect();
    assert_eq!(names, ["decode", "letter", "add_votes", "encode"]);
}
