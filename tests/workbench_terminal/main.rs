//! The workbench as a person meets it: the whole program in a real terminal.

#![cfg(feature = "workbench")]
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod configuring;
mod copying;
mod cost;
mod crashes;
mod dead_letters;
mod endings;
mod finding;
mod hostile;
mod load;
mod log;
mod looks;
mod palette;
mod past;
mod pasting;
mod quiet;
mod reaching;
mod resetting;
mod selecting;
mod sinks;
mod sizes;
mod sources;
mod starting;
mod stepping;
mod stopping;
mod storm;
mod voting;
mod windows;
mod workers;

use support::terminal::Terminal;

/// The program.
const PROGRAM: &str = env!("CARGO_BIN_EXE_wallaroo-tui");

/// What is typed for some keys.
const ESCAPE: &str = "\x1b";
const CTRL_C: &str = "\x03";
const CTRL_L: &str = "\x0c";
const CTRL_P: &str = "\x10";
const CTRL_X: &str = "\x18";
const UP: &str = "\x1b[A";
const DOWN: &str = "\x1b[B";
const F1: &str = "\x1bOP";

/// The alphabet's workbench with two workers on a screen of 120 by 40, ready for keys.
fn alphabet() -> Terminal {
    alphabet_with(&[], &[])
}

/// The same with more arguments and environment variables.
fn alphabet_with(arguments: &[&str], environment: &[(&str, &str)]) -> Terminal {
    let arguments = [&["--app", "alphabet", "--workers", "2"], arguments].concat();
    let terminal = Terminal::start_with(PROGRAM, &arguments, environment, 40, 120);
    // The last thing on the screen.
    terminal.wait_for("Ctrl-C quit");
    terminal
}

/// Types a line and Enter.
fn enter(terminal: &mut Terminal, line: &str) {
    terminal.send(format!("{line}\r"));
}

/// Pastes a text, as the terminal marks it.
fn paste(terminal: &mut Terminal, text: &str) {
    terminal.send(format!("\x1b[200~{text}\x1b[201~"));
}

/// Leaves the input pane: letters are commands then.
fn leave_input(terminal: &mut Terminal) {
    terminal.send(ESCAPE);
    // A key that came with the Escape would be read as one key with Alt.
    terminal.wait_for(" q quit");
}

/// A partition's row: key, worker, votes, messages, .., without the mark of a new one.
fn row(screen: &str, key: &str) -> Option<Vec<String>> {
    let table = screen.lines().take_while(|line| !line.contains("5 Messages "));
    let rows = table.filter_map(|line| {
        // The chart begins with its axis, or with the rule above it.
        let row = line.strip_prefix([' ', '▌']).filter(|row| !row.starts_with(' '))?;
        let row = ungrouped(row.split(['│', '─']).next()?);
        let cells = row.split_whitespace();
        Some(cells.filter(|cell| *cell != "✱").map(str::to_owned).collect::<Vec<_>>())
    });
    rows.into_iter().find(|cells| cells.first().is_some_and(|first| first == key))
}

/// A text without the blanks between the thousands of its figures.
fn ungrouped(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let digit = |at: usize| characters.get(at).is_some_and(char::is_ascii_digit);
    let is_between = |at: usize| {
        let thousands = (1..=3).all(|after| digit(at + after)) && !digit(at + 4);
        characters[at] == ' ' && at > 0 && digit(at - 1) && thousands
    };
    let kept = (0..characters.len()).filter(|at| !is_between(*at));
    kept.map(|at| characters[at]).collect()
}

/// Waits until a partition has these votes after so many messages.
fn wait_for_votes(terminal: &Terminal, key: &str, votes: u64, messages: u64) {
    let what = format!("{votes} votes in {messages} messages for {key}");
    let wanted = [votes.to_string(), messages.to_string()];
    terminal.wait_until(&what, |screen| {
        row(screen, key).is_some_and(|cells| cells.len() > 3 && cells[2..4] == wanted)
    });
}

/// A vote for each of some letters, seen to be counted, and the focus in the partitions.
fn voted(terminal: &mut Terminal, letters: &[&str]) {
    for letter in letters {
        enter(terminal, &format!("{letter} 7"));
        wait_for_votes(terminal, letter, 7, 1);
    }
    leave_input(terminal);
}

/// What is written when the whole screen is drawn again, up to this text.
fn drawn_again(terminal: &mut Terminal, last: &str) -> String {
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
