//! The window of a message that a breakpoint holds, and what its keys do.

use crossterm::event::KeyCode;
use insta::assert_snapshot;
use wallaroo::workbench::Theme;

use super::support::stage::Stage;
use super::{UNICODE, alphabet, go, press};

/// A workbench with a breakpoint that holds, set at its window.
fn holding(width: u16, height: u16, condition: &str) -> Stage {
    let topology = alphabet::topology(alphabet::Encoding::Text).unwrap();
    let mut stage = Stage::recorded(topology, Theme::new(UNICODE.0, UNICODE.1), width, height);
    stage.vote("a 3");
    go(&mut stage, '1');
    stage.text("b");
    press(&mut stage, KeyCode::Tab);
    stage.text(condition);
    press(&mut stage, KeyCode::Enter);
    press(&mut stage, KeyCode::Esc);
    stage.text("i");
    stage
}

#[test]
fn the_window_says_what_is_held_and_what_it_would_do() {
    for (width, height) in [(120, 40), (80, 24)] {
        let mut stage = holding(width, height, "state.votes >= 7");
        stage.vote("a 4");
        assert_snapshot!(format!("held_at_{width}x{height}"), stage.screen());
    }
}

#[test]
fn a_held_message_is_let_go_or_dropped_by_a_key() {
    let mut stage = holding(120, 40, "key == \"a\"");
    stage.vote("a 4");
    assert!(stage.screen().contains("Held: message 2 of votes"), "{}", stage.screen());
    press(&mut stage, KeyCode::Enter);
    let screen = stage.screen();
    assert!(screen.contains("RUNNING") && !screen.contains("Held: "), "{screen}");
    stage.vote("a 5");
    press(&mut stage, KeyCode::Delete);
    let screen = stage.screen();
    assert!(screen.contains("RUNNING") && screen.contains("1 dead"), "{screen}");
    // It is seen among the dead letters.
    go(&mut stage, '7');
    let screen = stage.screen();
    assert!(screen.contains("a person has dropped it before it entered"), "{screen}");
}

#[test]
fn the_key_of_a_pause_lets_the_message_go_that_is_seen() {
    let mut stage = holding(120, 40, "key == \"a\"");
    stage.vote("a 4");
    press(&mut stage, KeyCode::Esc);
    go(&mut stage, '1');
    assert!(stage.screen().contains("HOLDS #2"), "{}", stage.screen());
    stage.text(" ");
    let screen = stage.screen();
    assert!(screen.contains("RUNNING") && !screen.contains("HOLDS"), "{screen}");
}

#[test]
fn what_is_typed_takes_the_place_of_a_held_message() {
    let mut stage = holding(120, 40, "key == \"a\"");
    stage.vote("a 4");
    stage.text("e");
    let screen = stage.screen();
    assert!(
        screen.contains("in the place of #2") && screen.contains("> 0x 00 00 00 05"),
        "{screen}"
    );
    assert_snapshot!(screen);
    // Esc goes back to the window, and the message is still held.
    press(&mut stage, KeyCode::Esc);
    assert!(stage.screen().contains("Held: message 2 of votes"), "{}", stage.screen());
    stage.text("e");
    (0..60).for_each(|_| press(&mut stage, KeyCode::Backspace));
    stage.text("b 9 x2");
    press(&mut stage, KeyCode::Enter);
    let screen = stage.screen();
    assert!(screen.contains("one message takes the place of one message"), "{screen}");
    (0..3).for_each(|_| press(&mut stage, KeyCode::Backspace));
    press(&mut stage, KeyCode::Enter);
    let screen = stage.screen();
    assert!(screen.contains("RUNNING") && screen.contains("1 dead"), "{screen}");
    go(&mut stage, '2');
    let screen = stage.screen();
    assert!(screen.contains("{b: 9}") || screen.contains(" 9"), "{screen}");
}

#[test]
fn the_window_can_be_left_and_comes_back() {
    let mut stage = holding(120, 40, "key == \"a\"");
    stage.vote("a 4");
    press(&mut stage, KeyCode::Esc);
    let screen = stage.screen();
    assert!(screen.contains("HOLDS #2") && !screen.contains("Held: "), "{screen}");
    go(&mut stage, '1');
    stage.text("H");
    assert!(stage.screen().contains("Held: message 2 of votes"), "{}", stage.screen());
    // Without its breakpoint, it goes on.
    stage.text("b");
    press(&mut stage, KeyCode::Down);
    assert!(stage.screen().contains("hold key == \"a\""), "{}", stage.screen());
    stage.text("h");
    press(&mut stage, KeyCode::Esc);
    let screen = stage.screen();
    assert!(!screen.contains("Held: ") && !screen.contains("HOLDS"), "{screen}");
}
