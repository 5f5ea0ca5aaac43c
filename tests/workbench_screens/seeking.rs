//! How one finds a moment of the past: by a condition, by whose fault something is, in the changes of a partition, and on
//! the bar.

use std::sync::Arc;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use insta::assert_snapshot;
use wallaroo::core::frames::trace::Trace;
use wallaroo::core::numbers::Timestamp;
use wallaroo::session::past::Travel;
use wallaroo::telemetry::SearchShown;
use wallaroo::workbench::{Effect, Theme};

use super::support::stage::Stage;
use super::{UNICODE, alphabet, go, press};

/// A workbench after some votes, the last of them wrong, at the partitions.
fn recorded(width: u16, height: u16, (colors, unicode): (bool, bool)) -> Stage {
    let topology = alphabet::topology(alphabet::Encoding::Text).unwrap();
    let mut stage = Stage::recorded(topology, Theme::new(colors, unicode), width, height);
    for vote in ["a 10", "b 40", "a 5", "a 0", "Z 7", "a 3", "0x 00 00 00 01 61"] {
        stage.vote(vote);
    }
    go(&mut stage, '2');
    stage
}

fn shows(stage: &Stage, texts: &[&str]) {
    let screen = stage.screen();
    for text in texts {
        assert!(screen.contains(text), "{text}\n{screen}");
    }
}

#[test]
fn a_condition_is_typed_with_what_is_wrong_below_its_character() {
    for (width, height) in [(120, 40), (80, 24), (60, 18)] {
        let mut stage = recorded(width, height, UNICODE);
        stage.text("F");
        assert_snapshot!(format!("find_empty_{width}x{height}"), stage.screen());
        stage.text("key == \"a\" && state.vots > 3");
        assert_snapshot!(format!("find_wrong_{width}x{height}"), stage.screen());
        // What is wrong is not looked for.
        press(&mut stage, KeyCode::Enter);
        shows(&stage, &["Find in the past"]);
        (0..8).for_each(|_| press(&mut stage, KeyCode::Backspace));
        stage.text("votes > 3");
        assert_snapshot!(format!("find_right_{width}x{height}"), stage.screen());
        press(&mut stage, KeyCode::Esc);
        assert!(!stage.screen().contains("Find in the past"));
    }
}

#[test]
fn it_is_found_before_and_again_before_and_after() {
    let mut stage = recorded(120, 40, UNICODE);
    stage.text("{");
    shows(&stage, &["nothing was looked for yet"]);
    stage.text("Fstate.votes > 10 && key == 'a'");
    press(&mut stage, KeyCode::Enter);
    shows(&stage, &["PAST 6 of 7"]);
    stage.text("{");
    shows(&stage, &["PAST 4 of 7"]);
    stage.text("{{");
    shows(&stage, &["PAST 3 of 7", "holds of no message before this moment"]);
    stage.text("}");
    shows(&stage, &["PAST 4 of 7"]);
    // It is remembered, and can be asked where it became true.
    stage.text("F");
    shows(&stage, &["> state.votes > 10 && key == 'a'"]);
    press(&mut stage, KeyCode::Tab);
    shows(&stage, &["> !(before.votes > 10 && key == 'a') && (state.votes > 10 && key == 'a')"]);
    press(&mut stage, KeyCode::Enter);
    shows(&stage, &["PAST 3 of 7"]);
    stage.text("l}");
    shows(&stage, &["this is now: nothing comes after it"]);
}

