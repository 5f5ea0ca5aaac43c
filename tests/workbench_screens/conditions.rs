//! Filters that are conditions: what they show, and what is said of a wrong one.

use crossterm::event::KeyCode;
use insta::assert_snapshot;

use super::{UNICODE, go, press, voted};

/// The column of a text in the row of the screen that has it, and the row below.
fn place_and_row_below(screen: &str, text: &str) -> (usize, String) {
    let mut rows = screen.lines();
    let row = rows.find(|row| row.contains(text)).unwrap_or_else(|| panic!("{text}: {screen}"));
    let before = row.split_once(text).unwrap().0;
    (before.chars().count(), rows.next().unwrap().to_owned())
}

/// The column of the caret in a row.
fn caret_of(row: &str) -> Option<usize> {
    row.chars().position(|character| character == '^')
}

#[test]
fn a_condition_shows_the_partitions_of_which_it_is_true() {
    let mut stage = voted(120, 40, UNICODE);
    press(&mut stage, KeyCode::Esc);
    stage.text("/=state.votes > 9 && key != \"b\"");
    assert!(stage.screen().contains("Partitions 1 of 5"), "{}", stage.screen());
    assert!(stage.screen().contains("= condition, =messages>9"), "{}", stage.screen());
    press(&mut stage, KeyCode::Enter);
    assert_snapshot!(stage.screen());
    press(&mut stage, KeyCode::Esc);
    assert!(stage.screen().contains("Partitions 5 "), "{}", stage.screen());
}

#[test]
fn a_wrong_condition_has_a_caret_below_its_character_and_the_last_right_one_stays() {
    let mut stage = voted(80, 24, UNICODE);
    press(&mut stage, KeyCode::Esc);
    stage.text("/=messages > 1");
    assert!(stage.screen().contains("Partitions 1 of 5"), "{}", stage.screen());
    stage.text(" && wrker == 0");
    let screen = stage.screen();
    assert!(screen.contains("Partitions 1 of 5"), "{screen}");
    assert!(screen.contains("there is no `wrker` here: use worker"), "{screen}");
    let (column, below) = place_and_row_below(&screen, "wrker == 0_");
    assert_eq!(caret_of(&below), Some(column), "{screen}");
    assert_snapshot!(screen);
    // Enter does not keep what is wrong.
    press(&mut stage, KeyCode::Enter);
    assert!(stage.screen().contains("wrker == 0_"), "{}", stage.screen());
    for _ in " && wrker == 0".chars() {
        press(&mut stage, KeyCode::Backspace);
    }
    press(&mut stage, KeyCode::Enter);
    let screen = stage.screen();
    assert!(screen.contains("filter =messages > 1"), "{screen}");
    assert!(screen.contains("Partitions 1 of 5") && !screen.contains('^'), "{screen}");
}

#[test]
fn a_condition_that_can_be_said_of_no_row_says_so() {
    let mut stage = voted(120, 40, UNICODE);
    press(&mut stage, KeyCode::Esc);
    stage.text("/=state.vots > 9");
    let screen = stage.screen();
    assert!(screen.contains("no row has state.vots"), "{screen}");
    assert!(screen.contains("Partitions 0 of 5"), "{screen}");
}

#[test]
fn what_can_be_typed_is_said_while_it_is_typed() {
    let mut stage = voted(120, 40, UNICODE);
    press(&mut stage, KeyCode::Esc);
    stage.text("/=");
    let screen = stage.screen();
    assert!(screen.contains("about key, worker, state.*, messages, rate, share"), "{screen}");
    press(&mut stage, KeyCode::Esc);
    stage.text("/votes > 9");
    let screen = stage.screen();
    assert!(screen.contains("begin with = for a condition"), "{screen}");
}

#[test]
fn messages_and_dead_letters_are_filtered_by_conditions_about_them() {
    let mut stage = voted(120, 40, UNICODE);
    go(&mut stage, '5');
    stage.text("/=message.votes > 9 && !dead && key == \"b\"");
    let screen = stage.screen();
    assert!(screen.contains("#3 ") && !screen.contains("#1 "), "{screen}");
    press(&mut stage, KeyCode::Esc);
    stage.text("/=dead && latency > 0.0");
    let screen = stage.screen();
    assert!(!screen.contains("#3 "), "{screen}");
    press(&mut stage, KeyCode::Esc);
    go(&mut stage, '7');
    stage.text("/=step == \"decode\"");
    assert!(stage.screen().contains("Dead letters 1 of 1"), "{}", stage.screen());
    stage.text(" && key == \"a\"");
    let screen = stage.screen();
    assert!(screen.contains("Dead letters 0 of 1"), "{screen}");
    assert!(screen.contains("None of them is so: =step"), "{screen}");
}

#[test]
fn a_text_that_begins_with_a_blank_is_never_a_condition() {
    let mut stage = voted(120, 40, UNICODE);
    go(&mut stage, '6');
    stage.text("/=> 40");
    assert!(stage.screen().contains("b => 40"), "{}", stage.screen());
    assert!(!stage.screen().contains('^'), "{}", stage.screen());
    press(&mut stage, KeyCode::Esc);
    go(&mut stage, '7');
    stage.text("/ =");
    assert!(stage.screen().contains("None of them contains  ="), "{}", stage.screen());
}
