//! What the workbench shows, screen by screen: the real workbench on a real engine.
//!
//! `INSTA_UPDATE=always cargo test --test workbench_screens` writes the screens anew; read the diff.

#![cfg(feature = "workbench")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../apps/alphabet/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod alphabet;
mod support;

use crossterm::event::{Event, KeyCode, KeyModifiers};
use insta::assert_snapshot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use support::fragile::fragile;
use support::stage::Stage;
use wallaroo::telemetry::{SinkShown, SinkState};
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

/// The first pipeline with its source held and its sink in this state.
fn press_on(stage: &mut Stage, sink: SinkState) {
    stage.show_changed(|snapshot| {
        let pipeline = &mut snapshot.pipelines[0];
        pipeline.held = true;
        pipeline.sinks = vec![SinkShown { endpoint: "tcp://127.0.0.1:7002".into(), state: sink }];
    });
}

/// The header, and the routing pane.
fn pressure(stage: &Stage) -> String {
    let screen = stage.screen();
    let routing = screen.lines().skip_while(|line| !line.contains(" Routing ")).take(3);
    screen.lines().take(1).chain(routing).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_screen_says_where_the_pressure_is() {
    let mut shown = Vec::new();
    for (width, height) in [(120, 40), (80, 24), (60, 18)] {
        let mut stage = voted(width, height, UNICODE);
        shown.push(pressure(&stage));
        let others = |screen: String| {
            let kept = |line: &&str| !line.contains("source") && !line.contains("alphabet");
            screen.lines().filter(kept).map(str::to_owned).collect::<Vec<_>>()
        };
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

/// A workbench on an application with a poisoned partition and several dead letters.
fn poisoned(width: u16, height: u16, (colors, unicode): (bool, bool)) -> Stage {
    let mut stage = Stage::open(fragile(), Theme::new(colors, unicode), width, height);
    for word in ["apple", "banana", "bad", "berry", "0x ff"] {
        stage.vote(word);
    }
    stage.key(KeyCode::Char('n'), KeyModifiers::CONTROL);
    stage.vote("0x 03 00 31 32 33");
    stage
}

/// The same with the poisoned partition selected.
fn poisoned_at_hand(theme: (bool, bool)) -> Stage {
    let mut stage = poisoned(80, 24, theme);
    for code in [KeyCode::Esc, KeyCode::Down] {
        press(&mut stage, code);
    }
    stage
}

#[test]
fn a_poisoned_partition_says_so_without_colours() {
    let stage = poisoned_at_hand((false, false));
    assert!(stage.screen().contains("b poisoned"), "{}", stage.screen());
    assert_snapshot!(stage.screen());
}

#[test]
fn a_poisoned_partition_opens_to_the_panic_and_to_its_revival() {
    let mut stage = poisoned_at_hand(UNICODE);
    press(&mut stage, KeyCode::Enter);
    assert_snapshot!(stage.screen());
}

#[test]
fn a_partition_revived_from_its_row_takes_messages_again() {
    let mut stage = poisoned_at_hand(UNICODE);
    stage.text("v");
    let screen = stage.screen();
    assert!(screen.contains("partition `b` takes messages again"), "{screen}");
    assert!(!screen.contains("b poisoned"), "{screen}");
    stage.text("v");
    assert!(stage.screen().contains("partition `b` is not poisoned"), "{}", stage.screen());
    stage.text("i");
    stage.key(KeyCode::Char('n'), KeyModifiers::CONTROL);
    stage.vote("bread");
    // The message that panicked had been counted before it did.
    assert!(stage.screen().contains("bread 3"), "{}", stage.screen());
}

#[test]
fn a_partition_is_revived_where_it_is_opened() {
    let mut stage = poisoned_at_hand(UNICODE);
    press(&mut stage, KeyCode::Enter);
    stage.text("v");
    let screen = stage.screen();
    assert!(screen.contains("Partition b") && !screen.contains("oisoned"), "{screen}");
    press(&mut stage, KeyCode::Esc);
    assert!(!stage.screen().contains("poisoned "), "{}", stage.screen());
}

#[test]
fn a_filter_shows_the_dead_letters_that_contain_it() {
    let mut stage = poisoned(120, 40, UNICODE);
    press(&mut stage, KeyCode::BackTab);
    stage.text("/word");
    assert!(stage.screen().contains("Dead letters 3 of 4"), "{}", stage.screen());
    for _ in 0..4 {
        press(&mut stage, KeyCode::Backspace);
    }
    stage.text("poison");
    press(&mut stage, KeyCode::Enter);
    assert_snapshot!(stage.screen());
    press(&mut stage, KeyCode::Esc);
    assert!(stage.screen().contains("Dead letters 4 "), "{}", stage.screen());
}

#[test]
fn what_is_selected_in_a_filtered_pane_is_what_is_opened() {
    let mut stage = poisoned(120, 40, UNICODE);
    press(&mut stage, KeyCode::BackTab);
    stage.text("/62 61");
    for code in [KeyCode::Enter, KeyCode::Down, KeyCode::Enter] {
        press(&mut stage, code);
    }
    let screen = stage.screen();
    assert!(screen.contains("panicked: no bad words"), "{screen}");
}

#[test]
fn a_dead_letter_is_edited_as_bytes_for_its_own_pipeline_and_sent_again() {
    let mut stage = poisoned(120, 40, UNICODE);
    stage.key(KeyCode::Char('n'), KeyModifiers::CONTROL);
    stage.text("draft");
    // The newest one is of the other pipeline, whose header is shorter.
    press(&mut stage, KeyCode::BackTab);
    stage.text("e");
    assert_snapshot!(stage.screen());
    for _ in 0..6 {
        press(&mut stage, KeyCode::Backspace);
    }
    for _ in 0..6 {
        press(&mut stage, KeyCode::Left);
    }
    press(&mut stage, KeyCode::Backspace);
    stage.text("1");
    press(&mut stage, KeyCode::Enter);
    let screen = stage.screen();
    assert!(screen.contains("Sink output 3") && screen.contains("digits 49"), "{screen}");
    // What had been typed before is in the history, behind what was sent.
    for code in [KeyCode::Up, KeyCode::Up] {
        press(&mut stage, code);
    }
    assert!(stage.screen().contains("> draft"), "{}", stage.screen());
}

#[test]
fn a_dead_letter_is_sent_again_as_it_is_however_long() {
    let mut stage = poisoned(120, 40, UNICODE);
    let long = ["0x 88 13", &" 35".repeat(5000)].concat();
    let paste = |text: &str| Event::Paste(text.to_owned());
    stage.workbench.handle(&paste(&long));
    press(&mut stage, KeyCode::Enter);
    press(&mut stage, KeyCode::BackTab);
    press(&mut stage, KeyCode::Enter);
    stage.text("e");
    let screen = stage.screen();
    assert!(screen.contains("5 002 bytes are too long for a line"), "{screen}");
    stage.text("R");
    let screen = stage.screen();
    assert!(screen.contains("dead letter #2 is sent again"), "{screen}");
    assert!(screen.contains("Dead letters 6"), "{screen}");
    assert_eq!(
        screen.matches("decode a digit is one byte, and these are 5000").count(),
        2,
        "{screen}"
    );
}

#[test]
fn a_letter_of_broken_bytes_is_edited_to_what_was_read_of_it() {
    let mut stage = open(120, 40, UNICODE);
    stage.vote("0x 00 00 00 05 61");
    press(&mut stage, KeyCode::BackTab);
    stage.text("e");
    assert!(stage.screen().contains("> 0x 00 00 00 05 61"), "{}", stage.screen());
    stage.text(" 00 00 00 07");
    press(&mut stage, KeyCode::Enter);
    assert!(stage.screen().contains("a => 7"), "{}", stage.screen());
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

#[test]
fn it_draws_what_fits_the_frame_whatever_size_the_last_event_told() {
    let sizes =
        [(0, 0), (1, 1), (30, 10), (59, 18), (60, 18), (80, 24), (100, 34), (120, 40), (200, 60)];
    let open: [&[KeyCode]; 4] = [
        &[],
        &[KeyCode::Esc, KeyCode::Enter],
        &[KeyCode::Esc, KeyCode::Tab, KeyCode::Char('z')],
        &[KeyCode::Char(':')],
    ];
    let mut stage = voted(80, 24, UNICODE);
    for keys in open {
        for code in keys {
            press(&mut stage, *code);
        }
        for told in sizes {
            for (width, height) in sizes {
                let told = Rect::new(0, 0, told.0, told.1);
                let frame = Rect::new(0, 0, width, height);
                stage.workbench.resize(frame);
                let (mut expected, mut found) = (Buffer::empty(frame), Buffer::empty(frame));
                let cursor = stage.workbench.draw(frame, &mut expected);
                stage.workbench.resize(told);
                assert_eq!(stage.workbench.draw(frame, &mut found), cursor);
                assert_eq!(found, expected, "told {told}, drawn into {frame}");
            }
        }
        stage.workbench.resize(Rect::new(0, 0, 80, 24));
    }
}
