//! Votes that come from elsewhere.

use std::io::Write;
use std::net::TcpStream;

use super::{alphabet_with, wait_for_votes};

/// A framed vote.
pub fn vote(letter: u8, votes: u32) -> Vec<u8> {
    [&5_u32.to_be_bytes()[..], &[letter], &votes.to_be_bytes()].concat()
}

#[test]
fn a_client_finds_the_port_on_the_screen_and_its_votes_are_seen() {
    let terminal = alphabet_with(&["--in", "tcp://127.0.0.1:0"], &[]);
    terminal.wait_for("listening at 127.0.0.1:");
    let screen = terminal.screen();
    let address = screen.split_once("listening at ").unwrap().1.split_whitespace().next().unwrap();
    assert!(screen.contains(&format!("{address} 0 → ")), "the flow begins with it:\n{screen}");

    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(&vote(b'a', 10)).unwrap();
    wait_for_votes(&terminal, "a", 10, 1);
    client.write_all(&[vote(b'a', 5), vote(b'z', 1)].concat()).unwrap();
    wait_for_votes(&terminal, "a", 15, 2);
    wait_for_votes(&terminal, "z", 1, 1);

    drop(client);
    terminal.wait_for(" left ");
    // The events have changed; the address is still where it was.
    terminal.wait_for(&format!("{address} 3 → "));
}

#[test]
fn a_file_is_counted_to_its_end_and_the_workbench_stays() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), vote(b'a', 2).repeat(50_000)).unwrap();
    let mut terminal = alphabet_with(&["--in", file.path().to_str().unwrap()], &[]);
    // Of numbers with six digits, the table shows all: they are the state's own.
    wait_for_votes(&terminal, "a", 100_000, 50_000);
    super::enter(&mut terminal, "a 1");
    wait_for_votes(&terminal, "a", 100_001, 50_001);
}

#[test]
fn what_is_typed_is_held_to_the_limit_that_was_set() {
    let mut terminal = alphabet_with(&["--frame-limit", "4"], &[]);
    terminal.send("0x 00 00 00 05 61");
    terminal.wait_for("the header says 5 bytes of payload, and the limit is 4");
}
