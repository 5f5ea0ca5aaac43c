//! The window "What if", and what it says would differ.

use crossterm::event::{KeyCode, KeyModifiers};
use insta::assert_snapshot;
use wallaroo::workbench::Theme;

use super::support::stage::Stage;
use super::{UNICODE, alphabet, go, market_spread, press};

/// A workbench after some votes, the last of them wrong, at the partitions.
fn recorded(width: u16, height: u16, (colors, unicode): (bool, bool)) -> Stage {
    let topology = alphabet::topology(alphabet::Encoding::Text).unwrap();
    let mut stage = Stage::recorded(topology, Theme::new(colors, unicode), width, height);
    for vote in ["a 10", "b 40", "a 5", "Z 7", "0x 00 00 00 01 61"] {
        stage.vote(vote);
    }
    go(&mut stage, '2');
    stage
}

/// Goes to the moment after a message.
fn go_to(stage: &mut Stage, message: &str) {
    stage.text("#");
    stage.text(message);
    press(stage, KeyCode::Enter);
}

/// Puts another text in the place of what is in the line.
fn type_instead(stage: &mut Stage, text: &str) {
    stage.key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    stage.text(text);
    press(stage, KeyCode::Enter);
}

fn assert_has(stage: &Stage, texts: &[&str]) {
    let screen = stage.screen();
    for text in texts {
        assert!(screen.contains(text), "{text}\n{screen}");
    }
}

#[test]
fn the_window_before_anything_is_changed() {
    for (width, height) in [(120, 40), (80, 24)] {
        let mut stage = recorded(width, height, UNICODE);
        go_to(&mut stage, "1");
        stage.text("x");
        assert_snapshot!(format!("what_if_at_{width}x{height}"), stage.screen());
    }
}

#[test]
fn a_message_left_out_makes_a_partition_and_outputs_differ() {
    for (width, height) in [(120, 40), (80, 24)] {
        let mut stage = recorded(width, height, UNICODE);
        go_to(&mut stage, "1");
        stage.text("xo");
        press(&mut stage, KeyCode::Enter);
        assert_snapshot!(format!("left_out_at_{width}x{height}"), stage.screen());
        // Back to the changes, and to the past. Nothing is kept of the branch.
        press(&mut stage, KeyCode::Esc);
        assert!(stage.session.snapshot().branch.is_none());
        assert_has(&stage, &["#1 is left out"]);
        press(&mut stage, KeyCode::Esc);
        assert_has(&stage, &["PAST 1 of 5"]);
    }
}

