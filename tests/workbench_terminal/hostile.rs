//! Whatever it is given: the workbench writes to the terminal only what it means to.

use std::fs;

use super::{CTRL_C, ESCAPE, PROGRAM, Terminal, paste};
use crate::support::frames::frame;
use crate::support::hostile::{assert_harmless, without_sequences, words};

#[test]
fn hostile_texts_reach_no_terminal_from_any_pane() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("input");
    let mut frames: Vec<u8> = words().iter().flat_map(|word| frame(word.as_bytes())).collect();
    frames.extend(frame(b"\xff\x1b[2J\x9b"));
    fs::write(&path, frames).unwrap();
    let arguments = ["--app", "word_count", "--in", path.to_str().unwrap()];
    let mut terminal = Terminal::start_with(PROGRAM, &arguments, &[], 50, 160);
    terminal.wait_for("Ctrl-C quit");
    terminal.wait_for("Dead letters 1");
    paste(&mut terminal, &words().concat());
    terminal.wait_for("2Jx");
    // Every pane, with its first row open and closed again.
    for _ in 0..6 {
        terminal.send("\t");
        terminal.send("\r");
        terminal.send("jj");
        terminal.send(ESCAPE);
        // An Escape that comes with a key is read as one key with Alt.
        let before = terminal.bytes_written();
        terminal.send("\x1bOP");
        terminal.wait_until("help", |_| terminal.bytes_written() > before);
        terminal.send("\x1bOP");
    }
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
    assert_harmless("the workbench", &without_sequences(&terminal.raw()));
}
