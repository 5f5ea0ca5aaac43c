//! Votes that come from elsewhere.

use std::fs;
use std::io::Write;
use std::net::TcpStream;

use super::{CTRL_C, Terminal, alphabet_with, wait_for_votes};

/// A framed vote.
pub fn vote(letter: u8, votes: u32) -> Vec<u8> {
    [&5_u32.to_be_bytes()[..], &[letter], &votes.to_be_bytes()].concat()
}

/// The address that the screen shows.
pub fn address(terminal: &Terminal) -> String {
    terminal.wait_for("listening at 127.0.0.1:");
    let screen = terminal.screen();
    let (_, rest) = screen.split_once("listening at ").unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn what_quitting_cuts_short_is_in_the_log_and_in_the_dead_letters_file_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (letters, log) = (path("letters"), path("log"));
    let files = ["--dead-letters", &letters, "--log", &log];
    let arguments = [&["--in", "tcp://127.0.0.1:0"], &files[..]].concat();
    let mut terminal = alphabet_with(&arguments, &[]);
    let mut client = TcpStream::connect(address(&terminal)).unwrap();
    let half = &vote(b'z', 1)[..7];
    client.write_all(&[&vote(b'a', 10), half].concat()).unwrap();
    wait_for_votes(&terminal, "a", 10, 1);
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
    let (letters, log) = (fs::read_to_string(letters).unwrap(), fs::read_to_string(log).unwrap());
    assert_eq!(letters.matches("stopped inside a frame").count(), 1, "{letters}");
    let last = log.lines().last().unwrap();
    assert!(
        last.ends_with("alphabet has ended: 2 messages in, 1 out, 0 filtered, 1 dead letter"),
        "{log}"
    );
}

#[test]
fn a_client_finds_the_port_on_the_screen_and_its_votes_are_seen() {
    let terminal = alphabet_with(&["--in", "tcp://127.0.0.1:0"], &[]);
    let (address, screen) = (&address(&terminal), terminal.screen());
    assert!(screen.contains(&format!("\n {address}")), "the flow begins with it:\n{screen}");

    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(&vote(b'a', 10)).unwrap();
    wait_for_votes(&terminal, "a", 10, 1);
    client.write_all(&[vote(b'a', 5), vote(b'z', 1)].concat()).unwrap();
    wait_for_votes(&terminal, "a", 15, 2);
    wait_for_votes(&terminal, "z", 1, 1);

    drop(client);
    terminal.wait_for(" left ");
    // The events have changed; the address is still where it was.
    let begins = format!("\n {address}");
    terminal.wait_until("the address", |screen| screen.contains(&begins));
}

#[test]
fn a_file_is_counted_to_its_end_and_the_workbench_stays() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), vote(b'a', 2).repeat(50_000)).unwrap();
    let mut terminal = alphabet_with(&["--in", file.path().to_str().unwrap()], &[]);
    // Of numbers with six digits, the table shows all: they are the state's own.
    wait_for_votes(&terminal, "a", 100_000, 50_000);
    // The flow says that there is no more of it, and so does the log.
    terminal.wait_for("file ended");
    super::leave_input(&mut terminal);
    terminal.send("8");
    terminal.wait_for("file ended: all of ");
    terminal.send("i");
    super::enter(&mut terminal, "a 1");
    wait_for_votes(&terminal, "a", 100_001, 50_001);
}

#[test]
fn what_is_typed_is_held_to_the_limit_that_was_set() {
    let mut terminal = alphabet_with(&["--frame-limit", "4"], &[]);
    terminal.send("0x 00 00 00 05 61");
    terminal.wait_for("the header says 5 bytes of payload, and the limit is 4");
}