#[test]
fn changes_of_several_moments_are_one_branch() {
    let mut stage = recorded(120, 40, UNICODE);
    go_to(&mut stage, "1");
    stage.text("xe");
    assert_has(&stage, &["in place of #1:", "> a 10"]);
    type_instead(&mut stage, "c 1");
    stage.text("]");
    assert_has(&stage, &["message   #2  b 40"]);
    stage.text("p");
    assert_has(&stage, &["comes after #2:", "for example:"]);
    type_instead(&mut stage, "b 2 x3");
    // The one of the past: `a` is selected, and has its 10 votes yet.
    stage.text("s");
    type_instead(&mut stage, r#"{"letter":"a","votes":100}"#);
    stage.text("P");
    stage.text("nonsense");
    press(&mut stage, KeyCode::Enter);
    stage.key(KeyCode::Char('x'), KeyModifiers::CONTROL);
    assert_snapshot!("several_changes", stage.screen());
    press(&mut stage, KeyCode::Enter);
    assert_snapshot!("several_changes_differ", stage.screen());
    assert_has(&stage, &["letters"]);
}

#[test]
fn what_is_wrong_with_a_line_is_said_and_it_stays() {
    let mut stage = recorded(120, 40, UNICODE);
    go_to(&mut stage, "3");
    stage.text("xe");
    type_instead(&mut stage, "ten votes");
    assert_has(&stage, &["> ten votes"]);
    assert_snapshot!("a_wrong_message", stage.screen());
    type_instead(&mut stage, "0x 00 00 00 05 61");
    assert_has(&stage, &["one whole frame can be put in"]);
    press(&mut stage, KeyCode::Esc);
    stage.text("s");
    type_instead(&mut stage, r#"{"letter":"a","votes":"many"}"#);
    assert_snapshot!("a_wrong_state", stage.screen());
    press(&mut stage, KeyCode::Esc);
    assert_has(&stage, &["nothing is changed yet"]);
}

#[test]
fn letters_with_ctrl_change_nothing() {
    let mut stage = recorded(120, 40, UNICODE);
    go_to(&mut stage, "1");
    stage.text("x");
    for key in ['o', 'e', 'd'] {
        stage.key(KeyCode::Char(key), KeyModifiers::CONTROL);
        stage.key(KeyCode::Char(key), KeyModifiers::ALT);
    }
    assert_has(&stage, &["What if", "nothing is changed yet"]);
    assert!(!stage.screen().contains("in place of"), "{}", stage.screen());
}

#[test]
fn where_nothing_differs_it_is_said() {
    let mut stage = recorded(80, 24, UNICODE);
    go_to(&mut stage, "3");
    // The same message as it was.
    stage.text("xe");
    press(&mut stage, KeyCode::Enter);
    press(&mut stage, KeyCode::Enter);
    assert_snapshot!("nothing_differs", stage.screen());
}

#[test]
fn a_change_is_dropped_and_without_any_there_is_no_branch() {
    let mut stage = recorded(80, 24, UNICODE);
    go_to(&mut stage, "3");
    stage.text("xo");
    assert_has(&stage, &["#3 is left out"]);
    stage.text("d");
    assert_has(&stage, &["nothing is changed yet"]);
    press(&mut stage, KeyCode::Enter);
    assert_has(&stage, &["What if", "nothing is changed yet: leave"]);
}

#[test]
fn a_dead_letter_is_mended_in_a_branch_and_then_sent_for_real() {
    let mut stage = recorded(120, 40, UNICODE);
    go(&mut stage, '7');
    stage.text("xe");
    type_instead(&mut stage, "a 1");
    press(&mut stage, KeyCode::Enter);
    assert_snapshot!("a_mended_dead_letter", stage.screen());
    press(&mut stage, KeyCode::Esc);
    stage.text("R");
    assert_snapshot!("send_it_for_real", stage.screen());
    press(&mut stage, KeyCode::Esc);
    assert_has(&stage, &["#5 becomes"]);
    stage.text("R");
    press(&mut stage, KeyCode::Enter);
    assert_has(&stage, &["it is sent"]);
    press(&mut stage, KeyCode::Esc);
    go(&mut stage, '2');
    assert_has(&stage, &["16"]);
}

#[test]
fn what_only_one_side_has_is_said_of_a_partition() {
    let mut stage = recorded(120, 40, UNICODE);
    go_to(&mut stage, "4");
    stage.text("xe");
    type_instead(&mut stage, "Y 7");
    press(&mut stage, KeyCode::Enter);
    assert_has(&stage, &["is not there in the branch", "is there only in the branch"]);
}

#[test]
fn a_message_of_several_pipelines_has_the_name_of_its_own() {
    let topology = market_spread::topology(|| 0).unwrap();
    let mut stage = Stage::recorded(topology, Theme::new(true, true), 120, 40);
    press(&mut stage, KeyCode::Esc);
    stage.text("5xp");
    let screen = stage.screen();
    assert!(screen.contains("(Tab: another pipeline)"), "{screen}");
}

#[test]
fn without_colours_and_utf8_the_difference_is_as_clear() {
    let mut stage = recorded(80, 24, (false, false));
    go_to(&mut stage, "1");
    stage.text("xo");
    press(&mut stage, KeyCode::Enter);
    let screen = stage.screen();
    assert!(screen.is_ascii(), "{screen}");
    assert_has(&stage, &["15 -> 5", "- a => 10", "- a => 15", "+ a => 5"]);
}

#[test]
fn the_smallest_screen_has_room_for_the_window() {
    let mut stage = recorded(60, 18, UNICODE);
    go_to(&mut stage, "1");
    stage.text("xo");
    assert_snapshot!("what_if_on_the_smallest_screen", stage.screen());
}

#[test]
fn where_nothing_is_recorded_it_is_said() {
    let mut stage = super::voted(120, 40, UNICODE);
    go(&mut stage, '5');
    stage.text("xo");
    press(&mut stage, KeyCode::Enter);
    assert_has(&stage, &["this run is not recorded"]);
}
