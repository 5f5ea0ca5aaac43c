//! The window of the smallest input, and what is said of a test.

use crossterm::event::{KeyCode, KeyModifiers};
use insta::assert_snapshot;
use wallaroo::session::orders::Order;
use wallaroo::telemetry::ShrinkStage;
use wallaroo::workbench::{Effect, Theme};

use super::support::stage::Stage;
use super::{UNICODE, alphabet, go, press};

/// A workbench after some votes, one of them wrong, at the dead letters.
fn recorded(width: u16, height: u16, (colors, unicode): (bool, bool)) -> Stage {
    let topology = alphabet::topology(alphabet::Encoding::Text).unwrap();
    let mut stage = Stage::recorded(topology, Theme::new(colors, unicode), width, height);
    for vote in ["a 10", "b 40", "0x 00 00 00 01 61", "a 5", "Z 7"] {
        stage.vote(vote);
    }
    go(&mut stage, '7');
    stage
}

/// Clears the line that is typed, and types another one.
fn type_anew(stage: &mut Stage, text: &str) {
    stage.key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    stage.text(text);
}

#[test]
fn what_is_selected_is_what_is_asked_for() {
    let mut stage = recorded(120, 40, UNICODE);
    stage.text("M");
    assert_snapshot!("asked_for_at_120x40", stage.screen());
    let asked = |stage: &mut Stage, keys: &str, when: &str| {
        press(stage, KeyCode::Esc);
        stage.text(keys);
        let screen = stage.screen();
        assert!(screen.contains(when), "{keys}: {when}\n{screen}");
    };
    asked(&mut stage, "2M", r#"> key == "a" && state.votes >= 15"#);
    asked(&mut stage, "5M", r#"> key == "Z" && dead"#);
    asked(&mut stage, "1M", "> dead ");
}

#[test]
fn a_wrong_condition_is_said_below_its_character_and_is_not_looked_for() {
    for (width, height) in [(120, 40), (80, 24)] {
        let mut stage = recorded(width, height, UNICODE);
        stage.text("M");
        type_anew(&mut stage, "key == \"a\" && state.vots > 3");
        press(&mut stage, KeyCode::Enter);
        assert_snapshot!(format!("a_wrong_condition_at_{width}x{height}"), stage.screen());
        let screen = stage.screen();
        let line = screen.lines().find(|line| line.contains("> key ==")).unwrap();
        let caret = screen.lines().find(|line| line.contains('^')).unwrap();
        let column = |line: &str, what: &str| line.split_once(what).unwrap().0.chars().count();
        assert_eq!(column(line, "vots > 3"), column(caret, "^"), "{screen}");
    }
}

#[test]
fn the_caret_is_below_its_character_wherever_the_cursor_is() {
    let mut stage = recorded(80, 24, UNICODE);
    stage.text("M");
    type_anew(
        &mut stage,
        &format!("key == \"a\" && state.vots > 3 && key != \"{}\"", "b".repeat(80)),
    );
    press(&mut stage, KeyCode::Home);
    let screen = stage.screen();
    let column = |what: &str| {
        let line = screen.lines().find(|line| line.contains(what));
        line.and_then(|line| line.split_once(what)).map(|(before, _)| before.chars().count())
    };
    assert!(column("vots > 3").is_some() && column("vots > 3") == column("^"), "{screen}");
}

#[test]
fn no_test_is_made_of_a_window_that_shows_nothing_of_a_moment() {
    let mut stage = recorded(120, 40, UNICODE);
    // What if, and what differs in a branch.
    for (keys, why) in
        [("x", "no test is made of this window"), ("xo\r", "nothing to make a test of")]
    {
        for key in keys.chars() {
            if key == '\r' {
                press(&mut stage, KeyCode::Enter);
            } else {
                stage.text(&key.to_string());
            }
        }
        let event =
            crossterm::event::Event::Key(crossterm::event::KeyEvent::from(KeyCode::Char('T')));
        assert_eq!(stage.workbench.handle(&event), None);
        assert!(stage.screen().contains(why), "{}", stage.screen());
        press(&mut stage, KeyCode::Esc);
    }
}

#[test]
fn the_smallest_input_is_shown_with_all_that_can_be_done_with_it() {
    for (width, height) in [(120, 40), (80, 24), (60, 18)] {
        let mut stage = recorded(width, height, UNICODE);
        stage.text("M");
        press(&mut stage, KeyCode::Enter);
        assert_snapshot!(format!("the_smallest_input_at_{width}x{height}"), stage.screen());
    }
}

#[test]
fn the_partitions_that_are_needed_are_shown_below_the_messages() {
    let mut stage = recorded(120, 40, UNICODE);
    stage.text("M");
    type_anew(&mut stage, "key == 'a' && state.votes > 14");
    press(&mut stage, KeyCode::Enter);
    let screen = stage.screen();
    assert!(screen.contains("2 messages left of 5"), "{screen}");
    assert!(screen.contains("#1 key a") && screen.contains("#4 key a"), "{screen}");
    press(&mut stage, KeyCode::Down);
    assert_snapshot!(stage.screen());
}

#[test]
fn how_far_it_is_is_shown_and_it_can_be_ended() {
    use wallaroo::core::replay::shrink::{Progress, Stage as Doing};
    use wallaroo::core::replay::smallest::SoFar;

    let mut stage = recorded(120, 40, UNICODE);
    stage.text("M");
    press(&mut stage, KeyCode::Enter);
    let progress = Progress { stage: Doing::Messages, messages: 130, base: 2, probes: 55 };
    for (name, so_far) in
        [("looking", SoFar::Looking(12_345)), ("shrinking", SoFar::Shrinking(progress))]
    {
        stage.show_changed(|seen| {
            let shown = seen.shrinking.as_mut().unwrap();
            shown.recorded = Some(1_000_001);
            shown.stage = ShrinkStage::Searching(so_far);
        });
        assert_snapshot!(name, stage.screen());
    }
    let event = crossterm::event::Event::Key(crossterm::event::KeyEvent::from(KeyCode::Enter));
    let effect = stage.workbench.handle(&event);
    assert_eq!(effect, Some(Effect::Order(Order::EndShrink)));
}

#[test]
fn when_its_window_is_closed_the_end_is_said() {
    let mut stage = recorded(120, 40, UNICODE);
    stage.text("M");
    press(&mut stage, KeyCode::Enter);
    press(&mut stage, KeyCode::Esc);
    stage.show_changed(|seen| {
        let so_far = wallaroo::core::replay::smallest::SoFar::Looking(1);
        seen.shrinking.as_mut().unwrap().stage = ShrinkStage::Searching(so_far);
    });
    stage.show_changed(|_| {});
    let screen = stage.screen();
    assert!(screen.contains("the smallest input has 1 message: M shows it"), "{screen}");
    stage.text("M");
    assert!(stage.screen().contains("1 message left of 5"), "{}", stage.screen());
}

#[test]
fn a_message_of_the_smallest_input_is_sent_only_after_a_question() {
    let mut stage = recorded(120, 40, UNICODE);
    stage.text("M");
    press(&mut stage, KeyCode::Enter);
    stage.text("R");
    assert!(stage.screen().contains("Send it?"), "{}", stage.screen());
    assert!(stage.screen().contains(" Enter: yes   Esc: no"), "{}", stage.screen());
    assert!(!stage.screen().contains("R or Enter"), "{}", stage.screen());
    press(&mut stage, KeyCode::Esc);
    assert!(stage.screen().contains("1 message left of 5"), "{}", stage.screen());
    assert!(stage.screen().contains("Dead letters 1"), "{}", stage.screen());
    stage.text("R");
    press(&mut stage, KeyCode::Enter);
    assert!(stage.screen().contains("Dead letters 2"), "{}", stage.screen());
    // The window is still there for the next one.
    assert!(stage.screen().contains("1 message left of 5"), "{}", stage.screen());
    stage.text("e");
    assert!(stage.screen().contains("0x 00 00 00 00"), "{}", stage.screen());
}

#[test]
fn what_is_found_is_saved_as_frames_as_a_test_and_copied() {
    let mut stage = recorded(120, 40, UNICODE);
    stage.text("M");
    press(&mut stage, KeyCode::Enter);
    let mut key = |key: char| {
        let event = crossterm::event::KeyEvent::from(KeyCode::Char(key));
        stage.workbench.handle(&crossterm::event::Event::Key(event)).unwrap()
    };
    let frames = vec![("shrunk.frames".to_owned(), vec![0, 0, 0, 0])];
    assert_eq!(key('W'), Effect::Save { files: frames });
    let Effect::SaveTest(test) = key('T') else { panic!("a test") };
    assert_eq!((test.messages, test.is_red), (1, true));
    assert!(test.file.contains(r#"driver.push_message("votes", b"")?;"#), "{}", test.file);
    let Effect::Copy { text, .. } = key('y') else { panic!("a copy") };
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["messages"][0]["number"], 3);
    assert_eq!(json["when"], r#"cause == "refused" && step == "decode""#);
}

#[test]
fn without_colours_and_utf8_it_is_as_clear() {
    let mut stage = recorded(80, 24, (false, false));
    stage.text("M");
    press(&mut stage, KeyCode::Enter);
    let screen = stage.screen();
    assert!(screen.is_ascii() && screen.contains("1 message left of 5"), "{screen}");
}

#[test]
fn where_nothing_is_recorded_it_is_said() {
    let mut stage = super::voted(120, 40, UNICODE);
    go(&mut stage, '7');
    stage.text("M");
    press(&mut stage, KeyCode::Enter);
    let screen = stage.screen();
    assert!(screen.contains("this run is not recorded"), "{screen}");
    press(&mut stage, KeyCode::Esc);
    stage.text("T");
    assert!(stage.screen().contains("this run is not recorded"), "{}", stage.screen());
}
