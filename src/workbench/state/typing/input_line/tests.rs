//! Lines of any length.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyModifiers};

use super::*;

fn press(line: &mut InputLine, code: KeyCode, modifiers: KeyModifiers) -> Result<(), TooLong> {
    line.key(KeyEvent::new(code, modifiers))
}

#[test]
fn what_is_put_in_stands_where_the_cursor_was() {
    let mut line = InputLine::default();
    line.insert("añ日").unwrap();
    press(&mut line, KeyCode::Left, KeyModifiers::NONE).unwrap();
    line.insert("x\u{7}yz").unwrap();
    press(&mut line, KeyCode::Char('!'), KeyModifiers::NONE).unwrap();
    assert_eq!(line.text(), "añxyz!日");
    assert_eq!(line.shown(20), Shown { text: "añxyz!日".to_owned(), cursor: 6 });
    assert_eq!(line.shown(3), Shown { text: "yz!".to_owned(), cursor: 3 });
}

#[test]
fn what_is_shown_does_nothing_to_a_terminal() {
    let mut line = InputLine::default();
    line.insert("a\u{202e}b").unwrap();
    let text = r"a\xe2\x80\xaeb".to_owned();
    assert_eq!(line.shown(20), Shown { text, cursor: 14 });
}

#[test]
fn a_line_that_would_be_too_long_stays_as_it_was() {
    let mut line = InputLine::with_limit(8);
    line.insert("12345").unwrap();
    assert_eq!(line.insert("6789"), Err(TooLong { length: 9, limit: 8 }));
    assert_eq!(line.text(), "12345");
    // Cut out, and put in twice.
    press(&mut line, KeyCode::Char('u'), KeyModifiers::CONTROL).unwrap();
    press(&mut line, KeyCode::Char('y'), KeyModifiers::CONTROL).unwrap();
    press(&mut line, KeyCode::Home, KeyModifiers::NONE).unwrap();
    let refused = press(&mut line, KeyCode::Char('y'), KeyModifiers::CONTROL);
    assert_eq!(refused, Err(TooLong { length: 10, limit: 8 }));
    assert_eq!(line.text(), "12345");
    line.insert("678").unwrap();
    assert!(press(&mut line, KeyCode::Char('é'), KeyModifiers::NONE).is_err());
    assert_eq!((line.text(), line.shown(20).cursor), ("67812345", 3));
}

#[test]
fn the_history_has_no_more_bytes_than_its_limit() {
    let mut line = InputLine::default();
    for at in 0..9_u8 {
        line.set(char::from(b'a' + at).to_string().repeat(MAX_LENGTH / 3));
        line.take();
    }
    assert_eq!(line.history.len(), 6);
    line.older();
    assert!(line.text().starts_with('i'));
}

/// How long it takes to paste a line of so many bytes, to edit it and to show it often.
fn work(bytes: usize) -> Duration {
    let text = "añ日🙂".repeat(bytes / 10);
    let start = Instant::now();
    let mut line = InputLine::default();
    line.insert(&text).unwrap();
    for code in [KeyCode::Home, KeyCode::Char('x'), KeyCode::End, KeyCode::Char('y')] {
        press(&mut line, code, KeyModifiers::NONE).unwrap();
        assert!(line.shown(100).cursor <= 100);
    }
    let took = start.elapsed();
    assert_eq!(line.text().len(), text.len() + 2);
    took
}

#[test]
fn a_line_four_times_as_long_takes_about_four_times_as_long() {
    let shortest = |bytes| (0..3).map(|_| work(bytes)).min().unwrap();
    let (one, four) = (shortest(1 << 20), shortest(4 << 20));
    assert!(four < one * 10, "{one:?} for 1 MiB, {four:?} for 4 MiB");
}

#[test]
fn marks_without_end_on_one_letter_are_shown_in_bounded_time() {
    let mut line = InputLine::default();
    line.insert(&format!("a{}", "\u{301}".repeat(1 << 20))).unwrap();
    for columns in [0, 1, 100] {
        let most = 2 * (columns * CHARACTERS_PER_COLUMN + 1);
        assert!(line.shown(columns).text.chars().count() <= most);
    }
}

#[test]
fn the_history_brings_back_lines_and_the_draft() {
    let mut line = InputLine::default();
    for text in ["a 1", "b 2", "b 2"] {
        line.set(text.to_owned());
        line.take();
    }
    line.insert("dra\nft").unwrap();
    line.older();
    assert_eq!(line.text(), "b 2");
    line.older();
    line.older();
    assert_eq!(line.text(), "a 1");
    line.newer();
    line.newer();
    assert_eq!(line.text(), "draft");
    line.newer();
    assert_eq!(line.text(), "draft");
}

#[test]
fn what_is_replaced_is_in_the_history() {
    let mut line = InputLine::default();
    line.insert("draft").unwrap();
    line.replace("0x 61".to_owned());
    assert_eq!(line.text(), "0x 61");
    line.older();
    assert_eq!(line.text(), "draft");
    line.newer();
    assert_eq!(line.text(), "0x 61");
}

#[test]
fn only_what_was_sent_is_kept_for_the_next_run() {
    let mut line = InputLine::default();
    line.insert("draft").unwrap();
    line.replace("0x 61".to_owned());
    assert_eq!(line.take_fresh(), [""; 0]);
    line.take();
    assert_eq!(line.take_fresh(), ["0x 61"]);
    // A draft that is sent after all.
    line.insert("draft").unwrap();
    line.replace("0x 62".to_owned());
    line.older();
    line.take();
    line.set("draft".to_owned());
    line.take();
    assert_eq!(line.take_fresh(), ["draft"]);
    // What was sent is put aside, and sent again.
    line.set("draft".to_owned());
    line.replace(String::new());
    line.older();
    line.take();
    assert_eq!(line.take_fresh(), [""; 0]);
}

#[test]
fn an_empty_history_changes_nothing() {
    let mut line = InputLine::default();
    line.insert("x").unwrap();
    line.older();
    line.newer();
    assert_eq!(line.text(), "x");
}

#[test]
fn lines_of_an_earlier_run_are_older_than_those_of_this_one() {
    let mut line = InputLine::default();
    let take = |line: &mut InputLine, text: &str| {
        line.set(text.to_owned());
        line.take();
    };
    take(&mut line, "b");
    line.remember(vec!["x".to_owned(), "a".to_owned()]);
    take(&mut line, "b");
    take(&mut line, "c");
    take(&mut line, &"l".repeat(LONGEST_KEPT + 1));
    assert_eq!(line.take_fresh(), ["b", "c"]);
    assert!(line.take_fresh().is_empty());
    assert_eq!(line.history.get(..4), Some(&["x", "a", "b", "c"].map(str::to_owned)[..]));
}
