//! The windows with all of one thing: everything that is kept can be scrolled to.

use crossterm::event::{Event, KeyCode};
use insta::assert_snapshot;
use wallaroo::workbench::Theme;

use super::support::nested::nested;
use super::support::stage::Stage;
use super::{UNICODE, open, press, voted};

/// The focus in a pane by its number.
fn go_to(stage: &mut Stage, pane: &str) {
    press(stage, KeyCode::Esc);
    stage.text(pane);
}

/// The screens of a window at both sizes.
fn at_both_sizes(show: impl Fn(&mut Stage), begin: impl Fn(u16, u16) -> Stage) -> String {
    let screens = [(120, 40), (80, 24)].map(|(width, height)| {
        let mut stage = begin(width, height);
        show(&mut stage);
        stage.screen()
    });
    screens.join("\n\n")
}

/// A frame of this many bytes that the decoder refuses.
fn send_long(stage: &mut Stage, length: usize) {
    let header = u32::try_from(length).unwrap().to_be_bytes();
    let payload = (0..length).map(|at| b' ' + u8::try_from(at % 95).unwrap());
    let bytes = header.into_iter().chain(payload);
    let digits: Vec<String> = bytes.map(|byte| format!(" {byte:02x}")).collect();
    let line = digits.concat();
    stage.workbench.handle(&Event::Paste(format!("0x{line}")));
    press(stage, KeyCode::Enter);
}

#[test]
fn the_help_is_scrolled_to_its_last_line_and_back_at_every_size() {
    for (width, height) in [(60, 18), (80, 24), (120, 40)] {
        let mut stage = voted(width, height, UNICODE);
        go_to(&mut stage, "2");
        stage.text("?");
        let first = stage.screen();
        press(&mut stage, KeyCode::End);
        let last = stage.screen();
        assert!(last.contains("send its frame again as it is"), "{last}");
        press(&mut stage, KeyCode::Down);
        assert_eq!(stage.screen(), last);
        // Each key moves it, also the first one after those that could not.
        press(&mut stage, KeyCode::Up);
        assert_ne!(stage.screen(), last);
        press(&mut stage, KeyCode::Home);
        assert_eq!(stage.screen(), first);
    }
}

#[test]
fn a_message() {
    let screens = at_both_sizes(
        |stage| {
            go_to(stage, "5");
            press(stage, KeyCode::Down);
            press(stage, KeyCode::Enter);
        },
        |width, height| voted(width, height, UNICODE),
    );
    assert_snapshot!(screens);
}

#[test]
fn a_partition() {
    let screens = at_both_sizes(
        |stage| {
            go_to(stage, "2");
            for code in [KeyCode::Down, KeyCode::Down, KeyCode::Enter] {
                press(stage, code);
            }
        },
        |width, height| voted(width, height, UNICODE),
    );
    assert_snapshot!(screens);
}

#[test]
fn a_message_that_became_several() {
    let screens = at_both_sizes(
        |stage| {
            stage.vote_of_many("the cat and the hat", 5);
            go_to(stage, "5");
            press(stage, KeyCode::Enter);
        },
        |width, height| Stage::open(nested(), Theme::new(true, true), width, height),
    );
    assert_snapshot!(screens);
}

#[test]
fn a_branch_opens_its_partition_and_that_shows_its_nested_state() {
    let screens = at_both_sizes(
        |stage| {
            stage.vote_of_many("the cat and the hat", 5);
            go_to(stage, "5");
            for _ in 0..2 {
                press(stage, KeyCode::Enter);
                for _ in 0..6 {
                    press(stage, KeyCode::Down);
                }
            }
        },
        |width, height| Stage::open(nested(), Theme::new(true, true), width, height),
    );
    assert_snapshot!(screens);
}

#[test]
fn what_is_wider_than_the_window_is_scrolled_to() {
    let mut stage = Stage::open(nested(), Theme::new(true, true), 80, 24);
    stage.vote_of_many("the cat and the hat", 5);
    go_to(&mut stage, "5");
    press(&mut stage, KeyCode::Enter);
    assert!(!stage.screen().contains("null"), "{}", stage.screen());
    for _ in 0..20 {
        press(&mut stage, KeyCode::Right);
    }
    assert!(stage.screen().contains("null"), "{}", stage.screen());
    assert_snapshot!(stage.screen());
}

#[test]
fn an_output() {
    let screens = at_both_sizes(
        |stage| {
            go_to(stage, "6");
            press(stage, KeyCode::Enter);
        },
        |width, height| voted(width, height, UNICODE),
    );
    assert_snapshot!(screens);
}

#[test]
fn a_long_frame_is_scrolled_to_its_last_byte() {
    let screens = at_both_sizes(
        |stage| {
            go_to(stage, "7");
            press(stage, KeyCode::Enter);
            press(stage, KeyCode::End);
            for _ in 0..20 {
                press(stage, KeyCode::Right);
            }
        },
        |width, height| {
            let mut stage = open(width, height, UNICODE);
            send_long(&mut stage, 10_000);
            stage
        },
    );
    assert!(screens.contains("byte 10 003 of 10 004"), "{screens}");
    assert_snapshot!(screens);
}

