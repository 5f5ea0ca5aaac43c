//! What cannot be started, and how that is said.

use std::process::{Command, Stdio};

use super::{PROGRAM, Terminal};

#[test]
fn without_a_terminal_one_line_names_the_command_to_use() {
    let output =
        Command::new(PROGRAM).args(["--app", "alphabet"]).stdin(Stdio::null()).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.contains("wallaroo-tui run"), "{error}");
    assert!(output.stdout.is_empty());
}

#[test]
fn an_endpoint_that_cannot_be_opened_is_named_and_the_terminal_is_left_alone() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("tcp://{}", taken.local_addr().unwrap());
    for endpoint in ["/no/such/file", &taken] {
        let arguments = ["--app", "alphabet", "--in", endpoint];
        let mut terminal = Terminal::start(PROGRAM, &arguments, 40, 120);
        let status = terminal.wait_exit();
        let screen = terminal.screen();
        assert_eq!(status.exit_code(), 1, "{screen}");
        assert_eq!(screen.trim_end().lines().count(), 1, "{screen}");
        assert!(screen.contains(endpoint.trim_start_matches("tcp://")), "{screen}");
        assert!(!terminal.raw().contains(&0x1b), "{screen}");
        terminal.assert_restored();
    }
}

#[test]
fn where_no_application_is_named_the_user_chooses() {
    let mut terminal = Terminal::start(PROGRAM, &[], 30, 100);
    terminal.wait_for("which application?");
    terminal.wait_for("counts the votes for every letter");
    // The second one is reverse: the details say so before it is opened.
    terminal.send("j");
    terminal.wait_for("pipeline texts");
    terminal.send("\r");
    terminal.wait_for("for example:");
    terminal.send("abc\r");
    terminal.wait_for("cba");
    terminal.send("\x03");
    assert!(terminal.wait_exit().success());
    terminal.assert_restored();
}

#[test]
fn a_user_who_chooses_nothing_gets_the_terminal_back() {
    let mut terminal = Terminal::start(PROGRAM, &[], 30, 100);
    terminal.wait_for("which application?");
    terminal.send("q");
    assert!(terminal.wait_exit().success());
    terminal.assert_restored();
}
