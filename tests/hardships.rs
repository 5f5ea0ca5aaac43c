//! What an author's code or a client's bytes can do worst, in an engine with two workers and on the
//! screen: dead letters or right results, shown so that they can be read.
#![cfg(feature = "workbench")]
#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail where the test itself may")]

mod support;

use crossterm::event::{KeyCode, KeyModifiers};
use serde::{Deserialize, Serialize};
use support::fragile::silence_panics_on_purpose;
use support::stage::Stage;
use wallaroo::workbench::Theme;
use wallaroo::{Application, Key, Reason, Sink, Source, Topology};

/// What all panics say: several lines, an escape sequence that would clear a terminal, a character that
/// turns the direction of the text around, and more than any screen holds.
const NASTY: &str = "on purpose\nsecond line\x1b[2J \u{202e}and more: ";

/// The key that is not UTF-8 and would clear a terminal.
const RAW: &[u8] = b"\xff\0\x1b[2J\n\xe2\x80";

/// How long the longest key is.
const LONG: usize = 10_000;

/// How long the largest state's text is.
const VAST: usize = 256 * 1024;

/// A state with text that is as long as a message wants it.
#[derive(Serialize, Deserialize)]
struct Held {
    number: u64,
    text: String,
    poisonous: bool,
}

fn nasty() -> ! {
    panic!("{NASTY}{}", "x".repeat(100_000));
}

/// The partitions are the payloads; some payloads are a hardship for one of its parts.
fn topology() -> Topology {
    silence_panics_on_purpose();
    let decode = |payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()));
    let compute = |word: Vec<u8>| match word.as_slice() {
        b"compute!" => nasty(),
        b"compute?" => Err(Reason::from(NASTY)),
        _ => Ok([word]),
    };
    let function = |word: &Vec<u8>| match word.as_slice() {
        b"function!" => nasty(),
        _ => word.clone(),
    };
    let build = |key: &Key| {
        if key.as_bytes() == b"build!" {
            nasty();
        }
        Held { number: 0, text: String::new(), poisonous: false }
    };
    let hold = |word: Vec<u8>, held: &mut Held| {
        held.number += 1;
        match word.as_slice() {
            b"state!" => {
                held.poisonous = true;
                nasty()
            }
            b"state?" => return Err(Reason::from(NASTY)),
            b"vast" => held.text = "v".repeat(VAST),
            _ => {}
        }
        Ok((Some((word, held.number)), true))
    };
    let encode = |(word, number): &(Vec<u8>, u64), output: &mut Vec<u8>| {
        output.extend_from_slice(word);
        match word.as_slice() {
            b"encode!" => nasty(),
            b"encode?" => return Err(Reason::from(NASTY)),
            _ => output.extend(number.to_string().into_bytes()),
        }
        Ok(())
    };
    let typed = |text: &str| {
        Ok(match text {
            "empty" => Vec::new(),
            "raw" => RAW.to_vec(),
            "long" => vec![b'k'; LONG],
            _ => text.as_bytes().to_vec(),
        })
    };
    Application::new("hardships")
        .pipeline("words", Source::new(decode).typed("a word", typed))
        .to(compute)
        .to_state_partition(hold, build, "held", function)
        .to_sink(Sink::new(encode))
        .build()
        .unwrap()
}

/// A workbench on an engine with two workers that was sent these words.
fn sent(words: &[&str], width: u16, height: u16) -> Stage {
    let mut stage = Stage::open(topology(), Theme::new(true, true), width, height);
    for word in words {
        stage.vote(word);
    }
    stage
}

/// Every hardship, some of them twice.
const WORDS: [&str; 17] = [
    "empty",
    "raw",
    "long",
    "vast",
    "compute!",
    "compute?",
    "function!",
    "build!",
    "state!",
    "state!",
    "state?",
    "encode!",
    "encode?",
    "empty",
    "raw",
    "long",
    "vast",
];

/// That a screen does to a terminal only what it looks like, and that nothing on it runs over its edges.
fn assert_tidy(stage: &Stage) {
    let screen = stage.screen();
    let is_nasty =
        |character: char| (character.is_control() && character != '\n') || character == '\u{202e}';
    assert!(!screen.contains(is_nasty), "{screen}");
    let buffer = stage.draw();
    // All rows but the header and the footer begin and end with a blank column or a rule. The mark of the selected
    // row is in the first one, and those of columns beyond the edges are in both.
    for y in 1..buffer.area.height - 1 {
        for (x, may_be) in [(0, " ─▌‹"), (buffer.area.width - 1, " ─›")] {
            let symbol = buffer[(x, y)].symbol();
            assert!(may_be.contains(symbol), "`{symbol}` at {x} of row {y}:\n{screen}");
        }
    }
}

fn press(stage: &mut Stage, code: KeyCode) {
    stage.key(code, KeyModifiers::NONE);
}

/// Goes to a pane by its number.
fn go_to(stage: &mut Stage, pane: char) {
    press(stage, KeyCode::Esc);
    press(stage, KeyCode::Char(pane));
}

/// The screens on which each row of a pane is open, from the first row on.
fn opened(stage: &mut Stage, pane: char, rows: usize) -> Vec<String> {
    go_to(stage, pane);
    let open = |_| {
        press(stage, KeyCode::Enter);
        assert_tidy(stage);
        let screen = stage.screen();
        press(stage, KeyCode::Esc);
        press(stage, KeyCode::Down);
        screen
    };
    (0..rows).map(open).collect()
}

const PARTITIONS: char = '2';
const MESSAGES: char = '5';
const DEAD_LETTERS: char = '7';
const LOG: char = '8';

