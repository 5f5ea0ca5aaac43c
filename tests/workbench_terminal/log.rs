//! The log: in its pane and in a file, and never over the screen.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::waiting::wait_until;
use crate::{CTRL_C, alphabet_with, leave_input};

#[test]
fn what_a_client_does_wrong_is_in_the_pane_and_in_the_file_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let arguments = ["--in", "tcp://127.0.0.1:0", "--log", path.to_str().unwrap()];
    let mut terminal = alphabet_with(&arguments, &[]);
    terminal.wait_for("listening at 127.0.0.1:");
    let screen = terminal.screen();
    let address = screen.split_once("listening at ").unwrap().1.split_whitespace().next().unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    let name = client.local_addr().unwrap().to_string();
    client.write_all(&[0xff; 4]).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap(), 0);

    terminal.wait_for("8 Log 2 ");
    leave_input(&mut terminal);
    // The log, and all of the screen for it.
    terminal.send("8z");
    terminal.wait_for(&format!("{name} disconnected: "));
    terminal.wait_for("alphabet starts with 2 workers; votes from tcp://127.0.0.1:0 to null");
    let log = || std::fs::read_to_string(&path).unwrap();
    wait_until("the line in the file", || log().contains(&format!("{name} disconnected: ")));

    // Nothing stands on the screen but what was drawn there: the first column is blank, or has a rule or
    // the mark of the selected row.
    let screen = terminal.screen();
    for line in screen.lines().filter(|line| !line.is_empty()) {
        assert!(line.starts_with([' ', '─', '▌']), "{line:?} in:\n{screen}");
    }

    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
    terminal.assert_restored();
    let screen = terminal.screen();
    assert_eq!(screen.trim().lines().count(), 3, "nothing is left but the summary:\n{screen}");
    let log = log();
    let last = log.lines().last().unwrap();
    assert!(last.contains(" INFO  alphabet has ended: 1 message in, 0 out"), "{log}");
}

#[test]
fn what_a_key_has_said_is_in_the_log() {
    let mut terminal = alphabet_with(&[], &[]);
    leave_input(&mut terminal);
    terminal.send("Xmm8");
    let lines = [
        "there is no load",
        "the mouse is the terminal's: mark text with it",
        "the mouse is the workbench's: click panes, rows and columns",
    ];
    for said in lines {
        // A line of the log begins with its time.
        terminal.wait_until(said, |screen| {
            let lines = screen.lines().map(|line| line.trim_start_matches(['▌', ' ']));
            lines.filter(|line| line.starts_with("0:")).any(|line| line.trim_end().ends_with(said))
        });
    }
}

#[test]
fn what_is_done_to_the_engine_is_in_the_log() {
    let mut terminal = alphabet_with(&[], &[]);
    terminal.send("a 10\r");
    terminal.wait_for("a => 10");
    leave_input(&mut terminal);
    // Pause, step, resume, freeze and thaw, one worker more, and the message again.
    terminal.send("8 s ff+5R8");
    let lines = [
        "paused",
        "step: one message may enter",
        "resumed",
        "screen frozen",
        "3 workers wanted instead of 2: checkpoint first",
        "workers: 3 instead of 2; ",
        "message #1 is sent again",
        "screen not frozen any more",
    ];
    for said in lines {
        terminal.wait_until(said, |screen| {
            let lines = screen.lines().map(|line| line.trim_start_matches(['▌', ' ']));
            lines.filter(|line| line.starts_with("0:")).any(|line| line.contains(said))
        });
    }
}

#[test]
fn a_log_file_that_cannot_be_written_is_said_in_the_pane_and_at_the_end() {
    let mut terminal = alphabet_with(&["--log", "/dev/full"], &[]);
    terminal.wait_for("8 Log 1 ");
    leave_input(&mut terminal);
    terminal.send("8");
    terminal.wait_for("cannot write the log to");
    terminal.send(CTRL_C);
    assert_eq!(terminal.wait_exit().exit_code(), 1);
    terminal.assert_restored();
    assert!(terminal.screen().contains("cannot write all of the log to /dev/full"));
}
