//! The input line while one types: the fields over their bytes, and what Enter will do.

use crossterm::event::{KeyCode, KeyModifiers};
use insta::assert_snapshot;
use wallaroo::workbench::Theme;

use super::support::fragile::fragile;
use super::support::stage::Stage;
use super::{UNICODE, open, press, word_count};

/// The sizes for which the line is made.
const SIZES: [(u16, u16); 2] = [(120, 40), (80, 24)];

/// The input pane and the last line.
fn input(stage: &Stage) -> String {
    let screen = stage.screen();
    let lines: Vec<_> = screen.lines().collect();
    lines[lines.len() - 5..].join("\n")
}

/// The input pane of each size, after these votes and with this line.
fn typed(votes: &[&str], line: &str) -> String {
    let of_size = |(width, height)| {
        let mut stage = open(width, height, UNICODE);
        for vote in votes {
            stage.vote(vote);
        }
        stage.text(line);
        input(&stage)
    };
    SIZES.map(of_size).join("\n")
}

#[test]
fn a_vote_says_what_it_will_do_to_which_partition() {
    assert_snapshot!(typed(&["a 347001"], "a 10"));
}

#[test]
fn a_vote_for_a_new_letter_says_where_its_partition_will_be() {
    assert_snapshot!(typed(&[], "Q 10"));
}

#[test]
fn several_copies_say_what_the_first_will_do() {
    assert_snapshot!(typed(&["a 5"], "a 10 x1000"));
}

#[test]
fn nonsense_says_first_which_key_sends_it_anyway_and_then_what_is_wrong() {
    assert_snapshot!(typed(&[], "nonsense"));
}

#[test]
fn a_malformed_frame_says_where_it_will_be_refused_and_why() {
    assert_snapshot!(typed(&[], "0x 00 00 00 02 61 61"));
}

#[test]
fn bytes_that_are_no_frame_say_so() {
    assert_snapshot!(typed(&[], "0x 00 00 00 05 61"));
}

#[test]
fn a_line_of_words_says_what_the_first_will_do_and_how_many_more_there_are() {
    let of_size = |(width, height)| {
        let topology = word_count::topology().unwrap();
        let mut stage = Stage::open(topology, Theme::new(true, true), width, height);
        stage.text("the cat and the hat");
        input(&stage)
    };
    assert_snapshot!(SIZES.map(of_size).join("\n"));
}

#[test]
fn a_panic_of_the_authors_code_is_a_sentence() {
    let of_size = |(width, height)| {
        let mut stage = Stage::open(fragile(), Theme::new(true, true), width, height);
        stage.text("bad");
        let shown = input(&stage);
        assert_eq!(stage.session.snapshot().totals.messages_in, 0);
        shown
    };
    assert_snapshot!(SIZES.map(of_size).join("\n"));
}

#[test]
fn what_enter_will_do_follows_what_others_do_meanwhile() {
    let mut stage = open(120, 40, UNICODE);
    stage.generate(200, 1, 1.0);
    let total = |stage: &Stage| {
        let partitions = stage.session.engine().export();
        let of_a = partitions.into_iter().find(|row| row.key.to_string() == "a");
        of_a.map_or(0, |row| row.value["votes"].as_u64().unwrap())
    };
    stage.text("a 1000000");
    let before = total(&stage);
    assert!(input(&stage).contains(&format!("votes {before} → {}", before + 1_000_000)));
    stage.generate(200, 2, 1.0);
    let after = total(&stage);
    assert!(after > before);
    assert!(input(&stage).contains(&format!("votes {after} → {}", after + 1_000_000)));
    // Looking has changed nothing, and sending does what was said.
    press(&mut stage, KeyCode::Enter);
    assert_eq!(total(&stage), after + 1_000_000);
}

#[test]
fn pasted_lines_are_looked_at_before_they_are_sent() {
    for (width, height) in SIZES {
        let mut stage = open(width, height, UNICODE);
        stage.paste("a 10\nnonsense\nb 3\nc x\nd 4");
        assert_snapshot!(format!("pasted_lines_at_{width}"), stage.screen());
        assert_eq!(stage.session.snapshot().totals.messages_in, 0);
        press(&mut stage, KeyCode::Esc);
        assert_eq!(stage.session.snapshot().totals.messages_in, 0);
        stage.key(KeyCode::Char('x'), KeyModifiers::CONTROL);
        assert!(!stage.screen().contains("Send 5 lines?"));
    }
}
