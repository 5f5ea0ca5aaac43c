//! What the workbench shows, screen by screen: the real workbench on a real engine.
//!
//! `INSTA_UPDATE=always cargo test --test workbench_screens` writes the screens anew; read the diff.

#![cfg(feature = "workbench")]
#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail where the test itself may")]

#[path = "../apps/alphabet/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod alphabet;
mod support;

use crossterm::event::{KeyCode, KeyModifiers};
use insta::assert_snapshot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use support::stage::Stage;
use wallaroo::workbench::Theme;

const UNICODE: (bool, bool) = (true, true);

fn open(width: u16, height: u16, (colors, unicode): (bool, bool)) -> Stage {
    let topology = alphabet::topology(alphabet::Encoding::Text).unwrap();
    Stage::open(topology, Theme::new(colors, unicode), width, height)
}

/// A workbench after a few votes, the last of them wrong.
fn voted(width: u16, height: u16, theme: (bool, bool)) -> Stage {
    let mut stage = open(width, height, theme);
    for vote in ["a 10", "a 5", "b 40", "Z 7", r"\xff 1", "! 0"] {
        stage.vote(vote);
    }
    stage.text("nonsense");
    stage.key(KeyCode::Char('x'), KeyModifiers::CONTROL);
    stage
}

fn press(stage: &mut Stage, code: KeyCode) {
    stage.key(code, KeyModifiers::NONE);
}

#[test]
fn it_opens_with_the_cursor_in_the_input_pane_and_says_what_to_do() {
    assert_snapshot!(open(120, 40, UNICODE).screen());
}

#[test]
fn votes_are_seen_from_the_frame_to_the_total() {
    assert_snapshot!(voted(120, 40, UNICODE).screen());
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

#[test]
fn help_lists_every_command() {
    let mut stage = voted(120, 60, UNICODE);
    press(&mut stage, KeyCode::F(1));
    let screen = stage.screen();
    for entry in wallaroo::workbench::COMMANDS {
        assert!(screen.contains(entry.about), "`{}` is not in the help", entry.about);
    }
    assert_snapshot!(screen);
}

#[test]
fn the_palette_finds_commands_by_name() {
    let mut stage = voted(80, 24, UNICODE);
    press(&mut stage, KeyCode::Esc);
    stage.text(":pa");
    assert_snapshot!(stage.screen());
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
    for code in [KeyCode::BackTab, KeyCode::Enter] {
        press(&mut stage, code);
    }
    assert_snapshot!(stage.screen());
}

/// Goes from the input pane to the log.
fn to_log(stage: &mut Stage) {
    for _ in 0..3 {
        press(stage, KeyCode::BackTab);
    }
}

#[test]
fn the_log_is_shown_alone_where_there_is_no_room_beside_it() {
    let mut stage = voted(80, 24, UNICODE);
    to_log(&mut stage);
    assert_snapshot!(stage.screen());
}

#[test]
fn a_line_of_the_log_opens_to_all_of_its_text() {
    let mut stage = voted(120, 40, UNICODE);
    to_log(&mut stage);
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
fn a_zoomed_pane_has_the_room_of_all_others() {
    let mut stage = voted(80, 24, UNICODE);
    for code in [KeyCode::Tab, KeyCode::Tab, KeyCode::Char('z')] {
        press(&mut stage, code);
    }
    assert_snapshot!(stage.screen());
}

#[test]
fn it_draws_at_any_size_whatever_lies_over_it() {
    let mut stage = voted(80, 24, UNICODE);
    let open: [&[KeyCode]; 6] = [
        &[],
        &[KeyCode::F(1)],
        &[KeyCode::Esc, KeyCode::Enter],
        &[KeyCode::Esc, KeyCode::Tab, KeyCode::Enter],
        &[KeyCode::Esc, KeyCode::Char(':')],
        &[KeyCode::Esc, KeyCode::Esc, KeyCode::Char('/'), KeyCode::Char('x')],
    ];
    for keys in open {
        for code in keys {
            press(&mut stage, *code);
        }
        for width in (0..70).step_by(3).chain([59, 60, 61, 99, 100, 120, 250]) {
            for height in (0..40).step_by(2).chain([17, 33, 60, 100]) {
                let area = Rect::new(0, 0, width, height);
                stage.workbench.resize(area);
                stage.workbench.draw(area, &mut Buffer::empty(area));
            }
        }
        stage.workbench.resize(Rect::new(0, 0, 80, 24));
        press(&mut stage, KeyCode::Esc);
        press(&mut stage, KeyCode::Char('i'));
    }
}