#[test]
fn a_message_keeps_all_bytes_of_a_long_frame_and_says_so_if_it_does_not() {
    for (length, said) in
        [(10_000, "10 004 bytes"), (20_000, "the first 16 384 of the 20 004 bytes are kept")]
    {
        let mut stage = open(80, 24, UNICODE);
        send_long(&mut stage, length);
        go_to(&mut stage, "5");
        press(&mut stage, KeyCode::Enter);
        assert!(stage.screen().contains(said), "{}", stage.screen());
        press(&mut stage, KeyCode::End);
        let all = (length + 4).min(16 * 1024);
        let last = format!("{:04x}  ", (all - 1) / 16 * 16);
        assert!(stage.screen().contains(&last), "{last}\n{}", stage.screen());
    }
}

#[test]
fn without_unicode_and_colours_a_window_is_ascii() {
    let mut stage = voted(80, 24, (false, false));
    go_to(&mut stage, "5");
    press(&mut stage, KeyCode::Enter);
    assert!(stage.screen().is_ascii(), "{}", stage.screen());
    assert_snapshot!(stage.screen());
}

#[test]
fn a_partition_whose_message_was_pushed_out_still_knows_it() {
    let mut stage = open(120, 40, UNICODE);
    stage.vote("Z 7");
    // More than the list of newest messages keeps.
    stage.generate(600, 1, 0.5);
    go_to(&mut stage, "2");
    stage.text("/Z");
    press(&mut stage, KeyCode::Enter);
    press(&mut stage, KeyCode::Enter);
    let screen = stage.screen();
    assert!(screen.contains("Partition Z"), "{screen}");
    assert!(screen.contains("new: votes 7"), "{screen}");
    assert!(screen.contains("by #1 of input"), "{screen}");
}

#[test]
fn from_a_message_to_its_partition_and_back() {
    let mut stage = voted(120, 40, UNICODE);
    go_to(&mut stage, "5");
    for _ in 0..5 {
        press(&mut stage, KeyCode::Down);
    }
    press(&mut stage, KeyCode::Enter);
    assert!(stage.screen().contains("Message #2 of votes"), "{}", stage.screen());
    for code in [KeyCode::Down, KeyCode::Down, KeyCode::Enter] {
        press(&mut stage, code);
    }
    let screen = stage.screen();
    assert!(screen.contains("Partition a") && screen.contains("Esc goes back"), "{screen}");
    press(&mut stage, KeyCode::Esc);
    assert!(stage.screen().contains("Message #2 of votes"), "{}", stage.screen());
    // The neighbours of the list in which it was opened.
    stage.text("J");
    assert!(stage.screen().contains("Message #1 of votes"), "{}", stage.screen());
    stage.text("KK");
    assert!(stage.screen().contains("Message #3 of votes"), "{}", stage.screen());
    press(&mut stage, KeyCode::Esc);
    assert!(!stage.screen().contains("Message #"), "{}", stage.screen());
}

#[test]
fn a_message_is_edited_and_sent_again() {
    let mut stage = voted(120, 40, UNICODE);
    go_to(&mut stage, "5");
    for code in [KeyCode::Down, KeyCode::Enter] {
        press(&mut stage, code);
    }
    stage.text("e");
    let screen = stage.screen();
    assert!(screen.contains("> 0x 00 00 00 05 21 00 00 00 00"), "{screen}");
}

#[test]
fn the_fields_of_a_frame_are_told_byte_by_byte() {
    let mut stage = voted(80, 24, UNICODE);
    go_to(&mut stage, "5");
    for code in [KeyCode::Down, KeyCode::Enter, KeyCode::End] {
        press(&mut stage, code);
    }
    assert!(stage.screen().contains("byte 0 of 9: length (bytes 0 to 3)"), "{}", stage.screen());
    for _ in 0..4 {
        press(&mut stage, KeyCode::Right);
    }
    assert!(stage.screen().contains("byte 4 of 9: letter (byte 4)"), "{}", stage.screen());
    press(&mut stage, KeyCode::Right);
    assert!(stage.screen().contains("byte 5 of 9: votes (bytes 5 to 8)"), "{}", stage.screen());
}

#[test]
fn a_window_is_on_the_screen_whatever_its_size() {
    for (width, height) in [(60, 18), (61, 19), (200, 60), (100, 18)] {
        for pane in ["2", "5", "6", "7", "8"] {
            let mut stage = Stage::open(
                super::alphabet::topology(super::alphabet::Encoding::Text).unwrap(),
                Theme::new(true, true),
                width,
                height,
            );
            stage.vote("a 10");
            stage.vote("0x 00 00 00 01 61");
            go_to(&mut stage, pane);
            press(&mut stage, KeyCode::Enter);
            for code in [KeyCode::End, KeyCode::Right, KeyCode::PageUp, KeyCode::Left] {
                press(&mut stage, code);
            }
            assert!(stage.screen().contains("Esc closes"), "{pane}\n{}", stage.screen());
        }
    }
}
