//! Colours, keys and columns: chosen on the screen, and in the configuration file.

use std::fs;

use super::{ESCAPE, PROGRAM, Terminal, alphabet, drawn_again, enter, leave_input};

#[test]
fn other_colours_are_seen_before_they_are_kept() {
    let mut terminal = alphabet();
    leave_input(&mut terminal);
    terminal.send("t");
    terminal.wait_for(" Theme ");
    terminal.send("j");
    terminal.wait_for("▌light");
    assert!(drawn_again(&mut terminal, "quit").contains("38;5;30"), "the preview");
    // Esc: as it was.
    terminal.send(ESCAPE);
    terminal.wait_until("no choice", |screen| !screen.contains(" Theme "));
    let drawn = drawn_again(&mut terminal, "quit");
    assert!(drawn.contains("38;5;80") && !drawn.contains("38;5;30"), "{drawn:?}");
    // Enter keeps the last one: no colours.
    terminal.send("tG");
    terminal.wait_for("▌mono");
    terminal.send("\r");
    terminal.wait_until("no choice", |screen| !screen.contains(" Theme "));
    assert!(!drawn_again(&mut terminal, "quit").contains("38;5;"), "no colours");
}

#[test]
fn keys_colours_and_columns_come_from_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("mine.toml");
    let text = "theme = \"mono\"\nmouse = false\n[columns]\nhidden = [\"messages\"]\n[keys]\nquit = \"Q\"\npause = \"P\"\n";
    fs::write(&file, text).unwrap();
    let mut terminal = Terminal::start(
        PROGRAM,
        &["--app", "alphabet", "--config", file.to_str().unwrap()],
        40,
        120,
    );
    terminal.wait_for("help");
    assert!(!terminal.mouse_captured());
    enter(&mut terminal, "a 7");
    terminal.wait_until("its partition", |screen| super::row(screen, "a").is_some());
    terminal.send(ESCAPE);
    // Footer, help and dispatch say and do the same.
    terminal.wait_for("P pause");
    terminal.send("q P");
    terminal.wait_for("PAUSED");
    let screen = terminal.screen();
    let titles = screen.lines().find(|line| line.contains("votes") && line.contains("share"));
    assert!(!titles.unwrap().contains("messages"), "{screen}");
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(!raw.contains("38;5;"), "no colours");
    terminal.send("Q");
    assert!(terminal.wait_exit().success());
}

#[test]
fn what_is_on_the_screen_at_the_start_comes_from_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("mine.toml");
    let text =
        "[windows]\ntime = \"5 min\"\nlist = \"log\"\npane = \"latency\"\nopen = \"saved\"\n";
    fs::write(&file, text).unwrap();
    let arguments = ["--app", "alphabet", "--config", file.to_str().unwrap()];
    let mut terminal = Terminal::start(PROGRAM, &arguments, 40, 120);
    terminal.wait_for("Crash and recovery");
    terminal.send(ESCAPE);
    terminal.wait_for("alphabet starts with ");
    terminal.wait_for("5 min");
    // The input line has not got the keys: letters are commands.
    terminal.send("t");
    terminal.wait_for(" Theme ");
}

#[test]
fn a_file_that_is_wrong_is_one_line_that_says_where_and_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("mine.toml");
    fs::write(&file, "[keys]\npasue = \"P\"\n").unwrap();
    let path = file.to_str().unwrap();
    let mut terminal = Terminal::start(PROGRAM, &["--app", "alphabet", "--config", path], 40, 240);
    assert_eq!(terminal.wait_exit().exit_code(), 2);
    let screen = terminal.screen();
    assert!(screen.contains(":2: unknown command `pasue`: did you mean `pause`?"), "{screen}");
    assert_eq!(screen.trim().lines().count(), 1, "{screen}");
}
