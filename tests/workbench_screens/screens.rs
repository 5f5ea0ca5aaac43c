//! Each screen and window, at the sizes that are laid out.

use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode};
use insta::assert_snapshot;
use ratatui::style::Color;
use wallaroo::session::orders::Order;
use wallaroo::telemetry::{SinkShown, SinkState};
use wallaroo::workbench::Effect;

use super::support::stage::Stage;
use super::{UNICODE, go, open, press, voted};

#[test]
fn it_opens_with_the_cursor_in_the_input_pane_and_says_what_to_do() {
    assert_snapshot!(open(120, 40, UNICODE).screen());
}

#[test]
fn each_line_of_the_tour_is_sent_by_its_number_but_not_while_something_is_typed() {
    for (number, letters) in [('1', 0), ('2', 0), ('3', 1), ('4', 1)] {
        let mut stage = open(120, 40, UNICODE);
        stage.text("12");
        assert!(stage.screen().contains("> 12"), "{}", stage.screen());
        press(&mut stage, KeyCode::Esc);
        // A thousand messages are many outputs of one line.
        let event = Event::Key(KeyCode::Char(number).into());
        let Some(Effect::Order(Order::Inject(pipeline, bytes))) = stage.workbench.handle(&event)
        else {
            panic!("{number} sends nothing: {}", stage.screen());
        };
        stage.session.engine().inject(pipeline, bytes).unwrap();
        let ended = Instant::now() + Duration::from_mins(1);
        let totals = loop {
            stage.session.refresh(&stage.workbench.view());
            let totals = stage.session.snapshot().totals;
            if totals.messages_out + totals.dead_letters > 0 {
                break totals;
            }
            assert!(Instant::now() < ended, "nothing has come of {number}");
            std::thread::yield_now();
        };
        assert_eq!(totals.dead_letters, letters, "of {number}");
        // What was typed stays.
        assert!(stage.screen().contains("> 12"), "{}", stage.screen());
    }
}

#[test]
fn votes_are_seen_from_the_frame_to_the_total() {
    assert_snapshot!(voted(120, 40, UNICODE).screen());
}

#[test]
fn a_large_screen_has_the_lists_side_by_side() {
    let stage = voted(200, 60, UNICODE);
    let screen = stage.screen();
    for pane in ["5 Messages", "#7 ", "6 Outputs", "a => 15", "7 Dead letters", "8 Log"] {
        assert!(screen.contains(pane), "{pane}:\n{screen}");
    }
}

#[test]
fn a_small_screen_shows_every_pane() {
    assert_snapshot!(voted(80, 24, UNICODE).screen());
}

#[test]
fn the_smallest_screen_shows_every_pane() {
    assert_snapshot!(voted(60, 18, UNICODE).screen());
}

#[test]
fn a_screen_that_is_too_small_says_what_it_needs() {
    assert_snapshot!(voted(40, 10, UNICODE).screen());
}

#[test]
fn without_utf8_and_colours_there_are_none() {
    let stage = voted(100, 34, (false, false));
    let buffer = stage.draw();
    let plain = |cell: &ratatui::buffer::Cell| cell.fg == Color::Reset && cell.bg == Color::Reset;
    assert!(buffer.content.iter().all(plain), "a cell has a colour");
    assert!(stage.screen().is_ascii(), "{}", stage.screen());
    assert_snapshot!(stage.screen());
}

#[test]
fn nonsense_is_explained_where_it_is_typed() {
    let mut stage = open(80, 24, UNICODE);
    stage.text("a ten");
    let screen = stage.screen();
    assert_snapshot!(screen.lines().skip(19).collect::<Vec<_>>().join("\n"));
}

#[test]
fn raw_bytes_say_what_will_become_of_them() {
    let mut stage = open(80, 24, UNICODE);
    stage.text("0x00000005610000000a 0000");
    let screen = stage.screen();
    assert_snapshot!(screen.lines().skip(19).collect::<Vec<_>>().join("\n"));
}

/// The first pipeline with its source held and its sink in this state.
fn press_on(stage: &mut Stage, sink: SinkState) {
    stage.show_changed(|snapshot| {
        let pipeline = &mut snapshot.pipelines[0];
        pipeline.held = true;
        pipeline.sinks = vec![SinkShown { endpoint: "tcp://127.0.0.1:7002".into(), state: sink }];
    });
}

