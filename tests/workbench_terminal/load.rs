//! Load: begun, changed and ended with keys, and a demonstration that moves by itself.

use super::{CTRL_C, ESCAPE, PROGRAM, alphabet, leave_input};
use crate::support::terminal::Terminal;

const RIGHT: &str = "\x1b[C";

/// A demonstration on a screen of 120 by 40.
pub fn demo(more: &[&str]) -> Terminal {
    let terminal = Terminal::start(PROGRAM, &[&["--demo"], more].concat(), 40, 120);
    terminal.wait_for("load 3.00k/s");
    terminal
}

#[test]
fn a_demonstration_moves_by_itself_with_dead_letters_and_says_at_the_end_what_was_load() {
    let mut terminal = demo(&[]);
    terminal.wait_for("alphabet");
    terminal.wait_for(" dead");
    // The hottest letter.
    terminal.wait_until("votes for a", |screen| super::row(screen, "a").is_some());
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
    let screen = terminal.screen();
    assert!(screen.contains(" of them load, "), "{screen}");
}

#[test]
fn a_demonstration_of_any_application_has_messages() {
    for app in ["word_count", "market_spread", "celsius", "reverse", "stations"] {
        let mut terminal = demo(&["--app", app]);
        terminal.wait_for(app);
        terminal.send(CTRL_C);
        assert!(terminal.wait_exit().success());
    }
}

#[test]
fn load_is_begun_changed_and_ended_with_keys() {
    let mut terminal = alphabet();
    leave_input(&mut terminal);
    terminal.send("<");
    terminal.wait_for("there is no load");
    terminal.send("L");
    terminal.wait_for("Enter: begin");
    // Chosen before it begins, and changed while it runs.
    terminal.send(RIGHT);
    terminal.wait_for("5 000 msg/s");
    terminal.send("\r");
    terminal.wait_for("load 5.00k/s");
    terminal.wait_for("Enter: end");
    terminal.send(RIGHT);
    terminal.wait_for("load 10.0k/s");
    terminal.send(ESCAPE);
    terminal.wait_until("no window", |screen| !screen.contains("Enter: end"));
    terminal.send(">");
    terminal.wait_for("load 20.0k/s");
    terminal.send("<<");
    terminal.wait_for("load 5.00k/s");
    terminal.send("X");
    terminal.wait_until("no load", |screen| !screen.contains("load 5.00k/s"));
    // The log has all of it.
    terminal.send("8z");
    terminal.wait_for("load begins: 5 000 msg/s");
    terminal.wait_for("load has ended: ");
}

#[test]
fn a_load_goes_on_after_a_crash_and_more_workers() {
    let mut terminal = demo(&["--workers", "2"]);
    leave_input(&mut terminal);
    terminal.send("CC");
    terminal.wait_for("came back");
    terminal.send(ESCAPE);
    // A key that came with the Escape would be read as one key with Alt.
    terminal.wait_until("the window closed", |screen| !screen.contains("came back"));
    terminal.wait_for("load 3.00k/s");
    terminal.send("+");
    terminal.wait_for("worker 2 ");
    terminal.wait_for("load 3.00k/s");
}

#[test]
fn the_load_of_an_application_ends_while_another_one_is_looked_at() {
    let mut terminal = demo(&[]);
    leave_input(&mut terminal);
    terminal.send("A");
    terminal.wait_for("application reverse");
    terminal.send("reverse\r");
    terminal.wait_for("alphabet waits as it is, and its load has ended");
    terminal.send("\x1b:application alphabet\r");
    terminal.wait_until("the first without load", |screen| {
        screen.contains(" alphabet ") && !screen.contains("load 3.00k/s")
    });
}
