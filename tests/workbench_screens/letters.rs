//! Dead letters and poisoned partitions.

use crossterm::event::{Event, KeyCode, KeyModifiers};
use insta::assert_snapshot;
use wallaroo::workbench::Theme;

use super::support::fragile::fragile;
use super::support::stage::Stage;
use super::{UNICODE, go, open, press};

/// A workbench on an application with a poisoned partition and several dead letters.
fn poisoned(width: u16, height: u16, (colors, unicode): (bool, bool)) -> Stage {
    let mut stage = Stage::open(fragile(), Theme::new(colors, unicode), width, height);
    for word in ["apple", "banana", "bad", "berry", "0x ff"] {
        stage.vote(word);
    }
    stage.key(KeyCode::Char('n'), KeyModifiers::CONTROL);
    stage.vote("0x 03 00 31 32 33");
    stage
}

/// The same with the poisoned partition selected.
fn poisoned_at_hand(theme: (bool, bool)) -> Stage {
    let mut stage = poisoned(80, 24, theme);
    for code in [KeyCode::Esc, KeyCode::Down] {
        press(&mut stage, code);
    }
    stage
}

#[test]
fn a_poisoned_partition_says_so_without_colours() {
    let stage = poisoned_at_hand((false, false));
    assert!(stage.screen().contains("b poisoned"), "{}", stage.screen());
    assert_snapshot!(stage.screen());
}

#[test]
fn a_poisoned_partition_moves_no_column() {
    for (width, height) in [(120, 40), (80, 24), (60, 18)] {
        let mut stage = Stage::open(fragile(), Theme::new(true, true), width, height);
        stage.vote("apple");
        stage.vote("banana");
        let names = |stage: &Stage| {
            let screen = stage.screen();
            screen.lines().find(|line| line.starts_with(" key")).map(str::to_owned)
        };
        let before = names(&stage);
        stage.vote("bad");
        assert!(before.is_some() && stage.screen().contains("b poisoned"), "{}", stage.screen());
        assert_eq!(names(&stage), before);
    }
}

#[test]
fn a_poisoned_partition_opens_to_the_panic_and_to_its_revival() {
    let mut stage = poisoned_at_hand(UNICODE);
    press(&mut stage, KeyCode::Enter);
    assert_snapshot!(stage.screen());
}

#[test]
fn a_partition_revived_from_its_row_takes_messages_again() {
    let mut stage = poisoned_at_hand(UNICODE);
    stage.text("v");
    let screen = stage.screen();
    assert!(screen.contains("partition `b` takes messages again"), "{screen}");
    assert!(!screen.contains("b poisoned"), "{screen}");
    stage.text("v");
    assert!(stage.screen().contains("partition `b` is not poisoned"), "{}", stage.screen());
    stage.text("i");
    stage.key(KeyCode::Char('n'), KeyModifiers::CONTROL);
    stage.vote("bread");
    // The message that panicked had been counted before it did.
    assert!(stage.screen().contains("bread 3"), "{}", stage.screen());
}

#[test]
fn a_partition_is_revived_where_it_is_opened() {
    let mut stage = poisoned_at_hand(UNICODE);
    press(&mut stage, KeyCode::Enter);
    stage.text("v");
    let screen = stage.screen();
    assert!(screen.contains("Partition b") && !screen.contains("Poisoned by"), "{screen}");
    press(&mut stage, KeyCode::Esc);
    assert!(!stage.screen().contains("poisoned "), "{}", stage.screen());
}

#[test]
fn a_filter_shows_the_dead_letters_that_contain_it() {
    let mut stage = poisoned(120, 40, UNICODE);
    go(&mut stage, '7');
    stage.text("/word");
    assert!(stage.screen().contains("Dead letters 3 of 4"), "{}", stage.screen());
    for _ in 0..4 {
        press(&mut stage, KeyCode::Backspace);
    }
    stage.text("poison");
    press(&mut stage, KeyCode::Enter);
    assert_snapshot!(stage.screen());
    press(&mut stage, KeyCode::Esc);
    assert!(stage.screen().contains("Dead letters 4"), "{}", stage.screen());
}

#[test]
fn what_is_selected_in_a_filtered_pane_is_what_is_opened() {
    let mut stage = poisoned(120, 40, UNICODE);
    go(&mut stage, '7');
    stage.text("/62 61");
    for code in [KeyCode::Enter, KeyCode::Down, KeyCode::Enter] {
        press(&mut stage, code);
    }
    let screen = stage.screen();
    assert!(screen.contains("panicked: no bad words"), "{screen}");
}

#[test]
fn a_dead_letter_is_edited_as_bytes_for_its_own_pipeline_and_sent_again() {
    let mut stage = poisoned(120, 40, UNICODE);
    stage.key(KeyCode::Char('n'), KeyModifiers::CONTROL);
    stage.text("draft");
    // The newest one is of the other pipeline, whose header is shorter.
    go(&mut stage, '7');
    stage.text("e");
    assert_snapshot!(stage.screen());
    for _ in 0..6 {
        press(&mut stage, KeyCode::Backspace);
    }
    for _ in 0..6 {
        press(&mut stage, KeyCode::Left);
    }
    press(&mut stage, KeyCode::Backspace);
    stage.text("1");
    press(&mut stage, KeyCode::Enter);
    assert!(stage.screen().contains("Outputs 3"), "{}", stage.screen());
    // What had been typed before is in the history, behind what was sent.
    for code in [KeyCode::Up, KeyCode::Up] {
        press(&mut stage, code);
    }
    assert!(stage.screen().contains("> draft"), "{}", stage.screen());
}

#[test]
fn a_dead_letter_is_sent_again_as_it_is_however_long() {
    let mut stage = poisoned(120, 40, UNICODE);
    let long = ["0x 88 13", &" 35".repeat(5000)].concat();
    let paste = |text: &str| Event::Paste(text.to_owned());
    stage.workbench.handle(&paste(&long));
    press(&mut stage, KeyCode::Enter);
    go(&mut stage, '7');
    press(&mut stage, KeyCode::Enter);
    stage.text("e");
    let screen = stage.screen();
    assert!(screen.contains("5 002 bytes are too long for a line"), "{screen}");
    stage.text("R");
    let screen = stage.screen();
    assert!(screen.contains("dead letter #2 is sent again"), "{screen}");
    assert!(screen.contains("Dead letters 6"), "{screen}");
    assert_eq!(
        screen.matches("decode a digit is one byte, and these are 5000").count(),
        2,
        "{screen}"
    );
}

#[test]
fn a_letter_of_broken_bytes_is_edited_to_what_was_read_of_it() {
    let mut stage = open(120, 40, UNICODE);
    stage.vote("0x 00 00 00 05 61");
    go(&mut stage, '7');
    stage.text("e");
    assert!(stage.screen().contains("> 0x 00 00 00 05 61"), "{}", stage.screen());
    stage.text(" 00 00 00 07");
    press(&mut stage, KeyCode::Enter);
    go(&mut stage, '6');
    assert!(stage.screen().contains("a => 7"), "{}", stage.screen());
}

#[test]
fn a_dead_letter_opens_at_the_byte_that_is_wrong_however_far_it_is() {
    let topology = super::word_count::topology().unwrap();
    let mut stage = Stage::open(topology, Theme::new(true, true), 80, 24);
    stage.send(&[&vec![b'a'; 10_000][..], b"\xff"].concat());
    go(&mut stage, '7');
    press(&mut stage, KeyCode::Enter);
    let screen = stage.screen();
    // Four bytes of the header come before it.
    assert!(screen.contains("byte 10 004 of 10 005, here it is wrong"), "{screen}");
}
