//! The last message is taken back, and the screen says so.

use crossterm::event::{Event, KeyCode};
use insta::assert_snapshot;
use wallaroo::session::orders::Order;
use wallaroo::workbench::{Effect, Theme};

use super::support::stage::Stage;
use super::{UNICODE, alphabet, go, press};

/// A workbench after some votes.
fn voted(width: u16, height: u16) -> Stage {
    let topology = alphabet::topology(alphabet::Encoding::Text).unwrap();
    let mut stage = Stage::recorded(topology, Theme::new(UNICODE.0, UNICODE.1), width, height);
    for vote in ["a 10", "b 40", "a 5"] {
        stage.vote(vote);
    }
    go(&mut stage, '5');
    stage
}

#[test]
fn what_is_taken_back_is_said_and_marked() {
    for (width, height) in [(120, 40), (80, 24)] {
        let mut stage = voted(width, height);
        stage.text("u");
        assert_snapshot!(format!("undone_at_{width}x{height}"), stage.screen());
        // The moment before now is the one in which it was there.
        stage.text("[");
        assert_snapshot!(format!("before_undone_at_{width}x{height}"), stage.screen());
    }
}

#[test]
fn several_are_taken_back_until_there_is_none() {
    let mut stage = voted(120, 40);
    for said in [
        "message #3 is taken back: `a` is as it was before",
        "message #2 is taken back: `b` is gone again",
        "message #1 is taken back: `a` is gone again",
        "nothing is taken back: no message has entered",
    ] {
        stage.text("u");
        let screen = stage.screen();
        assert!(screen.contains(said), "{said}\n{screen}");
        press(&mut stage, KeyCode::Esc);
    }
}

#[test]
fn before_what_has_left_through_a_sink_is_taken_back_it_is_asked() {
    let mut stage = voted(80, 24);
    stage.show_changed(|snapshot| snapshot.undo.outputs_leave = true);
    // Only asked: what a key does is not shown before the next snapshot.
    let undo = Event::Key(KeyCode::Char('u').into());
    assert!(stage.workbench.handle(&undo).is_none());
    assert_snapshot!("take_it_back", stage.screen());
    let order = stage.workbench.handle(&undo);
    assert!(matches!(order, Some(Effect::Order(Order::Undo))));
}
