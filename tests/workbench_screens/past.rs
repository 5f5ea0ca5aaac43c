//! What the workbench shows of a moment of the past.

use crossterm::event::KeyCode;
use insta::assert_snapshot;
use wallaroo::workbench::Theme;

use super::support::stage::Stage;
use super::{UNICODE, alphabet, go, press};

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

#[test]
fn a_moment_of_the_past_is_seen_in_every_pane() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut stage = recorded(width, height, UNICODE);
        stage.text("#3");
        press(&mut stage, KeyCode::Enter);
        assert_snapshot!(format!("the_past_at_{width}x{height}"), stage.screen());
    }
}

#[test]
fn the_past_takes_no_room_while_it_is_not_looked_at() {
    let mut stage = recorded(100, 30, UNICODE);
    let before = stage.screen();
    stage.text("[");
    let then = stage.screen();
    assert!(then.contains("PAST 4 of 5, 1 back"), "{then}");
    assert!(then.contains("●") && then.contains("after #4 of"), "{then}");
    assert!(then.contains("l now"), "{then}");
    stage.text("l");
    assert_eq!(stage.screen(), before);
}

#[test]
fn changes_are_those_of_the_selected_partition_or_of_any() {
    let mut stage = recorded(120, 40, UNICODE);
    let at = |stage: &mut Stage, key: &str, moment: &str| {
        stage.text(key);
        let screen = stage.screen();
        assert!(screen.contains(moment), "{key}: {moment}\n{screen}");
    };
    // `a` is the first of the rows. The dead letter changed nothing.
    at(&mut stage, ",", "PAST 3 of 5, 2 back");
    at(&mut stage, ",", "PAST 1 of 5, 4 back");
    at(&mut stage, ".", "PAST 3 of 5, 2 back");
    at(&mut stage, ".", "nothing changes `a` after this moment");
    at(&mut stage, "l", "RUNNING");
    at(&mut stage, "5,", "PAST 4 of 5, 1 back");
    at(&mut stage, ",", "PAST 3 of 5, 2 back");
    at(&mut stage, "[", "PAST 2 of 5, 3 back");
    at(&mut stage, "]]", "PAST 4 of 5, 1 back");
    at(&mut stage, "]", "PAST 5 of 5");
}

#[test]
fn the_window_of_a_partition_goes_through_its_changes() {
    let mut stage = recorded(120, 40, UNICODE);
    press(&mut stage, KeyCode::Enter);
    stage.text(",,");
    let screen = stage.screen();
    assert!(screen.contains("PAST 1 of 5") && screen.contains("votes   10"), "{screen}");
}

#[test]
fn what_is_typed_in_the_past_is_sent_now() {
    let mut stage = recorded(120, 40, UNICODE);
    stage.text("[[[i");
    stage.vote("a 100");
    let screen = stage.screen();
    assert!(!screen.contains("PAST") && screen.contains("this is now again"), "{screen}");
    assert!(screen.contains("115"), "{screen}");
}

#[test]
fn a_frozen_screen_goes_to_the_past_all_the_same() {
    let mut stage = recorded(120, 40, UNICODE);
    stage.text("f[");
    let screen = stage.screen();
    assert!(screen.contains("PAST 4 of 5") && !screen.contains("frozen"), "{screen}");
}

#[test]
fn without_colours_and_utf8_the_past_is_as_clear() {
    let mut stage = recorded(80, 24, (false, false));
    stage.text("[[");
    let screen = stage.screen();
    assert!(screen.is_ascii() && screen.contains("PAST 3 of 5, 2 back"), "{screen}");
    assert!(screen.lines().nth(1).is_some_and(|bar| bar.contains("-O-")), "{screen}");
}

#[test]
fn the_smallest_screen_has_room_for_the_past() {
    let mut stage = recorded(60, 18, UNICODE);
    stage.text("[");
    assert_snapshot!(stage.screen());
}

#[test]
fn where_nothing_is_recorded_it_is_said() {
    let mut stage = super::voted(120, 40, UNICODE);
    go(&mut stage, '2');
    stage.text("[");
    let screen = stage.screen();
    assert!(screen.contains("this run is not recorded"), "{screen}");
}
