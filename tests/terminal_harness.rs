//! The terminal harness does what the other whole-program tests rely on.

#![cfg(unix)]

mod support;

use support::terminal::{LineMode, Terminal};
use support::waiting::wait_until;

/// Starts a shell script in a terminal of 10 rows and 40 columns.
fn script(text: &str) -> Terminal {
    Terminal::start("/bin/sh", &["-c", text], 10, 40)
}

#[test]
fn keys_reach_the_program_and_its_output_the_screen() {
    let mut terminal = Terminal::start("/bin/cat", &[], 10, 40);
    terminal.send("hello\r");
    // Once from the terminal's echo and once from cat.
    terminal.wait_until("hello, twice", |screen| screen.matches("hello").count() == 2);
    terminal.send("\x04");
    assert!(terminal.wait_exit().success());
    assert_eq!(terminal.screen().trim_end(), "hello\nhello");
}

#[test]
fn the_screen_is_what_is_shown_now_and_raw_is_all_that_was_written() {
    let mut terminal = script(r"printf 'first'; read x; printf '\033[2J\033[Hsecond'; read x");
    terminal.wait_for("first");
    let before = terminal.bytes_written();
    assert_eq!(before, 5);
    terminal.send("\r");
    terminal.wait_for("second");
    assert!(!terminal.screen().contains("first"));
    assert!(terminal.raw().starts_with(b"first"));
    assert!(terminal.raw_since(before).ends_with(b"second"));
    terminal.send("\r");
    assert!(terminal.wait_exit().success());
}

#[test]
fn an_update_is_shown_only_when_it_is_whole() {
    let mut terminal = script(
        r"stty -echo; printf 'old\033[?20'; read x; printf '26h\033[H\033[2Jhalf'; read x; printf ' whole\033[?2026l'; read x",
    );
    terminal.wait_for("old");
    terminal.send("\r");
    let written = |terminal: &Terminal| String::from_utf8_lossy(&terminal.raw()).into_owned();
    wait_until("the first half of the update", || written(&terminal).ends_with("half"));
    assert_eq!(terminal.screen().trim_end(), "old");
    terminal.send("\r");
    terminal.wait_for("half whole");
    terminal.send("\r");
    assert!(terminal.wait_exit().success());
}

#[test]
fn a_status_and_a_signal_are_told_apart() {
    let mut terminal = script("exit 3");
    let status = terminal.wait_exit();
    assert_eq!((status.exit_code(), status.signal()), (3, None));

    let mut terminal = script("echo ready; read x");
    terminal.wait_for("ready");
    terminal.kill("TERM");
    let status = terminal.wait_exit();
    assert!(status.signal().is_some_and(|name| name.starts_with("Terminated")), "{status}");
}

#[test]
fn the_program_is_told_of_a_new_size() {
    let mut terminal =
        script("trap 'stty size' WINCH; stty size; while :; do read x && exit; done");
    terminal.wait_for("10 40");
    terminal.resize(30, 100);
    terminal.wait_for("30 100");
    terminal.send("\r");
    assert!(terminal.wait_exit().success());
}

#[test]
fn the_environment_is_clean() {
    let mut terminal = Terminal::start_with("/usr/bin/env", &[], &[("NO_COLOR", "1")], 50, 500);
    assert!(terminal.wait_exit().success());
    let screen = terminal.screen();
    let mut names: Vec<_> = screen.lines().filter_map(|line| line.split('=').next()).collect();
    names.sort_unstable();
    names.retain(|name| !name.is_empty());
    assert!(screen.contains("SHELL=/bin/sh"), "{screen}");
    assert_eq!(
        names,
        [
            "HOME",
            "LANG",
            "NO_COLOR",
            "PATH",
            "SHELL",
            "TERM",
            "TMPDIR",
            "XDG_CONFIG_HOME",
            "XDG_STATE_HOME"
        ],
        "{screen}"
    );
}

#[test]
fn a_program_that_takes_the_terminal_and_gives_it_back_is_seen_to_do_so() {
    let mut terminal = script(
        r"old=$(stty -g); stty raw -echo
        printf '\033[?1049h\033[?25l\033[?2004h\033[?1000hmine'
        dd bs=1 count=1 2>/dev/null
        printf '\033[?1000l\033[?2004l\033[?25h\033[?1049l'; stty $old; echo bye",
    );
    terminal.wait_for("mine");
    assert!(terminal.is_alternate_screen() && terminal.cursor_hidden());
    assert!(terminal.bracketed_paste() && terminal.mouse_captured());
    assert_eq!(terminal.line_mode(), LineMode { canonical: false, echo: false, signals: false });
    terminal.send("q");
    assert!(terminal.wait_exit().success());
    terminal.assert_restored();
    assert_eq!(terminal.screen().trim_end(), "bye");
}

#[test]
#[should_panic(expected = "still on the alternate screen")]
fn a_program_that_keeps_the_terminal_is_caught() {
    let mut terminal = script(r"printf '\033[?1049h'");
    terminal.wait_exit();
    terminal.assert_restored();
}

#[test]
fn a_terminal_that_is_dropped_ends_its_program() {
    let terminal = script("echo ready; read x");
    terminal.wait_for("ready");
    let process = format!("/proc/{}", terminal.pid());
    drop(terminal);
    assert!(!std::path::Path::new(&process).exists());
}
