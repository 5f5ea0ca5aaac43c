//! Everything begins anew, with nothing kept.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::sources::{address, vote};
use super::{CTRL_C, ESCAPE, Terminal, alphabet, alphabet_with, enter, leave_input};
use super::{voted, wait_for_votes};

/// What is said after it.
const BEGUN: &str = "everything has begun anew";

/// Begins anew, from outside the input pane.
fn reset(terminal: &mut Terminal) {
    terminal.send("B");
    terminal.wait_for("Begin anew?");
    terminal.send("y");
    terminal.wait_for(BEGUN);
}

/// The workbench on a directory.
fn saved_in(directory: &Path) -> Terminal {
    alphabet_with(&["--resilience-dir", directory.to_str().unwrap()], &[])
}

#[test]
fn after_a_question_that_says_what_is_lost_nothing_is_left() {
    let mut terminal = alphabet();
    voted(&mut terminal, &["a", "b", "c"]);
    terminal.send("i");
    enter(&mut terminal, "0x 00 00");
    terminal.wait_for("Dead letters 1");
    leave_input(&mut terminal);
    terminal.send("B");
    terminal.wait_for("Lost: 3 partitions, 4 messages, 1 dead letter.");
    terminal.wait_for("Deleted: the checkpoints and the journal in ");
    // No other key is an answer.
    terminal.send("x");
    terminal.send(ESCAPE);
    terminal.wait_until("no question", |screen| !screen.contains("Begin anew?"));
    wait_for_votes(&terminal, "a", 7, 1);
    reset(&mut terminal);
    terminal.wait_until("an empty workbench", |screen| {
        screen.contains(" 0 in") && super::row(screen, "a").is_none()
    });
    assert!(!terminal.screen().contains("1 dead"), "{}", terminal.screen());
    // It works as at the first start, and what was typed can be brought back.
    terminal.send("i");
    terminal.send(super::UP);
    terminal.wait_for("> 0x 00 00");
    terminal.send(super::UP);
    terminal.wait_for("> c 7");
    terminal.send("\r");
    wait_for_votes(&terminal, "c", 7, 1);
    // A crash brings back what came after, and nothing else.
    leave_input(&mut terminal);
    terminal.send("CC");
    terminal.wait_for("1 partition in the memory of 2 workers");
    terminal.send(ESCAPE);
    wait_for_votes(&terminal, "c", 7, 1);
    assert!(super::row(&terminal.screen(), "a").is_none());
}

#[test]
fn files_begin_anew_and_the_question_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (source, out, letters) = (path("in.msg"), path("out.txt"), path("letters.jsonl"));
    fs::write(&source, [vote(b'a', 10).repeat(3), vec![0, 0, 0, 1, 7]].concat()).unwrap();
    let arguments = ["--in", &source, "--out", &out, "--dead-letters", &letters];
    let mut terminal = alphabet_with(&arguments, &[]);
    wait_for_votes(&terminal, "a", 30, 3);
    enter(&mut terminal, "a 5");
    wait_for_votes(&terminal, "a", 35, 4);
    leave_input(&mut terminal);
    // Paused before it begins, a file can be stepped from its first frame.
    terminal.send(" ");
    terminal.wait_for("PAUSED");
    terminal.send("B");
    terminal.wait_for("Read again from its first frame: ");
    terminal.wait_for("letters.jsonl");
    terminal.send("B");
    terminal.wait_for(BEGUN);
    assert_eq!(fs::read_to_string(&letters).unwrap(), "");
    assert_eq!(fs::read_to_string(&out).unwrap(), "");
    terminal.send("s");
    wait_for_votes(&terminal, "a", 10, 1);
    terminal.send(" ");
    wait_for_votes(&terminal, "a", 30, 3);
    terminal.wait_for("Dead letters 1");
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
    assert_eq!(fs::read_to_string(&out).unwrap(), "a => 10\na => 20\na => 30\n");
    assert_eq!(fs::read_to_string(&letters).unwrap().lines().count(), 1);
}

#[test]
fn a_directory_is_empty_for_the_next_run_and_clients_come_back_to_the_same_address() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let directory = state.to_str().unwrap();
    let arguments = ["--in", "tcp://127.0.0.1:0", "--resilience-dir", directory];
    let mut terminal = alphabet_with(&arguments, &[]);
    let address = address(&terminal);
    let mut client = TcpStream::connect(&address).unwrap();
    client.write_all(&vote(b'a', 10)).unwrap();
    wait_for_votes(&terminal, "a", 10, 1);
    leave_input(&mut terminal);
    reset(&mut terminal);
    let mut client = TcpStream::connect(&address).unwrap();
    client.write_all(&vote(b'b', 1)).unwrap();
    wait_for_votes(&terminal, "b", 1, 1);
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
    let again = saved_in(&state);
    wait_for_votes(&again, "b", 1, 1);
    assert!(super::row(&again.screen(), "a").is_none());
}

#[test]
fn a_run_that_is_killed_while_it_begins_anew_leaves_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    for milliseconds in [0, 1, 2, 4, 8, 16, 32, 64] {
        let mut terminal = saved_in(&state);
        terminal.send(ESCAPE);
        terminal.wait_for(" q quit");
        reset(&mut terminal);
        terminal.send("i");
        for letter in ["a", "b", "c"] {
            enter(&mut terminal, &format!("{letter} 7"));
            wait_for_votes(&terminal, letter, 7, 1);
        }
        leave_input(&mut terminal);
        terminal.send("B");
        terminal.wait_for("Begin anew?");
        terminal.send("y");
        // No condition: the moment is to be any.
        thread::sleep(Duration::from_millis(milliseconds));
        terminal.kill("KILL");
        terminal.wait_exit();
        // What it leaves is whole: votes add to all of it, or to nothing.
        let mut again = saved_in(&state);
        again.send("a 1\rb 1\rc 1\r");
        let votes = |screen: &str| {
            let of = |letter| super::row(screen, letter)?.get(2)?.parse::<u64>().ok();
            ["a", "b", "c"].map(|letter| of(letter).unwrap_or(0))
        };
        again.wait_until("all or nothing", |screen| [[8; 3], [1; 3]].contains(&votes(screen)));
    }
}
