//! The window of the breakpoints, and what is seen where the engine has stopped at one.

use crossterm::event::KeyCode;
use insta::assert_snapshot;
use wallaroo::workbench::Theme;

use super::support::stage::Stage;
use super::{UNICODE, alphabet, go, press, voted};

/// A recorded workbench without messages.
fn recorded(width: u16, height: u16) -> Stage {
    let topology = alphabet::topology(alphabet::Encoding::Text).unwrap();
    Stage::recorded(topology, Theme::new(UNICODE.0, UNICODE.1), width, height)
}

/// Sets a breakpoint, at a pane without rows.
fn set(stage: &mut Stage, condition: &str) {
    go(stage, '1');
    stage.text("b");
    stage.text(condition);
    press(stage, KeyCode::Enter);
    press(stage, KeyCode::Esc);
}

#[test]
fn the_window_of_the_breakpoints() {
    for (width, height) in [(120, 40), (80, 24), (60, 18)] {
        let mut stage = voted(width, height, UNICODE);
        for condition in
            ["state.votes > 100", "dead && step == \"decode\"", "key == \"a\" && created"]
        {
            set(&mut stage, condition);
        }
        stage.text("b");
        press(&mut stage, KeyCode::Down);
        press(&mut stage, KeyCode::Down);
        press(&mut stage, KeyCode::Enter);
        assert_snapshot!(format!("breakpoints_at_{width}x{height}"), stage.screen());
    }
}

#[test]
fn without_breakpoints_the_window_says_what_they_are_about() {
    let mut stage = voted(120, 40, UNICODE);
    go(&mut stage, '1');
    stage.text("b");
    assert_snapshot!(stage.screen());
}

#[test]
fn a_wrong_condition_is_marked_at_its_character_and_not_set() {
    let mut stage = voted(80, 24, UNICODE);
    go(&mut stage, '1');
    stage.text("bkey == \"a\" && state.vots > 1");
    let wrong = stage.screen();
    press(&mut stage, KeyCode::Enter);
    assert_eq!(stage.screen(), wrong);
    assert_snapshot!(wrong);
    (0..8).for_each(|_| press(&mut stage, KeyCode::Backspace));
    stage.text("votes > 1");
    press(&mut stage, KeyCode::Enter);
    let right = stage.screen();
    assert!(right.contains("● key == \"a\" && state.votes > 1"), "{right}");
}

#[test]
fn the_line_begins_with_the_partition_or_with_the_step_of_the_dead_letter() {
    let mut stage = voted(120, 40, UNICODE);
    for (pane, text) in [('2', "key == \"a\""), ('7', "dead && step == \"decode\""), ('1', "")] {
        go(&mut stage, pane);
        stage.text("b");
        let screen = stage.screen();
        assert!(screen.contains(&format!("stop if {text}")), "{pane} {text}\n{screen}");
        press(&mut stage, KeyCode::Esc);
    }
}

#[test]
fn breakpoints_are_switched_off_and_removed_by_keys() {
    let mut stage = voted(120, 40, UNICODE);
    set(&mut stage, "dead");
    set(&mut stage, "created");
    let has = |stage: &Stage, text: &str| stage.screen().contains(text);
    assert!(has(&stage, "2 breakpoints"), "{}", stage.screen());
    stage.text("b");
    press(&mut stage, KeyCode::Down);
    press(&mut stage, KeyCode::Enter);
    assert!(has(&stage, "○ dead") && has(&stage, "● created"), "{}", stage.screen());
    assert!(has(&stage, "1 breakpoint "), "{}", stage.screen());
    press(&mut stage, KeyCode::Enter);
    assert!(has(&stage, "● dead"), "{}", stage.screen());
    press(&mut stage, KeyCode::Delete);
    assert!(!has(&stage, "● dead") && has(&stage, "● created"), "{}", stage.screen());
    press(&mut stage, KeyCode::Delete);
    assert!(has(&stage, "none is set"), "{}", stage.screen());
    // Letters are typed again.
    stage.text("dead");
    assert!(has(&stage, "stop if dead"), "{}", stage.screen());
}

#[test]
fn where_the_engine_has_stopped_is_seen_and_it_goes_on_with_space() {
    for (width, height) in [(120, 40), (80, 24)] {
        let mut stage = recorded(width, height);
        stage.vote("b 3");
        set(&mut stage, "state.votes > 12");
        stage.text("i");
        for vote in ["a 10", "a 5"] {
            stage.vote(vote);
        }
        press(&mut stage, KeyCode::Esc);
        assert_snapshot!(format!("stopped_at_{width}x{height}"), stage.screen());
        stage.text(" ");
        let screen = stage.screen();
        assert!(screen.contains("RUNNING") && !screen.contains("PAST"), "{screen}");
    }
}