#[test]
fn hardships_are_dead_letters_and_the_rest_flows_on() {
    let stage = sent(&WORDS, 120, 40);
    let snapshot = stage.session.snapshot();
    let mut letters: Vec<_> = snapshot.dead_letters.iter().collect();
    letters.sort_by_key(|letter| letter.sequence.0);
    let panicked = format!("panicked: {NASTY}{}", "x".repeat(100_000));
    let poisoned = "the partition is poisoned: an earlier message made its computation panic or its state \
                    too long to save";
    let found: Vec<_> =
        letters.iter().map(|letter| (letter.sequence.0, &*letter.step, &*letter.reason)).collect();
    let expected = [
        (5, "closure", &*panicked),
        (6, "closure", NASTY),
        (7, "partition", &*panicked),
        (8, "closure", &*panicked),
        (9, "closure", &*panicked),
        (10, "closure", poisoned),
        (11, "closure", NASTY),
        (12, "encode", &*panicked),
        (13, "encode", NASTY),
    ];
    assert_eq!(found, expected);
    for (letter, (sequence, ..)) in letters.iter().zip(expected) {
        let word = WORDS[usize::try_from(sequence).unwrap() - 1];
        assert_eq!(letter.bytes, word.as_bytes());
    }
    assert_eq!(snapshot.totals.messages_out, 8);
}

#[test]
fn keys_of_any_bytes_and_length_have_their_own_partition() {
    let stage = sent(&WORDS, 120, 40);
    let rows = stage.session.engine().export().collect::<Vec<_>>();
    let found: Vec<_> = rows
        .iter()
        .map(|row| (row.key.as_bytes(), row.value["number"].as_u64().unwrap(), row.poisoned))
        .collect();
    let long = [b'k'; LONG];
    let expected = [
        (&b""[..], 2, false),
        (b"encode!", 1, false),
        (b"encode?", 1, false),
        (&long, 2, false),
        (b"state!", 1, true),
        (b"state?", 1, false),
        (b"vast", 2, false),
        (RAW, 2, false),
    ];
    assert_eq!(found, expected);
    assert_eq!(rows[6].value["text"].as_str().unwrap().len(), VAST);
}

#[test]
fn hardships_do_not_disturb_the_screen_at_any_size() {
    for (width, height) in [(120, 40), (60, 18)] {
        let mut stage = Stage::open(topology(), Theme::new(true, true), width, height);
        for word in WORDS {
            stage.vote(word);
            assert_tidy(&stage);
        }
        for (pane, rows) in [(PARTITIONS, 8), (MESSAGES, 17), (LOG, 2), (DEAD_LETTERS, 9)] {
            for screen in opened(&mut stage, pane, rows) {
                assert!(screen.contains("Esc closes"), "{screen}");
            }
        }
    }
}

#[test]
fn keys_that_are_empty_or_long_or_not_text_can_be_told_apart() {
    let stage = sent(&WORDS, 120, 40);
    let screen = stage.screen();
    let (partitions, messages) = screen.split_once("5 Messages").unwrap();
    for key in [" (empty) ", "kkkkkkkk… ", r" \xff\x00\x1b[2J\x0a\xe2\x80 ", " state! poisoned "]
    {
        assert!(partitions.contains(key), "{key} in {screen}");
    }
    // Among the messages, too, as much of them as there is room for.
    for key in [" (em", " kkk", r" \xf"] {
        assert!(messages.contains(key), "{key} in {screen}");
    }
}

#[test]
fn a_long_reason_leaves_room_for_all_else_that_is_known_of_a_dead_letter() {
    for (width, height) in [(120, 40), (80, 24)] {
        let mut stage = sent(&WORDS, width, height);
        for screen in opened(&mut stage, DEAD_LETTERS, 9) {
            for name in ["reason ", "step ", "pipeline ", "source ", "length ", "text ", "0000 "] {
                let begins = |line: &str| line.trim_start_matches(['▌', ' ']).starts_with(name);
                assert!(screen.lines().any(begins), "{name} in {screen}");
            }
        }
        // The lines of a reason are apart, and what cannot be seen is there as bytes.
        let reason = r"on purpose second line\x1b[2J \xe2\x80\xaeand more:";
        go_to(&mut stage, DEAD_LETTERS);
        press(&mut stage, KeyCode::Enter);
        assert!(stage.screen().contains(reason), "{}", stage.screen());
    }
}

#[test]
fn a_vast_state_leaves_room_for_all_else_that_is_known_of_a_partition() {
    for (width, height) in [(120, 40), (100, 34)] {
        let mut stage = sent(&WORDS, width, height);
        let screens = opened(&mut stage, PARTITIONS, 8);
        let of_key = |key: &str| {
            let title = format!("Partition {key}");
            screens.iter().find(|screen| screen.contains(&title)).unwrap()
        };
        let vast = of_key("vast");
        for text in ["number", "text", "vvv…", "poisonous", "history"] {
            assert!(vast.contains(text), "{text} in {vast}");
        }
        of_key("kkkkkkkk");
        // The lines of the panic's message are apart, and leave room for the state.
        let why = "Poisoned by #9 of words: panicked: on purpose second line";
        for text in [why, "half changed", "poisonous", "v: revive"] {
            assert!(of_key("state!").contains(text), "{text} in {}", of_key("state!"));
        }
    }
}

#[test]
fn a_vast_state_leaves_room_for_the_end_of_its_message() {
    let mut stage = sent(&["vast", "vast"], 120, 40);
    for screen in opened(&mut stage, MESSAGES, 2) {
        assert!(screen.lines().any(|line| line.trim_end().ends_with("null")), "{screen}");
    }
}
