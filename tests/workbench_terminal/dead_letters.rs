//! Dead letters that are looked at, edited and sent again, and a partition that is revived.

use std::sync::Arc;

use wallaroo::runtime::Settings;
use wallaroo::workbench::{Configuration, Opening};

use super::support::fragile::fragile;
use super::support::terminal::Terminal;
use super::support::waiting::wait_until;
use super::{
    CTRL_C, CTRL_X, ESCAPE, PROGRAM, alphabet, alphabet_with, enter, leave_input, wait_for_votes,
};

const HOME: &str = "\x1b[H";
const RIGHT: &str = "\x1b[C";
const BACKSPACE: &str = "\x7f";

#[test]
fn a_dead_letter_is_edited_and_sent_again_and_its_vote_is_counted() {
    let mut terminal = alphabet();
    // One byte is missing.
    enter(&mut terminal, "0x 00 00 00 04 61 00 00 00");
    terminal.wait_for("Dead letters 1");
    leave_input(&mut terminal);
    terminal.send("7");
    terminal.wait_for("R send again");
    terminal.send("\r");
    terminal.wait_for("Dead letter #1");
    terminal.wait_for("frame at byte 0 of the source, #1 of the pipeline");
    terminal.send("e");
    terminal.wait_for("> 0x 00 00 00 04 61 00 00 00");
    // The header and the payload.
    let to_length = RIGHT.repeat("0x 00 00 00 04".len());
    terminal.send([" 0a", HOME, &to_length, BACKSPACE, "5"].concat());
    terminal.wait_for("new partition a on worker");
    terminal.send("\r");
    wait_for_votes(&terminal, "a", 10, 1);
}

#[test]
fn a_dead_letter_is_sent_again_as_it_is() {
    let mut terminal = alphabet();
    terminal.send("nonsense");
    terminal.send(CTRL_X);
    terminal.wait_for("Dead letters 1");
    leave_input(&mut terminal);
    terminal.send("7");
    terminal.wait_for("R send again");
    terminal.send("R");
    terminal.wait_for("dead letter #1 is sent again");
    terminal.wait_for("Dead letters 2");
}

#[test]
fn dead_letters_are_filtered_while_the_filter_is_typed() {
    let mut terminal = alphabet();
    for length in 1..=3 {
        enter(&mut terminal, &format!("0x 00 00 00 0{length}{}", " 7a".repeat(length)));
    }
    terminal.wait_for("Dead letters 3");
    leave_input(&mut terminal);
    terminal.send("7");
    terminal.wait_for("R send again");
    terminal.send("/7a 7A");
    terminal.wait_for("Dead letters 2 of 3");
    terminal.send("\r");
    terminal.wait_for("filter 7a 7A");
    terminal.send(ESCAPE);
    terminal.wait_for("Dead letters 3 ");
}

#[test]
fn the_workbench_writes_all_dead_letters_to_a_file_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dead.jsonl");
    let mut terminal = alphabet_with(&["--dead-letters", file.to_str().unwrap()], &[]);
    enter(&mut terminal, "0x 00 00 00 02 61 62");
    terminal.wait_for("Dead letters 1");
    // A letter is counted a moment before it is written.
    let lines = || std::fs::read_to_string(&file).unwrap();
    wait_until("a line", || lines().ends_with('\n'));
    let letter: serde_json::Value = serde_json::from_str(&lines()).unwrap();
    assert_eq!(letter["bytes_hex"], "6162");
    assert_eq!(letter["header_hex"], "00000002");
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
}

#[test]
fn a_file_that_cannot_take_the_dead_letters_is_told_at_once_and_at_the_end() {
    let mut terminal = alphabet_with(&["--dead-letters", "/dev/full"], &[]);
    enter(&mut terminal, "0x 00 00 00 02 61 62");
    terminal.wait_for("cannot write all dead letters to their file");
    // A vote is counted all the same.
    enter(&mut terminal, "a 1");
    wait_for_votes(&terminal, "a", 1, 1);
    terminal.send(CTRL_C);
    assert_eq!(terminal.wait_exit().exit_code(), 1);
    terminal.assert_restored();
    assert!(terminal.screen().contains("cannot write all dead letters"), "{}", terminal.screen());
}

#[test]
fn a_file_that_is_an_input_cannot_take_the_dead_letters() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("votes.msg");
    std::fs::write(&file, b"").unwrap();
    let file = file.to_str().unwrap();
    let arguments = ["--app", "alphabet", "--in", file, "--dead-letters", file];
    let mut terminal = Terminal::start(PROGRAM, &arguments, 40, 120);
    assert_eq!(terminal.wait_exit().exit_code(), 2);
    assert!(terminal.screen().contains("name the same file"), "{}", terminal.screen());
}

/// The application that the next test runs in a terminal.
#[test]
#[ignore = "is run in a terminal by another test"]
fn workbench_of_the_fragile_application() {
    let topology = Arc::new(fragile());
    let settings = Settings { workers: 2.try_into().unwrap(), ..Settings::new(&topology) };
    let opening = Opening { topology, settings, dead_letters: None, load: None };
    wallaroo::workbench::run(opening, None, None, &Configuration::default()).unwrap();
}

#[test]
fn a_poisoned_partition_is_revived_and_takes_the_message_that_it_refused() {
    let this = std::env::current_exe().unwrap();
    let test = "dead_letters::workbench_of_the_fragile_application";
    let arguments = ["--exact", test, "--ignored", "--nocapture", "--test-threads=1"];
    let mut terminal = Terminal::start(this.to_str().unwrap(), &arguments, 40, 120);
    terminal.wait_for("Ctrl-C quit");
    for word in ["bad", "berry"] {
        enter(&mut terminal, word);
    }
    terminal.wait_for("b poisoned");
    terminal.wait_for("Dead letters 2");
    leave_input(&mut terminal);
    terminal.send("\r");
    terminal.wait_for("Poisoned by #1 of words: panicked: no bad words");
    terminal.send("v");
    terminal.wait_for("partition `b` takes messages again, with its state as it is");
    terminal.wait_until("no word of poison", |screen| !screen.contains("Poisoned by"));
    terminal.send(ESCAPE);
    // A key that came with the Escape would be read as one key with Alt.
    terminal.wait_until("no window", |screen| !screen.contains("Partition b"));
    // The newest letter is the message that the poisoned partition refused.
    terminal.send("7");
    terminal.wait_for("R send again");
    terminal.send("R6");
    terminal.wait_for("berry 2");
    terminal.send(CTRL_C);
    terminal.wait_exit();
    terminal.assert_restored();
}
