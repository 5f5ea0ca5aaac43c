//! Ctrl-Z and what brings the screen back; the title of the window.

use super::{CTRL_C, PROGRAM, Terminal, alphabet, drawn_again, enter, wait_for_votes};

const CTRL_Z: &str = "\x1a";

#[test]
fn ctrl_l_draws_over_what_others_have_written() {
    let mut terminal = alphabet();
    assert!(drawn_again(&mut terminal, "quit").contains("Partitions"));
}

#[test]
fn the_window_has_a_title_and_gets_its_own_back() {
    let mut terminal = alphabet();
    let text = String::from_utf8_lossy(&terminal.raw()).into_owned();
    let keep = text.find("\x1b[22;2t").expect("the former title is kept");
    let set = text.find("\x1b]0;alphabet - wallaroo-tui\x07").expect("the application's name");
    assert!(keep < set);
    terminal.send(CTRL_C);
    terminal.wait_exit();
    assert!(String::from_utf8_lossy(&terminal.raw()).contains("\x1b[23;2t"));
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_brings_everything_back() {
    // A shell with job control, as a person has it.
    let script =
        format!("set -m; '{PROGRAM}' --app alphabet; echo stopped; read line; fg; echo ended");
    let mut terminal = Terminal::start("/bin/bash", &["-c", &script], 40, 120);
    terminal.wait_for("Ctrl-C quit");
    enter(&mut terminal, "a 7");
    wait_for_votes(&terminal, "a", 7, 1);
    terminal.send("half a li");
    terminal.wait_for("> half a li");
    terminal.send(CTRL_Z);
    terminal.wait_for("stopped");
    terminal.assert_restored();
    assert!(!terminal.screen().contains("Partitions"), "{}", terminal.screen());
    terminal.send("\n");
    terminal.wait_for("> half a li");
    wait_for_votes(&terminal, "a", 7, 1);
    assert!(terminal.is_alternate_screen() && terminal.bracketed_paste());
    // Keys are heard again, and the mouse too.
    terminal.send("ne");
    terminal.wait_for("> half a line");
    assert!(terminal.mouse_captured());
    // Once more, and then an end that leaves the shell as it was.
    terminal.send(CTRL_C);
    terminal.wait_for("ended");
    terminal.wait_exit();
    terminal.assert_restored();
}

#[test]
fn a_program_that_nobody_could_bring_back_does_not_stop() {
    let mut terminal = alphabet();
    terminal.send(CTRL_Z);
    terminal.wait_for("no shell that could bring it back");
}

#[test]
fn a_program_that_was_stopped_from_outside_draws_itself_again() {
    let mut terminal = alphabet();
    enter(&mut terminal, "a 7");
    wait_for_votes(&terminal, "a", 7, 1);
    terminal.kill("STOP");
    let since = terminal.bytes_written();
    terminal.kill("CONT");
    terminal.wait_until("the whole screen", |_| {
        String::from_utf8_lossy(&terminal.raw_since(since)).contains("Partitions")
    });
    enter(&mut terminal, "a 1");
    wait_for_votes(&terminal, "a", 8, 2);
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
    terminal.assert_restored();
}
