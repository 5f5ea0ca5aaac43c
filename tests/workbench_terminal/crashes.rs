//! Crash and recovery, tried out in the workbench.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::thread;

use super::sources::vote;
use super::{ESCAPE, Terminal, alphabet, alphabet_with, enter, leave_input, quiet, wait_for_votes};

/// What tells the story.
const BACK: &str = "It was back after";

/// Crashes from outside the input pane, and closes the story.
fn crash(terminal: &mut Terminal) {
    terminal.send("CC");
    terminal.wait_for(BACK);
    terminal.send(ESCAPE);
    terminal.wait_until("the end of the story", |screen| !screen.contains(BACK));
}

#[test]
fn totals_are_as_before_a_crash_and_votes_add_to_them() {
    let mut terminal = alphabet();
    enter(&mut terminal, "a 10 x10");
    enter(&mut terminal, "b 40");
    wait_for_votes(&terminal, "a", 100, 10);
    wait_for_votes(&terminal, "b", 40, 1);
    leave_input(&mut terminal);
    // Twice in a row: the second one loses what has just come back.
    terminal.send("CC");
    terminal.wait_for(BACK);
    terminal.wait_for("2 partitions in the memory of 2 workers");
    terminal.send("CC");
    terminal.wait_for("2 partitions in the memory of 2 workers");
    terminal.send(ESCAPE);
    terminal.wait_until("the end of the story", |screen| !screen.contains(BACK));
    wait_for_votes(&terminal, "a", 100, 10);
    wait_for_votes(&terminal, "b", 40, 1);
    terminal.send("i");
    enter(&mut terminal, "a 1");
    wait_for_votes(&terminal, "a", 101, 11);
}

#[test]
fn after_a_crash_it_is_as_quiet_as_before() {
    let mut terminal = alphabet();
    leave_input(&mut terminal);
    terminal.send("CC");
    terminal.wait_for("there was nothing in it");
    quiet::wait_for_quiet(&terminal);
    let (bytes, ticks) = quiet::second(&terminal);
    assert_eq!(bytes, 0);
    assert!(ticks <= 1, "{ticks} ticks");
}

#[test]
fn a_crash_while_clients_send_closes_their_connections_and_loses_nothing_that_was_counted() {
    let mut terminal = alphabet_with(&["--in", "tcp://127.0.0.1:0"], &[]);
    terminal.wait_for("listening at 127.0.0.1:");
    let screen = terminal.screen();
    let address = screen.split_once("listening at ").unwrap().1.split_whitespace().next().unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(&vote(b'a', 10)).unwrap();
    wait_for_votes(&terminal, "a", 10, 1);
    leave_input(&mut terminal);
    // It sends until it is disconnected, one vote for another letter at a time.
    let sender = thread::spawn(move || while client.write_all(&vote(b'b', 1)).is_ok() {});
    let votes = |screen: &str| super::row(screen, "b")?.get(2)?.parse::<u64>().ok();
    terminal.wait_until("votes that flow", |screen| votes(screen).is_some());
    let seen = votes(&terminal.screen());
    crash(&mut terminal);
    sender.join().unwrap();
    wait_for_votes(&terminal, "a", 10, 1);
    terminal.wait_until("what had been counted", |screen| votes(screen) >= seen);

    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(&[vote(b'a', 5), vote(b'z', 1)].concat()).unwrap();
    wait_for_votes(&terminal, "a", 15, 2);
    wait_for_votes(&terminal, "z", 1, 1);
    drop(client);
}

#[test]
fn a_pause_outlives_a_crash() {
    let mut terminal = alphabet();
    enter(&mut terminal, "a 1");
    wait_for_votes(&terminal, "a", 1, 1);
    leave_input(&mut terminal);
    terminal.send(" ");
    terminal.wait_for("PAUSED");
    crash(&mut terminal);
    terminal.wait_for("PAUSED");
    terminal.send("i");
    terminal.wait_for("Ctrl-C quit");
    enter(&mut terminal, "a 2");
    leave_input(&mut terminal);
    terminal.send("s");
    // Whether the first vote was in a checkpoint or is processed again decides which one this is.
    terminal.send(" ");
    wait_for_votes(&terminal, "a", 3, 2);
    terminal.wait_for("RUNNING");
}

