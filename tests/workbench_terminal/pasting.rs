//! One line as long as anybody pastes.

use super::{CTRL_C, alphabet, enter, paste, wait_for_votes};

/// How many bytes the line has.
const LENGTH: usize = 1_000_000;

/// A line of so many bytes, whose end can be seen.
fn line() -> String {
    format!("{}the end", "x".repeat(LENGTH))
}

#[test]
fn a_long_pasted_line_is_shown_and_can_be_left() {
    let mut terminal = alphabet();
    paste(&mut terminal, &line());
    terminal.wait_for("xthe end");
    // It is a line like any other: Ctrl-U cuts it out.
    terminal.send("\x15");
    enter(&mut terminal, "a 10");
    wait_for_votes(&terminal, "a", 10, 1);
    paste(&mut terminal, &line());
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
    terminal.assert_restored();
}

#[test]
fn a_signal_ends_the_workbench_however_long_the_line_is() {
    let mut terminal = alphabet();
    paste(&mut terminal, &line());
    terminal.kill("TERM");
    assert_eq!(terminal.wait_exit().signal(), None);
    terminal.assert_restored();
}