/// The header, and the flow.
fn pressure(stage: &Stage) -> String {
    stage.screen().lines().take(5).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_screen_says_where_the_pressure_is() {
    let mut shown = Vec::new();
    for (width, height) in [(120, 40), (80, 24), (60, 18)] {
        let mut stage = voted(width, height, UNICODE);
        shown.push(pressure(&stage));
        let others = |screen: String| screen.lines().skip(5).map(str::to_owned).collect::<Vec<_>>();
        let calm = others(stage.screen());
        for state in [SinkState::Waiting, SinkState::Stalled] {
            press_on(&mut stage, state);
            shown.push(pressure(&stage));
            assert_eq!(others(stage.screen()), calm, "nothing else has moved");
        }
    }
    assert_snapshot!(shown.join("\n\n"));
}

#[test]
fn help_lists_every_command() {
    let mut stage = voted(120, 92, UNICODE);
    press(&mut stage, KeyCode::F(1));
    let screen = stage.screen();
    for entry in wallaroo::workbench::COMMANDS {
        assert!(screen.contains(entry.about), "`{}` is not in the help", entry.about);
    }
    assert_snapshot!(screen);
}

#[test]
fn what_can_do_nothing_says_so() {
    let mut stage = voted(120, 40, UNICODE);
    press(&mut stage, KeyCode::Esc);
    for (key, said) in [
        ("n", "the application has no other state"),
        ("v", "partition `a` is not poisoned"),
        ("A", "the program has no other application"),
    ] {
        stage.text(key);
        assert!(stage.screen().contains(said), "{key}:\n{}", stage.screen());
    }
}

#[test]
fn a_frozen_screen_says_which_key_makes_it_live_again() {
    let mut stage = voted(80, 24, UNICODE);
    press(&mut stage, KeyCode::Esc);
    stage.text("f");
    assert!(stage.screen().contains("f show it live"), "{}", stage.screen());
    stage.text("f");
    assert!(!stage.screen().contains("f show it live"), "{}", stage.screen());
}

#[test]
fn the_palette_finds_commands_by_name() {
    let mut stage = voted(80, 24, UNICODE);
    press(&mut stage, KeyCode::Esc);
    stage.text(":pa");
    assert_snapshot!(stage.screen());
}

#[test]
fn the_palette_shows_the_partitions_whose_key_contains_what_is_typed() {
    for typed in ["Z", "partition Z", " partition  Z "] {
        let mut stage = voted(120, 40, UNICODE);
        press(&mut stage, KeyCode::Esc);
        stage.text(&format!(":{typed}"));
        // `find partitions` is the last of what was found.
        press(&mut stage, KeyCode::PageDown);
        press(&mut stage, KeyCode::Enter);
        let screen = stage.screen();
        assert!(screen.contains("Partitions 1 of 5"), "{typed}: {screen}");
    }
}

#[test]
fn a_partition_opens_to_its_state_and_its_history() {
    let mut stage = voted(100, 34, UNICODE);
    press(&mut stage, KeyCode::Esc);
    for _ in 0..2 {
        press(&mut stage, KeyCode::Down);
    }
    press(&mut stage, KeyCode::Enter);
    assert_snapshot!(stage.screen());
}

#[test]
fn a_message_opens_to_its_hops() {
    let mut stage = voted(100, 34, UNICODE);
    for code in [KeyCode::Tab, KeyCode::Tab, KeyCode::Down, KeyCode::Enter] {
        press(&mut stage, code);
    }
    assert_snapshot!(stage.screen());
}

#[test]
fn a_dead_letter_opens_to_its_bytes() {
    let mut stage = voted(100, 34, UNICODE);
    go(&mut stage, '7');
    press(&mut stage, KeyCode::Enter);
    assert_snapshot!(stage.screen());
}

#[test]
fn the_log_is_a_tab_where_there_is_no_room_beside_the_messages() {
    let mut stage = voted(80, 24, UNICODE);
    go(&mut stage, '8');
    assert_snapshot!(stage.screen());
}

#[test]
fn a_line_of_the_log_opens_to_all_of_its_text() {
    let mut stage = voted(120, 40, UNICODE);
    go(&mut stage, '8');
    press(&mut stage, KeyCode::Enter);
    assert_snapshot!(stage.screen());
}

#[test]
fn a_filter_shows_the_keys_that_contain_it() {
    let mut stage = voted(80, 24, UNICODE);
    press(&mut stage, KeyCode::Esc);
    stage.text("/a");
    assert_snapshot!(stage.screen());
}

#[test]
fn a_list_that_is_the_answer_to_an_older_filter_says_that_it_is_looking() {
    let mut stage = voted(120, 40, UNICODE);
    press(&mut stage, KeyCode::Esc);
    stage.text("/a");
    assert!(!stage.screen().contains("looking…"));
    stage.show_changed(|snapshot| snapshot.partitions.view.query.filter = "".into());
    assert!(stage.screen().contains("Partitions looking…"), "{}", stage.screen());
}

#[test]
fn a_zoomed_pane_has_the_room_of_all_others() {
    let mut stage = voted(80, 24, UNICODE);
    for code in [KeyCode::Tab, KeyCode::Tab, KeyCode::Char('z')] {
        press(&mut stage, code);
    }
    assert_snapshot!(stage.screen());
}