#[test]
fn a_frozen_screen_tells_the_story_and_shows_the_rest_when_it_is_live_again() {
    let mut terminal = alphabet();
    enter(&mut terminal, "a 1");
    wait_for_votes(&terminal, "a", 1, 1);
    leave_input(&mut terminal);
    terminal.send("f");
    terminal.wait_for("screen frozen");
    crash(&mut terminal);
    terminal.wait_for("screen frozen");
    terminal.send("f");
    terminal.wait_until("a live screen", |screen| !screen.contains("screen frozen"));
    wait_for_votes(&terminal, "a", 1, 1);
}

#[test]
fn in_the_input_pane_the_letter_of_the_crash_is_a_letter() {
    let mut terminal = alphabet();
    terminal.send("C 7");
    terminal.wait_for("> C 7");
    terminal.send("\r");
    wait_for_votes(&terminal, "C", 7, 1);
    assert!(!terminal.screen().contains("memory"), "{}", terminal.screen());
}

/// What the workbench has made in a directory for temporary files.
fn temporary(directory: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn the_temporary_directory_goes_with_the_workbench_however_it_ends() {
    for signal in [None, Some("TERM"), Some("HUP")] {
        let directory = tempfile::tempdir().unwrap();
        let variable = ("TMPDIR", directory.path().to_str().unwrap());
        let mut terminal = alphabet_with(&[], &[variable]);
        enter(&mut terminal, "a 1");
        wait_for_votes(&terminal, "a", 1, 1);
        leave_input(&mut terminal);
        crash(&mut terminal);
        assert_eq!(temporary(directory.path()).len(), 1);
        match signal {
            None => terminal.send("q"),
            Some(signal) => terminal.kill(signal),
        }
        terminal.wait_exit();
        assert_eq!(temporary(directory.path()), Vec::<PathBuf>::new(), "{signal:?}");
    }
}

#[test]
fn without_room_for_temporary_files_it_works_and_says_that_nothing_is_saved() {
    let mut terminal = alphabet_with(&[], &[("TMPDIR", "/nowhere/at/all")]);
    enter(&mut terminal, "a 1");
    wait_for_votes(&terminal, "a", 1, 1);
    leave_input(&mut terminal);
    terminal.send("CC");
    terminal.wait_for("Nothing is saved");
    terminal.send(ESCAPE);
    terminal.wait_until("no story", |screen| !screen.contains("Nothing is saved"));
    wait_for_votes(&terminal, "a", 1, 1);
    terminal.send("+");
    terminal.wait_for("RUNNING");
}

#[test]
fn what_cannot_come_back_ends_the_workbench_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let saved = directory.path().join("saved");
    let mut terminal = alphabet_with(&["--resilience-dir", saved.to_str().unwrap()], &[]);
    enter(&mut terminal, "a 1");
    wait_for_votes(&terminal, "a", 1, 1);
    for path in temporary(&saved).into_iter().filter(|path| path.is_file()) {
        std::fs::write(path, "no database at all, and long enough to be seen as none").unwrap();
    }
    leave_input(&mut terminal);
    terminal.send("CC");
    assert!(!terminal.wait_exit().success());
    terminal.assert_restored();
    assert!(terminal.screen().contains("saved/"), "{}", terminal.screen());
}

#[test]
fn a_client_of_a_crash_sees_the_end_of_its_connection() {
    let mut terminal = alphabet_with(&["--in", "tcp://127.0.0.1:0"], &[]);
    terminal.wait_for("listening at 127.0.0.1:");
    let screen = terminal.screen();
    let address = screen.split_once("listening at ").unwrap().1.split_whitespace().next().unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    terminal.wait_for(" connected");
    leave_input(&mut terminal);
    terminal.send("CC");
    assert!(matches!(client.read(&mut [0; 8]), Ok(0) | Err(_)));
}
