//! The selection of the partitions, while messages come and the order changes.

use std::io::Write;
use std::net::TcpStream;

use super::sources::{address, vote};
use super::{ESCAPE, Terminal, alphabet_with, leave_input, wait_for_votes};

/// How many votes come while the selection is looked at.
const CHANGES: u32 = 1_000;

/// After how many of them the order is another one.
const EVERY: u32 = 50;

/// The key of the row with the mark; `None` if no row has it.
fn marked(screen: &str) -> Option<String> {
    let row = screen.lines().find_map(|line| line.strip_prefix('▌'))?;
    row.split_whitespace().next().map(str::to_owned)
}

/// Waits until the row of `l` has the mark, or the screen says that it is out of sight.
fn wait_for_l(terminal: &Terminal) {
    terminal.wait_until("`l` selected, or named as out of sight", |screen| match marked(screen) {
        Some(key) => key == "l",
        None => screen.contains("`l` is out of sight"),
    });
}

#[test]
fn a_selection_stays_on_its_key_through_a_thousand_changes_and_every_sort() {
    let mut terminal = alphabet_with(&["--in", "tcp://127.0.0.1:0"], &[]);
    let mut client = TcpStream::connect(address(&terminal)).unwrap();
    for letter in b'a'..=b'z' {
        client.write_all(&vote(letter, 7)).unwrap();
    }
    terminal.wait_for("Partitions 26");
    leave_input(&mut terminal);
    terminal.wait_until("`a` first", |screen| marked(screen).is_some_and(|key| key == "a"));
    terminal.send("jjjjjjjjjjj");
    terminal.wait_until("`l`", |screen| marked(screen).is_some_and(|key| key == "l"));
    let mut orders = Vec::new();
    for change in 0..CHANGES {
        // Each of the others in turn, with another number of votes.
        let letter = b'a' + u8::try_from(change * 7 % 26).unwrap();
        if letter != b'l' {
            client.write_all(&vote(letter, change)).unwrap();
        }
        if change % EVERY == 0 {
            let before = title(&terminal.screen());
            terminal.send(if (change / EVERY).is_multiple_of(2) { "r" } else { "o" });
            terminal.wait_until("another order", |screen| title(screen) != before);
            orders.push(title(&terminal.screen()));
            wait_for_l(&terminal);
        }
    }
    orders.sort_unstable();
    orders.dedup();
    assert!(orders.len() >= 8, "each column in both orders: {orders:?}");
    // What is opened is what is selected.
    let mut turns = 0;
    while !terminal.screen().contains("key▴") {
        let before = title(&terminal.screen());
        terminal.send("o");
        terminal.wait_until("another order", |screen| title(screen) != before);
        turns += 1;
        assert!(turns < 20, "{}", terminal.screen());
    }
    terminal.wait_until("`l`", |screen| marked(screen).is_some_and(|key| key == "l"));
    terminal.send("\r");
    terminal.wait_for("Partition l ");
    terminal.send(ESCAPE);
    terminal.wait_until("closed", |screen| !screen.contains("Partition l "));
    terminal.send("i");
    terminal.wait_for("Enter send");
    terminal.send("l 1\r");
    // Its own vote is there, and so are those of the others.
    wait_for_votes(&terminal, "l", 8, 2);
}

/// The column of the order and its direction; empty while there is none on the screen.
fn title(screen: &str) -> String {
    let mut words = screen.split_whitespace();
    words.find(|word| word.ends_with(['▾', '▴'])).unwrap_or_default().to_owned()
}