#[test]
fn the_fault_of_a_field_is_that_of_the_message_that_gave_it_its_value() {
    let mut stage = recorded(120, 40, UNICODE);
    // Of the selected partition, the last change.
    stage.text("!");
    shows(&stage, &["PAST 6 of 7", "message 6 was the last that changed `a`"]);
    stage.text("#5");
    press(&mut stage, KeyCode::Enter);
    press(&mut stage, KeyCode::Enter);
    let line = |stage: &Stage, name: &str| {
        let screen = stage.screen();
        screen.lines().position(|line| line.contains(name)).unwrap()
    };
    let votes = line(&stage, "votes   15");
    (0..votes - 3).for_each(|_| press(&mut stage, KeyCode::Down));
    stage.text("!");
    assert_snapshot!("whose_fault", stage.screen());
    press(&mut stage, KeyCode::Up);
    stage.text("!");
    shows(&stage, &["PAST 1 of 7", "made `letter` of `a` \"a\"; there was none before"]);
    stage.text("!");
    shows(&stage, &["PAST 1 of 7"]);
    press(&mut stage, KeyCode::Esc);
    go(&mut stage, '5');
    stage.text("!");
    shows(&stage, &["select a partition first"]);
}

#[test]
fn the_changes_of_a_partition_are_listed_and_each_leads_to_its_moment() {
    let mut stage = recorded(120, 40, UNICODE);
    press(&mut stage, KeyCode::Enter);
    press(&mut stage, KeyCode::End);
    press(&mut stage, KeyCode::Enter);
    press(&mut stage, KeyCode::End);
    press(&mut stage, KeyCode::Up);
    press(&mut stage, KeyCode::Enter);
    assert_snapshot!("changes_listed", stage.screen());
    shows(&stage, &["PAST 3 of 7", "votes   15"]);
}

#[test]
fn a_click_on_the_bar_goes_to_the_moment_there() {
    let mut stage = recorded(120, 40, UNICODE);
    stage.text("[");
    shows(&stage, &["PAST 6 of 7"]);
    let bar = |stage: &Stage| {
        let screen = stage.screen();
        let line = screen.lines().nth(1).unwrap().to_owned();
        let column = |of: char| line.chars().position(|character| character == of);
        (column('├').unwrap(), column('┤').unwrap())
    };
    let (begin, end) = bar(&stage);
    let middle = u16::try_from(usize::midpoint(begin, end)).unwrap();
    stage.click(middle, 1);
    shows(&stage, &["PAST 4 of 7"]);
    stage.click(u16::try_from(end).unwrap(), 1);
    shows(&stage, &["PAST 7 of 7"]);
    stage.click(u16::try_from(begin).unwrap(), 1);
    shows(&stage, &["PAST 0 of 7"]);
    // With a window of a partition open, it shows that one of then.
    stage.text("#7");
    press(&mut stage, KeyCode::Enter);
    press(&mut stage, KeyCode::Enter);
    stage.click(middle, 1);
    shows(&stage, &["PAST 4 of 7", "Partition a", "votes   15"]);
}

#[test]
fn the_chart_has_a_cursor_at_the_second_of_the_moment() {
    let mut stage = recorded(120, 40, UNICODE);
    stage.text("[");
    assert!(!stage.screen().contains('▲'));
    stage.show_changed(|snapshot| {
        let past = snapshot.past.as_mut().unwrap();
        let trace = past.trace.take().unwrap();
        let (pipeline, source) = (Arc::clone(&trace.pipeline), Arc::clone(&trace.source));
        let read_at = Timestamp(44_500_000_000);
        past.trace =
            Some(Arc::new(Trace::new(pipeline, source, trace.sequence, &trace.frame, read_at)));
    });
    shows(&stage, &["▲", "then "]);
    assert_snapshot!("chart_of_then", stage.screen());
}

#[test]
fn a_search_that_takes_long_says_how_far_it_is_and_escape_ends_it() {
    for width in [120, 60] {
        let mut stage = recorded(width, 24, UNICODE);
        let search = SearchShown { text: "dead".into(), looked: 120_000, all: 2_000_000 };
        let search = Some(search);
        stage.show_changed(|snapshot| {
            (snapshot.search, snapshot.replaying) = (search.clone(), true);
        });
        shows(&stage, &["looking: 120k of 2.00M, Esc ends it"]);
        stage.text("2");
        stage.show_changed(|snapshot| {
            (snapshot.search, snapshot.replaying) = (search.clone(), true);
        });
        let escape = Event::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
        assert_eq!(stage.workbench.handle(&escape), Some(Effect::Travel(Travel::Stay)));
    }
}
