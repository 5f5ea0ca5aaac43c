//! One line as long as anybody pastes, and a hundred lines.

use std::time::{Duration, Instant};

use super::{CTRL_C, ESCAPE, alphabet, enter, leave_input, paste, wait_for_votes};

/// How many bytes the line has.
const LENGTH: usize = 1_000_000;

/// A line of so many bytes, whose end can be seen.
fn line() -> String {
    format!("{}the end", "x".repeat(LENGTH))
}

#[test]
fn a_long_pasted_line_is_shown_and_can_be_left() {
    let mut terminal = alphabet();
    let began = Instant::now();
    paste(&mut terminal, &line());
    terminal.wait_for("xthe end");
    let took = began.elapsed();
    eprintln!("a line of {LENGTH} bytes, from the paste to the screen: {took:.1?}");
    // Hundreds of times what it takes; character by character it took minutes.
    assert!(took < Duration::from_secs(30), "{took:?}");
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

#[test]
fn what_is_pasted_where_nothing_is_typed_is_not_sent() {
    let mut terminal = alphabet();
    leave_input(&mut terminal);
    paste(&mut terminal, "a 1\nb 2\nq\n");
    terminal.wait_for("nothing is typed here");
    // In a filter, it is the filter.
    terminal.send("/");
    paste(&mut terminal, "zoom\n");
    terminal.wait_for("No key contains zoom");
    terminal.send(ESCAPE);
    terminal.wait_for(" q quit");
    // In the palette, it is what is looked for.
    terminal.send(":");
    terminal.wait_for(" Commands ");
    paste(&mut terminal, "zoom");
    terminal.wait_for(": zoom");
    terminal.send(ESCAPE);
    terminal.wait_until("closed", |screen| !screen.contains(" Commands "));
    assert!(terminal.screen().contains(" 0 in"), "{}", terminal.screen());
}

#[test]
fn a_hundred_pasted_lines_are_a_hundred_messages() {
    let mut terminal = alphabet();
    // Ten letters, ten votes for each.
    let lines = (0..100).map(|at| format!("{} {at}\n", char::from(b'a' + at % 10)));
    paste(&mut terminal, &lines.collect::<Vec<_>>().concat());
    terminal.wait_for("Send 100 lines?");
    assert!(terminal.screen().contains(" 0 in"), "{}", terminal.screen());
    terminal.send("\r");
    terminal.wait_for("100 pasted lines sent");
    terminal.wait_for(" 100 in");
    wait_for_votes(&terminal, "a", 450, 10);
    wait_for_votes(&terminal, "j", 540, 10);
}
