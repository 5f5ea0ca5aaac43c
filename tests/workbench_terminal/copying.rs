//! What is copied, and what is saved as files.

use std::fs;
use std::path::{Path, PathBuf};

use super::{
    PROGRAM, Terminal, alphabet, alphabet_with, enter, leave_input, paste, voted, wait_for_votes,
};

/// The files of a directory with this end.
fn files(directory: &Path, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().ends_with(end)).collect()
}

/// The alphabet's workbench in a directory of its own, started by a shell.
fn in_directory(directory: &Path) -> Terminal {
    let script = format!("cd '{}'; exec '{PROGRAM}' --app alphabet", directory.display());
    let terminal = Terminal::start("/bin/sh", &["-c", &script], 40, 120);
    terminal.wait_for("Ctrl-C quit");
    terminal
}

/// What the program asked the terminal to put onto its clipboard last.
fn copied(terminal: &Terminal, since: usize) -> Option<String> {
    let raw = terminal.raw_since(since);
    let text = String::from_utf8_lossy(&raw).into_owned();
    let encoded = text.rsplit_once("\x1b]52;c;")?.1;
    let end = encoded.find(['\x1b', '\x07'])?;
    Some(String::from_utf8(decoded(&encoded[..end])).unwrap())
}

fn decoded(base64: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Vec<usize> =
        base64.trim_end_matches('=').chars().map(|digit| DIGITS.find(digit).unwrap()).collect();
    let bits = |four: &[usize]| four.iter().fold(0, |bits, digit| bits << 6 | digit);
    let bytes = digits.chunks(4).flat_map(|four| {
        let all = bits(four) << (6 * (4 - four.len()));
        [all >> 16, all >> 8, all].into_iter().take(four.len() * 6 / 8).collect::<Vec<_>>()
    });
    bytes.map(|byte| u8::try_from(byte & 0xff).unwrap()).collect()
}

#[test]
fn what_is_selected_is_copied_as_json_and_the_screen_as_text() {
    let mut terminal = alphabet();
    voted(&mut terminal, &["a"]);
    let since = terminal.bytes_written();
    terminal.send("y");
    terminal.wait_for("onto the terminal's clipboard");
    let row: serde_json::Value = serde_json::from_str(&copied(&terminal, since).unwrap()).unwrap();
    assert_eq!((&row["key"], &row["value"]["votes"]), (&"a".into(), &7.into()), "{row}");
    // A message.
    terminal.send("5");
    let since = terminal.bytes_written();
    terminal.send("y");
    terminal.wait_until("the copy", |_| copied(&terminal, since).is_some());
    let trace: serde_json::Value =
        serde_json::from_str(&copied(&terminal, since).unwrap()).unwrap();
    assert_eq!(trace["frame_hex"], "000000056100000007", "{trace}");
    assert!(trace["hops"].as_array().unwrap().iter().any(|hop| hop["output"] == "a => 7\\x0a"));
    // The screen.
    let since = terminal.bytes_written();
    terminal.send("Y");
    terminal.wait_until("the copy", |_| copied(&terminal, since).is_some());
    let screen = copied(&terminal, since).unwrap();
    assert_eq!(screen.lines().count(), 40, "{screen}");
    assert!(screen.contains("Partitions") && screen.contains("a => 7"), "{screen}");
}

#[test]
fn a_terminal_without_a_clipboard_gets_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let script =
        format!("cd '{}'; TERM=linux '{PROGRAM}' --app alphabet", directory.path().display());
    let mut terminal = Terminal::start("/bin/sh", &["-c", &script], 40, 120);
    terminal.wait_for("Ctrl-C quit");
    voted(&mut terminal, &["a"]);
    terminal.send("y");
    terminal.wait_for("alphabet-1.copy.json");
    let file = files(directory.path(), ".copy.json");
    let json: serde_json::Value = serde_json::from_slice(&fs::read(&file[0]).unwrap()).unwrap();
    assert_eq!(json["key"], "a");
}

#[test]
fn the_picture_and_all_that_was_sent_are_files_and_the_frames_can_be_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut terminal = in_directory(directory.path());
    // While a message is typed, `W` is a letter, and saves nothing.
    terminal.send("W");
    terminal.wait_for("> W");
    assert!(files(directory.path(), "").is_empty());
    terminal.send("\x7f");
    enter(&mut terminal, "a 7 x3");
    wait_for_votes(&terminal, "a", 21, 3);
    paste(&mut terminal, "b 1\nc 2\n");
    terminal.wait_for("Send 2 lines?");
    terminal.send("\r");
    wait_for_votes(&terminal, "c", 2, 1);
    leave_input(&mut terminal);
    terminal.send("S");
    terminal.wait_for("saved alphabet-1.screen.svg");
    let picture = fs::read_to_string(directory.path().join("alphabet-1.screen.svg")).unwrap();
    assert!(picture.starts_with("<svg ") && picture.contains("Partitions"));
    terminal.send("W");
    terminal.wait_for("saved alphabet-1.frames and alphabet-1.sent.jsonl");
    let frames = fs::read(directory.path().join("alphabet-1.frames")).unwrap();
    assert_eq!(frames.len(), 5 * 9);
    let companion = fs::read_to_string(directory.path().join("alphabet-1.sent.jsonl")).unwrap();
    assert!(companion.contains(r#""from":{"typed":"a 7 x3"}"#), "{companion}");
    assert!(companion.contains(r#""from":"pasted""#), "{companion}");
    terminal.send("q");
    assert!(terminal.wait_exit().success());
    // What was saved is read as a source reads it.
    let file = directory.path().join("alphabet-1.frames").display().to_string();
    let terminal = alphabet_with(&["--in", &file], &[]);
    wait_for_votes(&terminal, "a", 21, 3);
    wait_for_votes(&terminal, "c", 2, 1);
}
