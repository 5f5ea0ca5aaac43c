//! What hands can do: the palette, searches, copies, colours, the configuration, the mouse, and stopping.

use std::fs;
use std::path::{Path, PathBuf};

use super::{
    CTRL_C, CTRL_P, ESCAPE, PROGRAM, Terminal, alphabet, alphabet_with, enter, leave_input, paste,
    wait_for_votes,
};

const CTRL_L: &str = "\x0c";
const CTRL_Z: &str = "\x1a";

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

/// A vote for each of some letters, seen to be counted, and the focus in the partitions.
fn voted(terminal: &mut Terminal, letters: &[&str]) {
    for letter in letters {
        enter(terminal, &format!("{letter} 7"));
        wait_for_votes(terminal, letter, 7, 1);
    }
    leave_input(terminal);
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
fn the_palette_goes_to_panes_opens_partitions_and_says_why_not() {
    let mut terminal = alphabet();
    enter(&mut terminal, "a 7");
    wait_for_votes(&terminal, "a", 7, 1);
    // From the input pane, a command of the partitions.
    terminal.send(CTRL_P);
    terminal.wait_for(" Commands ");
    terminal.send("sort\r");
    terminal.wait_until("the partitions sorted by another column", |screen| {
        !screen.contains(" Commands ") && screen.contains("worker▴")
    });
    // A few letters of a name; what was chosen last comes first.
    terminal.send(":");
    terminal.wait_until("what was chosen last", |screen| screen.contains("│▌sort"));
    // What cannot be done now says why.
    terminal.send("revv");
    terminal.wait_for("not now: partition `a` is not poisoned");
    terminal.send(ESCAPE);
}

#[test]
fn the_palette_opens_a_partition() {
    let mut terminal = alphabet();
    voted(&mut terminal, &["a", "b"]);
    terminal.send(":partition b");
    terminal.wait_for("│▌partition b");
    terminal.send("\r");
    terminal.wait_for("Partition b");
    terminal.send(ESCAPE);
    // One that is not poisoned cannot be revived, and the palette says so.
    terminal.wait_until("closed", |screen| !screen.contains("Partition b"));
    terminal.send(":revive");
    terminal.wait_for("not now: partition `a` is not poisoned");
    terminal.send(ESCAPE);
    terminal.wait_until("closed", |screen| !screen.contains(" Commands "));
    terminal.send("v");
    terminal.wait_for("partition `a` is not poisoned");
}

#[test]
fn a_search_shows_only_what_contains_it_in_every_list_and_in_the_help() {
    let mut terminal = alphabet();
    voted(&mut terminal, &["a", "b"]);
    let row = |text: &'static str| move |screen: &str| screen.contains(text);
    // Messages.
    terminal.send("5/letter b");
    terminal.wait_for("/letter b");
    terminal
        .wait_until("only b's message", |screen| screen.contains("#2 ") && !screen.contains("#1 "));
    terminal.send("\r");
    terminal.wait_for("filter letter b");
    terminal.send(ESCAPE);
    terminal.wait_until("both messages", |screen| screen.contains("#1 "));
    // Outputs.
    terminal.send("6/b =");
    terminal.wait_until("only b's output", |screen| {
        screen.contains("b => 7") && !screen.contains("│a => 7")
    });
    terminal.send(ESCAPE);
    terminal.wait_until("both outputs", row("a => 7"));
    // The help.
    terminal.send("?/poison");
    terminal.wait_until("only what revives", |screen| {
        screen.contains("let a poisoned partition") && !screen.contains("one row up")
    });
    terminal.send(format!("\r{ESCAPE}"));
    terminal.wait_until("all of the help", row("one row up"));
}

#[test]
fn help_over_a_window_comes_back_to_it() {
    let mut terminal = alphabet();
    voted(&mut terminal, &["a"]);
    terminal.send("\r");
    terminal.wait_for("Partition a");
    terminal.send("?");
    terminal.wait_for("In the partitions pane");
    terminal.send(ESCAPE);
    terminal.wait_until("the window again", |screen| {
        screen.contains("Partition a") && !screen.contains("In the partitions pane")
    });
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
    terminal.send("W");
    enter(&mut terminal, "");
    terminal.send("\x7f");
    enter(&mut terminal, "a 7 x3");
    wait_for_votes(&terminal, "a", 21, 3);
    paste(&mut terminal, "b 1\nc 2\n");
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

#[test]
fn other_colours_are_seen_before_they_are_kept() {
    let mut terminal = alphabet();
    leave_input(&mut terminal);
    terminal.send("t");
    terminal.wait_for(" Theme ");
    terminal.send("j");
    terminal.wait_for("▌light");
    assert!(drawn_anew(&mut terminal, "quit").contains("38;5;30"), "the preview");
    // Esc: as it was.
    terminal.send(ESCAPE);
    terminal.wait_until("no choice", |screen| !screen.contains(" Theme "));
    let drawn = drawn_anew(&mut terminal, "quit");
    assert!(drawn.contains("38;5;80") && !drawn.contains("38;5;30"), "{drawn:?}");
    // Enter keeps the last one: no colours.
    terminal.send("tG");
    terminal.wait_for("▌mono");
    terminal.send("\r");
    terminal.wait_until("no choice", |screen| !screen.contains(" Theme "));
    assert!(!drawn_anew(&mut terminal, "quit").contains("38;5;"), "no colours");
}

/// What is written when the whole screen is drawn again, up to this text.
fn drawn_anew(terminal: &mut Terminal, last: &str) -> String {
    const CLEARED: &str = "\x1b[2J";
    let since = terminal.bytes_written();
    terminal.send(CTRL_L);
    let after = |terminal: &Terminal| {
        let text = String::from_utf8_lossy(&terminal.raw_since(since)).into_owned();
        text.split_once(CLEARED).map(|(_, drawn)| drawn.to_owned())
    };
    terminal.wait_until("the whole screen", |_| {
        after(terminal).is_some_and(|drawn| drawn.contains(last))
    });
    after(terminal).unwrap()
}

#[test]
fn ctrl_l_draws_over_what_others_have_written() {
    let mut terminal = alphabet();
    assert!(drawn_anew(&mut terminal, "quit").contains("Partitions"));
}

#[test]
fn the_window_has_a_title_and_gets_its_own_back() {
    let mut terminal = alphabet();
    let text = String::from_utf8_lossy(&terminal.raw()).into_owned();
    let keep = text.find("\x1b[22;2t").expect("the former title is kept");
    let set = text.find("\x1b]0;alphabet - wallaroo-tui\x07").expect("the application's name");
    assert!(keep < set);
    terminal.send(CTRL_C);
    terminal.wait_exit();
    assert!(String::from_utf8_lossy(&terminal.raw()).contains("\x1b[23;2t"));
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
    terminal.wait_for("paused");
    let screen = terminal.screen();
    let titles = screen.lines().find(|line| line.contains("votes") && line.contains("share"));
    assert!(!titles.unwrap().contains("messages"), "{screen}");
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(!raw.contains("38;5;"), "no colours");
    terminal.send("Q");
    assert!(terminal.wait_exit().success());
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

#[test]
fn the_mouse_goes_to_panes_selects_rows_sorts_and_can_be_switched_off() {
    let mut terminal = alphabet();
    assert!(terminal.mouse_captured());
    for letter in ["a", "b", "c"] {
        enter(&mut terminal, &format!("{letter} 7"));
        wait_for_votes(&terminal, letter, 7, 1);
    }
    let place = |terminal: &Terminal, text: &str| {
        let screen = terminal.screen();
        let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains(text)).unwrap();
        let column = line[..line.find(text).unwrap()].chars().count();
        (row + 1, column + 1)
    };
    let click = |terminal: &mut Terminal, (row, column): (usize, usize)| {
        terminal.send(format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m"));
    };
    // A column's title.
    let at = place(&terminal, "votes");
    click(&mut terminal, at);
    terminal.wait_for("votes▾");
    // A row, and the same again opens it.
    let at = place(&terminal, "│b ");
    let row = (at.0, at.1 + 1);
    click(&mut terminal, row);
    click(&mut terminal, row);
    terminal.wait_for("Partition b");
    terminal.send(ESCAPE);
    terminal.wait_until("closed", |screen| !screen.contains("Partition b"));
    // The input pane.
    let at = place(&terminal, " Input ");
    click(&mut terminal, at);
    terminal.wait_for("Enter send");
    leave_input(&mut terminal);
    // Off, and on.
    terminal.send("m");
    terminal.wait_until("no mouse", |_| !terminal.mouse_captured());
    terminal.send("m");
    terminal.wait_until("the mouse", |_| terminal.mouse_captured());
    terminal.send("q");
    terminal.wait_exit();
    terminal.assert_restored();
}

#[test]
fn number_keys_go_to_panes() {
    let mut terminal = alphabet();
    leave_input(&mut terminal);
    for (key, shown) in [("5", "Enter open"), ("7", "/ filter"), ("8", "/ filter"), ("2", "o sort")]
    {
        terminal.send(key);
        terminal.wait_for(shown);
    }
    terminal.send("0");
    terminal.wait_for("Enter send");
}

#[test]
fn what_is_pasted_where_nothing_is_typed_is_not_sent() {
    let mut terminal = alphabet();
    leave_input(&mut terminal);
    paste(&mut terminal, "a 1\nb 2\nq\n");
    terminal.wait_for("nothing is typed here");
    // In a filter, it is the filter.
    terminal.send("/");
    paste(&mut terminal, "zoom\n");
    terminal.wait_for("No key contains zoom");
    terminal.send(ESCAPE);
    terminal.wait_for(" q quit");
    // In the palette, it is what is looked for.
    terminal.send(":");
    terminal.wait_for(" Commands ");
    paste(&mut terminal, "zoom");
    terminal.wait_for(": zoom");
    terminal.send(ESCAPE);
    terminal.wait_until("closed", |screen| !screen.contains(" Commands "));
    assert!(terminal.screen().contains("0 messages"), "{}", terminal.screen());
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_brings_everything_back() {
    // A shell with job control, as a person has it.
    let script =
        format!("set -m; '{PROGRAM}' --app alphabet; echo stopped; read line; fg; echo ended");
    let mut terminal = Terminal::start("/bin/bash", &["-c", &script], 40, 120);
    terminal.wait_for("Ctrl-C quit");
    enter(&mut terminal, "a 7");
    wait_for_votes(&terminal, "a", 7, 1);
    terminal.send("half a li");
    terminal.wait_for("> half a li");
    terminal.send(CTRL_Z);
    terminal.wait_for("stopped");
    terminal.assert_restored();
    assert!(!terminal.screen().contains("Partitions"), "{}", terminal.screen());
    terminal.send("\n");
    terminal.wait_for("> half a li");
    wait_for_votes(&terminal, "a", 7, 1);
    assert!(terminal.is_alternate_screen() && terminal.bracketed_paste());
    // Keys are heard again, and the mouse too.
    terminal.send("ne");
    terminal.wait_for("> half a line");
    assert!(terminal.mouse_captured());
    // Once more, and then an end that leaves the shell as it was.
    terminal.send(CTRL_C);
    terminal.wait_for("ended");
    terminal.wait_exit();
    terminal.assert_restored();
}

#[test]
fn a_program_that_nobody_could_bring_back_does_not_stop() {
    let mut terminal = alphabet();
    terminal.send(CTRL_Z);
    terminal.wait_for("no shell that could bring it back");
}

#[test]
fn a_program_that_was_stopped_from_outside_draws_itself_again() {
    let mut terminal = alphabet();
    enter(&mut terminal, "a 7");
    wait_for_votes(&terminal, "a", 7, 1);
    terminal.kill("STOP");
    let since = terminal.bytes_written();
    terminal.kill("CONT");
    terminal.wait_until("the whole screen", |_| {
        String::from_utf8_lossy(&terminal.raw_since(since)).contains("Partitions")
    });
    enter(&mut terminal, "a 1");
    wait_for_votes(&terminal, "a", 8, 2);
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
    terminal.assert_restored();
}

#[test]
fn the_end_says_what_was_and_which_command_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let saved = directory.path().join("state").display().to_string();
    let mut terminal = alphabet_with(&["--resilience-dir", &saved], &[]);
    enter(&mut terminal, "a 7");
    wait_for_votes(&terminal, "a", 7, 1);
    leave_input(&mut terminal);
    terminal.send("CC");
    terminal.wait_for("It was back after");
    terminal.send(ESCAPE);
    terminal.wait_until("the end of the story", |screen| !screen.contains("It was back after"));
    wait_for_votes(&terminal, "a", 7, 1);
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
    let screen = terminal.screen().replace('\n', "");
    // The one that was read again counts twice.
    assert!(screen.contains("alphabet: 2 messages in 0:0"), "{screen}");
    assert!(screen.contains("1 partition, 0 dead letters, p99 "), "{screen}");
    assert!(screen.contains("1 crash survived"), "{screen}");
    assert!(screen.contains(&format!("The state is in {saved}. Go on with:")), "{screen}");
    assert!(screen.contains(&format!("--workers 2 --resilience-dir {saved}")), "{screen}");
    // The next run goes on.
    let terminal = alphabet_with(&["--resilience-dir", &saved], &[]);
    wait_for_votes(&terminal, "a", 7, 1);
}

#[test]
fn another_application_is_gone_on_with_while_the_first_waits_as_it_is() {
    let mut terminal = alphabet();
    voted(&mut terminal, &["a"]);
    terminal.send("A");
    terminal.wait_for("application reverse");
    terminal.send("reverse\r");
    terminal.wait_for(" reverse ");
    terminal.wait_until("the other's screen", |screen| !screen.contains("a => 7"));
    enter(&mut terminal, "abc");
    terminal.wait_for("cba");
    leave_input(&mut terminal);
    terminal.send(":application alphabet\r");
    terminal.wait_for("a => 7");
    wait_for_votes(&terminal, "a", 7, 1);
    terminal.send("q");
    assert!(terminal.wait_exit().success());
    let screen = terminal.screen();
    assert!(
        screen.contains("alphabet: 1 message") && screen.contains("reverse: 1 message"),
        "{screen}"
    );
}
